/** How long it takes to make the bundles of 10,000 devices, and how much memory. Some 2 minutes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { makeBundles } from "../cli/bundle/bundle";
import type { StackOutputs } from "../contract/outputs";
import { outputsOf } from "../tests/bundle/outputs";
import { planFleet } from "../tests/support/rig";
import { runBench, seconds } from "./report";

const DEVICES = 10_000;
const FLEET = `apiVersion: leafline/v1
fleet: many
hardware:
  board: { arch: arm64, buffer: 8GiB, sync: 250ms }
link: { up: 20Mbit/s, rtt: 80ms, outage: 30m }
classes:
  can: { rate: 1/s, size: 1600B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/h, size: 256B, priority: high, whenFull: refuse, hub: { keep: 1d } }
downlink:
  commands: { keep: 1d, size: 1KiB, rate: 1/h }
groups:
  all: { devices: "truck-[00001-${DEVICES}]", hardware: board }
`;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const list = (mib: readonly number[]) => mib.map((each) => `${Math.round(each)}`).join(" ");

runBench(async () => {
	// What is measured is the writing: no hub has to hold these.
	const topology = planFleet(FLEET, { hub: { kind: "local", file: "100TiB" }, leaves: { local: false } });
	// As they are read from a file: texts that were put together here would grow when they are first looked at.
	const outputs = JSON.parse(JSON.stringify(outputsOf(topology))) as StackOutputs;
	const devices = Object.keys(outputs.leafline.devices);
	// The last turn tells what is in use; a collection every thousand bundles takes time, and the others are timed without.
	for (const collected of [false, false, true]) {
		const out = mkdtempSync(join(tmpdir(), "leafline-bundles-"));
		try {
			const live: number[] = [];
			const resident: number[] = [];
			const began = performance.now();
			const processor = process.cpuUsage();
			await makeBundles(
				outputs,
				devices,
				out,
				{ format: "dir", extras: [], credentials: "together", release: 1 },
				(done) => {
					if (done % 1_000 !== 0) return;
					resident.push(process.memoryUsage().rss / 1024 ** 2);
					if (!collected) return;
					collect();
					live.push(process.memoryUsage().heapUsed / 1024 ** 2);
				},
			);
			const took = performance.now() - began;
			const { user, system } = process.cpuUsage(processor);
			console.log(`${devices.length} folders in ${seconds(took)}, of it computing ${seconds((user + system) / 1_000)}`);
			console.log(`  resident, every 1,000: ${list(resident)} MiB`);
			if (collected) console.log(`  in use after a collection, every 1,000: ${list(live)} MiB`);
		} finally {
			rmSync(out, { recursive: true, force: true });
		}
	}
});
