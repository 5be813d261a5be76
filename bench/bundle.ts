/** How long it takes to make the bundles of 10,000 devices, and how much memory: `npm run bench -- bundle [FOLDER]`. Some 3 minutes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

const TURNS = 3;
const list = (mib: readonly number[]) => mib.map((each) => `${Math.round(each)}`).join(" ");

/** As they are read from a file: texts that were put together here would grow when they are first looked at. */
function readOutputs(file: string): StackOutputs {
	return JSON.parse(readFileSync(file, "utf8")) as StackOutputs;
}

async function turn(outputs: StackOutputs, folder: string): Promise<void> {
	const devices = Object.keys(outputs.leafline.devices);
	const out = mkdtempSync(join(folder, "leafline-bundles-"));
	try {
		const resident: number[] = [];
		const began = performance.now();
		const processor = process.cpuUsage();
		const options = { format: "dir", extras: [], credentials: "together", release: 1 } as const;
		await makeBundles(outputs, devices, out, options, (done) => {
			if (done % 2_000 === 0) resident.push(process.memoryUsage().rss / 1024 ** 2);
		});
		const took = performance.now() - began;
		const { user, system } = process.cpuUsage(processor);
		const [own, kernel] = [user, system].map((microseconds) => seconds(microseconds / 1_000));
		console.log(`${devices.length} folders in ${seconds(took)}, of it computing ${own}, and ${kernel} in the kernel`);
		console.log(`  resident, every 2,000: ${list(resident)} MiB`);
	} finally {
		rmSync(out, { recursive: true, force: true });
	}
}

/** Each turn in a process of its own, as a user has it, and then as many in one. @param folder where they are written */
async function measure(folder: string): Promise<void> {
	const work = mkdtempSync(join(tmpdir(), "leafline-bundle-bench-"));
	try {
		// What is measured is the writing: no hub has to hold these.
		const topology = planFleet(FLEET, { hub: { kind: "local", file: "100TiB" }, leaves: { local: false } });
		const file = join(work, "outputs.json");
		writeFileSync(file, JSON.stringify(outputsOf(topology)), { mode: 0o600 });
		for (const turns of [...Array<number>(TURNS).fill(1), TURNS]) {
			console.log(turns === 1 ? "a process of its own" : `${turns} turns in one process`);
			execFileSync(process.execPath, [__filename, folder, file, String(turns)], { stdio: "inherit" });
		}
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

const [folder = tmpdir(), file, turns] = process.argv.slice(2);
if (file === undefined) runBench(() => measure(folder));
else {
	void (async () => {
		const outputs = readOutputs(file);
		for (let n = 0; n < Number(turns); n++) await turn(outputs, folder);
	})();
}
