/** What the demo's fleet puts through, and what a device takes by `sync`. About 2 minutes. */
import { readFileSync } from "node:fs";
import { type Rig, startRig } from "../tests/support/rig";
import { perSecond, runBench, seconds } from "./report";

const DEMO = readFileSync("fleets/demo.yaml", "utf8");
const STREAM = "hub_platformworker";
const EACH = 100_000;

runBench(async () => {
	await throughput();
	for (const sync of ["always", "10ms", "250ms", "1m"]) await edgeRate(sync);
});

/** Messages of 128 bytes on three devices: caught up after a cut, then live. */
async function throughput(): Promise<void> {
	const rig = await startRig(DEMO);
	try {
		const devices = Object.values(rig.devices);
		const total = EACH * devices.length;
		for (const { link } of devices) link.set({ mode: "cut" });
		const stored = await publishAll(rig, "cut");
		console.log(`stored on 3 devices, no link  ${perSecond(total, stored)} (${total.toLocaleString("en-US")} × 128 B)`);
		for (const { link } of devices) link.set({ mode: "up" });
		await rig.arrived(STREAM, 1);
		const began = performance.now();
		await rig.arrived(STREAM, total, 120_000);
		const took = performance.now() - began;
		console.log(`caught up by the hub          ${perSecond(total, took)} (${seconds(took)})`);

		const live = performance.now();
		const publishing = await publishAll(rig, "live");
		await rig.arrived(STREAM, 2 * total, 120_000);
		const whole = performance.now() - live;
		console.log(
			`live, 3 devices and the hub   ${perSecond(total, whole)}; the hub was ${seconds(whole - publishing)} behind`,
		);
	} finally {
		await rig.close();
	}
}

/** Acknowledged messages a second of one program on one device, without a link. */
async function edgeRate(sync: string): Promise<void> {
	const rig = await startRig(
		DEMO.replace("buffer: 1GiB", `buffer: 1GiB, sync: ${sync}, syncs: 100000/s`).replace(
			"edge1, edge2, edge3",
			"edge1",
		),
	);
	try {
		rig.device("edge1").link.set({ mode: "cut" });
		const messages = sync === "always" ? 5_000 : 50_000;
		const began = performance.now();
		const publisher = await rig.publish("edge1", { run: sync, messages, subject: "vehicle.sensor" });
		await publisher.done;
		console.log(`one device, sync ${sync.padEnd(8)}     ${perSecond(messages, performance.now() - began)}`);
		await publisher.stop();
	} finally {
		await rig.close();
	}
}

/** Milliseconds until every device has acknowledged everything. */
async function publishAll(rig: Rig, run: string): Promise<number> {
	const began = performance.now();
	const traffic = { run, messages: EACH, subject: "vehicle.sensor" };
	const publishers = await Promise.all(Object.keys(rig.devices).map((name) => rig.publish(name, traffic)));
	await Promise.all(publishers.map((publisher) => publisher.done));
	const took = performance.now() - began;
	await Promise.all(publishers.map((publisher) => publisher.stop()));
	return took;
}
