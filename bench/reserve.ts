/** What it costs to write sequences down ahead of use, and how long a start takes after a power cut. About 2 minutes. */

import { createRequire } from "node:module";
import { withProgram } from "../tests/device/device";
import { type Rig, startRig } from "../tests/support/rig";
import { BLOCK } from "../topology/reserve";
import { median, perSecond, runBench, seconds } from "./report";

const FLEET = `apiVersion: leafline/v1
fleet: reserve
hardware:
  board: { arch: amd64, buffer: 2GiB, sync: 250ms }
link: { up: 100Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 2000/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 10m } }
groups:
  all: { devices: "edge1, edge2", hardware: board }
`;
const MESSAGES = 200_000;
const TURNS = 5;
/** What the fleet file states, and for how long it is published so. */
const RATE = 2_000;
const STEADY_MS = 70_000;

/** Files and folders that this process has synced, in which the device program runs: two for each time it writes down. */
let syncs = 0;
const fs = createRequire(__filename)("node:fs") as typeof import("node:fs");
const { fsyncSync } = fs;
fs.fsyncSync = (file) => {
	syncs++;
	fsyncSync(file);
};

runBench(async () => {
	const rig = await startRig(FLEET);
	try {
		for (const device of ["edge1", "edge2"]) rig.device(device).link.set({ mode: "cut" });
		await inTurns(rig);
		await start(rig);
	} finally {
		await rig.close();
	}
});

/** The same messages on two devices in turns, one of them with the device program. */
async function inTurns(rig: Rig): Promise<void> {
	const kept = withProgram(rig, "edge1");
	kept.keep();
	const took: Record<string, number[]> = { edge1: [], edge2: [] };
	let written = 0;
	for (let turn = 0; turn < TURNS; turn++) {
		// Whoever goes first has the colder caches.
		for (const device of turn % 2 === 0 ? ["edge1", "edge2"] : ["edge2", "edge1"]) {
			const [began, before] = [performance.now(), syncs];
			const publisher = await rig.publish(device, { run: `t${turn}`, messages: MESSAGES, subject: "vehicle.sensor" });
			await publisher.done;
			took[device]?.push(performance.now() - began);
			if (device === "edge1") written += (syncs - before) / 2;
			await publisher.stop();
		}
	}
	const before = syncs;
	const steady = { run: "steady", messages: (RATE * STEADY_MS) / 1_000, rate: RATE, subject: "vehicle.sensor" };
	const publisher = await rig.publish("edge1", steady);
	await publisher.done;
	await publisher.stop();
	const writtenSteadily = (syncs - before) / 2;
	await kept.close();
	const total = (took.edge1 ?? []).reduce((sum, ms) => sum + ms, 0);
	const reserved = median(took.edge1 ?? []);
	const bare = median(took.edge2 ?? []);
	console.log(`stored with reserved sequences     ${perSecond(MESSAGES, reserved)} (median of ${TURNS} turns, 128 B)`);
	console.log(`stored without                     ${perSecond(MESSAGES, bare)}`);
	console.log(`costs                              ${((reserved / bare - 1) * 100).toFixed(1)}%`);
	console.log(`written and synced                 ${written} times in ${seconds(total)} at that speed`);
	console.log(`                                   ${writtenSteadily} times in ${seconds(STEADY_MS)} at ${RATE}/s`);
}

/** From `kill -9` until the server answers again, with and without streams to move on. */
async function start(rig: Rig): Promise<void> {
	const device = withProgram(rig, "edge2");
	for (const gate of [false, true]) {
		const took: number[] = [];
		for (let turn = 0; turn < TURNS; turn++) {
			await rig.device("edge2").server.kill();
			const began = performance.now();
			if (gate) await device.gate();
			await rig.device("edge2").server.start();
			took.push(performance.now() - began);
		}
		const what = gate ? `start that moves one stream on   ` : "start without the gate            ";
		console.log(
			`${what} ${seconds(median(took))} (median of ${TURNS}; ${(MESSAGES * TURNS).toLocaleString("en-US")} messages stored)`,
		);
	}
	console.log(`a block is                         ${BLOCK.toLocaleString("en-US")} sequences`);
	await device.close();
}
