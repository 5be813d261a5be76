/**
 * What leafline's change to the hub's nats-server costs: a backlog caught up by the official server and by leafline's,
 * in turns on one machine. Processor time of the hub's server, which hardly depends on what else the machine does, and
 * messages a second, which do. About 4 minutes; Linux only, for it reads /proc.
 */
import { readFileSync } from "node:fs";
import { officialServer } from "../tests/support/official-server";
import { type Rig, startRig } from "../tests/support/rig";
import { median, perSecond, processorMs, runBench, seconds } from "./report";

const DEMO = readFileSync("fleets/demo.yaml", "utf8");
const STREAM = "hub_platformworker";
const EACH = 50_000;
const TURNS = Number(process.argv[2] ?? 7);

interface Turn {
	readonly microseconds: number;
	readonly wallMs: number;
}

runBench(async () => {
	const rigs: Record<string, Rig> = {};
	try {
		rigs.official = await startRig(DEMO, {}, {}, { program: await officialServer() });
		rigs.leafline = await startRig(DEMO);
		const turns: Record<string, Turn[]> = { official: [], leafline: [] };
		for (let turn = 0; turn <= TURNS; turn++) {
			// The first is not counted, and whoever begins goes second next time.
			const names = turn % 2 === 0 ? ["official", "leafline"] : ["leafline", "official"];
			for (const name of names) {
				const rig = rigs[name];
				if (!rig) throw new Error(name);
				const done = await catchUp(rig, turn);
				if (turn > 0) turns[name]?.push(done);
			}
		}
		for (const [name, all] of Object.entries(turns)) {
			const costs = all.map(({ microseconds }) => microseconds);
			const speeds = all.map(({ wallMs }) => wallMs);
			console.log(
				`${name.padEnd(10)} median ${median(costs).toFixed(2)} µs of the hub's processor a message ` +
					`(${costs.map((cost) => cost.toFixed(2)).join(" ")}); ` +
					`${perSecond(3 * EACH, median(speeds))} (${speeds.map(seconds).join(" ")})`,
			);
		}
	} finally {
		await Promise.all(Object.values(rigs).map((rig) => rig.close()));
	}
});

/** What three devices store while their links are cut, from the moment these are restored. */
async function catchUp(rig: Rig, turn: number): Promise<Turn> {
	const devices = Object.values(rig.devices);
	for (const { link } of devices) link.set({ mode: "cut" });
	const traffic = { run: `turn-${turn}`, messages: EACH, subject: "vehicle.sensor" };
	const publishers = await Promise.all(Object.keys(rig.devices).map((name) => rig.publish(name, traffic)));
	await Promise.all(publishers.map((publisher) => publisher.done));
	await Promise.all(publishers.map((publisher) => publisher.stop()));
	const [hub] = rig.bench.hubs;
	const pid = hub?.pid();
	if (pid === undefined) throw new Error("the hub does not run");
	const before = (await rig.lastSequence(STREAM)) ?? 0;
	for (const { link } of devices) link.set({ mode: "up" });
	await rig.arrived(STREAM, before + 1, 180_000);
	const [began, used] = [performance.now(), processorMs(pid)];
	const first = (await rig.lastSequence(STREAM)) ?? 0;
	await rig.arrived(STREAM, before + 3 * EACH, 300_000);
	const messages = before + 3 * EACH - first;
	const wallMs = ((performance.now() - began) * 3 * EACH) / messages;
	return { microseconds: ((processorMs(pid) - used) * 1_000) / messages, wallMs };
}
