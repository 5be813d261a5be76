/**
 * Does a source ever stand still? Devices catch up again and again while they, their links and the hub are stopped, cut,
 * left half-open and reset at random. Tells how long each took to be whole again after the last disturbance, and which
 * never were. Better on a busy machine, with `nice`; Linux only.
 *
 *   npm run bench -- stalls [official|leafline] [rounds of each device] [nodes] [seed]
 */
import { dirname } from "node:path";
import { seeded } from "../tests/model/random";
import { officialServer } from "../tests/support/official-server";
import { type Rig, type RigDevice, startRig } from "../tests/support/rig";
import type { Server } from "../tests/support/servers";
import { runBench, spread } from "./report";

const FLEET = `apiVersion: leafline/v1
fleet: stalls
hardware:
  board: { arch: amd64, buffer: 512MiB, sync: 1s }
link: { up: 4Mbit/s, rtt: 20ms, outage: 5m }
classes:
  can: { rate: 100/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge[1-6]", hardware: board }
`;
const STREAM = "hub_can";
const RUN = "stalls";
/** Messages of a round, several windows. */
const EACH = 6_000;
/** A source that does not move for so long is stuck: the server tries the last time 2 min and 5 s after it saw a fault. */
const STUCK_MS = 180_000;

const [EDITION = "leafline", ROUNDS = "20", NODES = "1", SEED = "1"] = process.argv.slice(2);
const { between, pick } = seeded(Number(SEED));
const oneOf = (times: number) => between(1, times) === 1;
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

const recovered: Record<string, number[]> = {};
const stuck: string[] = [];
let finished = false;
/** When somebody last meddled with the hub. */
let hubTouched = 0;

runBench(async () => {
	if (EDITION === "official") process.env.PATH = `${dirname(await officialServer())}:${process.env.PATH}`;
	const rig = await startRig(FLEET, {}, { hub: { nodes: Number(NODES) } });
	try {
		const window = Object.values(rig.topology.edgeGroups)[0]?.classes.can?.window;
		console.log(`${EDITION}, ${NODES} node(s), ${ROUNDS} rounds of each device, window ${window}, seed ${SEED}`);
		const meddler = meddleWithHub(rig);
		const all = Object.entries(rig.devices).map(([name, device]) => life(rig, name, device));
		const acknowledged = Object.fromEntries(await Promise.all(all));
		finished = true;
		await meddler;
		const { total } = await rig.verdict(STREAM, RUN, acknowledged);
		for (const [what, times] of Object.entries(recovered)) console.log(`${what.padEnd(22)} ${spread(times)}`);
		for (const line of stuck) console.log(`STUCK ${line}`);
		console.log(`${stuck.length} stuck of ${Object.values(recovered).flat().length + stuck.length}`, total);
	} finally {
		await rig.close();
	}
});

/** One device: a backlog, its link back, a disturbance while it catches up, and the wait for the last message. */
async function life(rig: Rig, name: string, device: RigDevice): Promise<[string, Uint8Array]> {
	const acks: Uint8Array[] = [];
	for (let round = 0; round < Number(ROUNDS); round++) {
		device.link.set({ mode: "cut" });
		const traffic = { run: RUN, messages: EACH, from: round * EACH, subject: "vehicle.sensor" };
		const publisher = await rig.publish(name, traffic);
		await publisher.done;
		await publisher.stop();
		acks.push(publisher.acks);
		device.link.set({ mode: "up", shape: oneOf(3) ? { upBytesPerSecond: 500_000, rttMs: 80 } : {} });
		await sleep(between(0, 2_500));
		const what = await disturb(rig, name, device);
		await whole(rig, name, what, (round + 1) * EACH);
	}
	return [name, Buffer.concat(acks)];
}

async function disturb(rig: Rig, name: string, { server, link }: RigDevice): Promise<string> {
	const reset = `CONSUMER.RESET.${name}_can.hub`;
	const acts: readonly [string, () => Promise<unknown>][] = [
		["none", async () => {}],
		["device stopped", () => stopped(server, between(1_000, 14_000))],
		[
			"device stopped often",
			async () => {
				for (let i = 0; i < 8; i++) {
					await stopped(server, between(50, 900));
					await sleep(between(10, 200));
				}
			},
		],
		[
			"link half-open",
			async () => {
				link.set({ mode: "half-open" });
				await sleep(between(500, 14_000));
				link.set({ mode: "up" });
			},
		],
		[
			"link cut",
			async () => {
				link.set({ mode: "cut" });
				await sleep(between(50, 12_000));
				link.set({ mode: "up" });
			},
		],
		[
			"consumer reset",
			async () => {
				for (let i = 0; i < 3; i++) {
					await rig.bench.api(name, reset).catch(() => {});
					await sleep(between(0, 300));
				}
			},
		],
		[
			"device killed",
			async () => {
				await server.kill();
				await server.start();
			},
		],
	];
	const [what, act] = pick(acts);
	await act();
	return what;
}

/** Stops the hub's servers for a while, now and then, and has streams change their leader. */
async function meddleWithHub({ bench }: Rig): Promise<void> {
	while (!finished) {
		await sleep(between(2_000, 25_000));
		const server = pick(bench.hubs);
		if (finished) continue;
		hubTouched = Date.now();
		if (bench.hubs.length > 1 && oneOf(3)) {
			await bench.api("hub", `STREAM.LEADER.STEPDOWN.${STREAM}`).catch(() => {});
		} else await stopped(server, oneOf(2) ? between(100, 2_000) : between(2_000, 13_000));
		hubTouched = Date.now();
	}
}

async function stopped(server: Server, ms: number): Promise<void> {
	const pid = server.pid();
	if (pid === undefined) return;
	process.kill(pid, "SIGSTOP");
	await sleep(ms);
	process.kill(pid, "SIGCONT");
}

interface SourceInfo {
	readonly name: string;
	readonly seq?: number;
	readonly error?: unknown;
}

/** Waits until the hub has a device's messages; one that stands still is written down, and reset. */
async function whole(rig: Rig, name: string, what: string, messages: number): Promise<void> {
	const began = Date.now();
	let [moved, last, unanswered] = [began, -1, 0];
	for (;;) {
		const source = await ask(rig, name);
		if (source === undefined) unanswered++;
		const seq = source?.seq ?? last;
		if (seq >= messages) break;
		if (seq !== last) [last, moved] = [seq, Date.now()];
		if (Date.now() - Math.max(moved, hubTouched) > STUCK_MS || Date.now() - moved > 2 * STUCK_MS) {
			const at = `${new Date().toISOString()} ${name} after ${what}: ${JSON.stringify(source)} of ${messages}, ${unanswered} without answer`;
			stuck.push(`${at}, consumer ${await consumerOf(rig, name)}`);
			console.log(`STUCK ${stuck.at(-1)}`);
			for (const server of [...rig.bench.hubs, rig.device(name).server]) {
				console.log(`${server.name}:\n${server.log().split("\n").slice(-25).join("\n")}`);
			}
			await rig.device(name).owner.request(`$JS.API.CONSUMER.RESET.${name}_can.hub`, JSON.stringify({ seq: last + 1 }));
			[moved, unanswered] = [Date.now(), 0];
		}
		await sleep(300);
	}
	recovered[what] = [...(recovered[what] ?? []), Date.now() - began];
}

/** As the device itself knows it, whatever its link is like. */
async function consumerOf(rig: Rig, name: string): Promise<string> {
	const answer = await rig.device(name).owner.request(`$JS.API.CONSUMER.INFO.${name}_can.hub`, "", { timeout: 20_000 });
	const { delivered, ack_floor, num_ack_pending, num_pending, push_bound } = answer.json<Record<string, unknown>>();
	return JSON.stringify({ delivered, ack_floor, num_ack_pending, num_pending, push_bound });
}

async function ask({ bench }: Rig, name: string): Promise<SourceInfo | undefined> {
	const info = await bench.api("hub", `STREAM.INFO.${STREAM}`).catch(() => undefined);
	return (info?.sources as readonly SourceInfo[] | undefined)?.find((source) => source.name === `${name}_can`);
}
