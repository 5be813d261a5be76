import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { eventually } from "../tests/support/eventually";
import { type Rig, startRig } from "../tests/support/rig";
import type { Server } from "../tests/support/servers";

/** What one hub was made to do. */
export interface HubCase {
	readonly nodes: 1 | 3;
	/** Payload of a message, bytes. */
	readonly size: number;
	/**
	 * Messages of each device, in turn: a backlog, which comes in batches; then live ones at a steady rate, which come one
	 * by one, each read, decrypted, written and agreed on by itself; then live ones as fast as they are acknowledged.
	 */
	readonly backlog: number;
	readonly steady: number;
	readonly busy: number;
	/** Messages a second of each device, of the steady ones. */
	readonly steadyRate: number;
	/** Devices. */
	readonly devices: number;
}

export const KINDS = ["backlog", "steady", "busy"] as const;

export interface HubTurn {
	readonly nodes: 1 | 3;
	readonly size: number;
	readonly kind: (typeof KINDS)[number];
	/** Messages that were measured, of all devices together. */
	readonly total: number;
	/** From the restored link, or the first live message, until every node has stored the last one. */
	readonly milliseconds: number;
	/** Messages a second, of a backlog from the first sight of one that had arrived. */
	readonly perSecond: number;
	/** Bytes that the stream grew by, of one replica. */
	readonly storedBytes: number;
	readonly servers: readonly ServerUse[];
}

/** What one server of the hub used in a turn. */
export interface ServerUse {
	readonly name: string;
	readonly leads: boolean;
	/** Devices that are connected to it. */
	readonly leafs: number;
	/** Microseconds of a processor, from /proc/<pid>/stat, in steps of 10,000. Without those of an idle hub. */
	readonly processor: number;
	/** Microseconds of a processor that the idle server uses in a second: heartbeats, pings, the cluster's own. */
	readonly idle: number;
	/** Bytes that it handed to the file system, from /proc/<pid>/io. */
	readonly written: number;
	/** Bytes of messages to other nodes, before compression. */
	readonly routed: number;
}

const STREAM = "hub_can";

/** Links that are no limit, so that the windows are none either; buffers and a stream that hold all turns. */
const fleetOf = (
	{ size, devices }: HubCase,
	rate = Math.ceil(600_000 / (size + 300) / devices),
) => `apiVersion: leafline/v1
fleet: bench
hardware:
  board: { arch: amd64, buffer: 2GiB }
link: { up: 1Gbit/s, rtt: 1ms, outage: 1m }
classes:
  can: { rate: ${rate}/s, size: ${size}B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge[1-${devices}]", hardware: board }
`;

/** A hub and devices with what a user of that fleet gets; on three nodes with the routes of AWS. */
export async function measureHub(measured: HubCase, turns: number): Promise<HubTurn[]> {
	const settings = { hub: { nodes: measured.nodes, file: "16GiB" } };
	const rig = await startRig(fleetOf(measured), {}, settings, { routesAsOnAws: true });
	try {
		const idle = await idleUse(rig);
		const found: HubTurn[] = [];
		for (let turn = 0; turn < turns; turn++) {
			for (const kind of KINDS) found.push(await takeTurn(rig, measured, kind, idle));
		}
		return found;
	} finally {
		await rig.close();
	}
}

async function takeTurn(rig: Rig, measured: HubCase, kind: HubTurn["kind"], idle: readonly number[]): Promise<HubTurn> {
	const devices = Object.values(rig.devices);
	const each = measured[kind];
	if (kind === "backlog") {
		for (const { link } of devices) link.set({ mode: "cut" });
		await publish(rig, measured, each);
	}
	const before = await look(rig);
	const first = before[0]?.last ?? 0;
	const last = first + devices.length * each;
	const began = performance.now();
	for (const { link } of devices) link.set({ mode: "up" });
	const rate = kind === "steady" ? measured.steadyRate : undefined;
	const publishing = kind === "backlog" ? undefined : publish(rig, measured, each, rate);
	let seen: { at: number; last: number } | undefined;
	const states = await eventually(
		async () => {
			const found = await streamStates(rig);
			const least = Math.min(...found.map((state) => state.last));
			if (least > first) seen ??= { at: performance.now(), last: least };
			return found.length === measured.nodes && least === last && found;
		},
		{ what: `all nodes have ${last} messages`, within: 300_000 },
	);
	const ended = performance.now();
	await publishing;
	const after = await look(rig);
	const servers = rig.bench.hubs.map(({ name }, index): ServerUse => {
		const [a, b, own = 0] = [before[index], after[index], idle[index]];
		if (a === undefined || b === undefined) throw new Error(`${name} did not answer`);
		const busy = b.processor - a.processor - (own * (b.at - a.at)) / 1000;
		return {
			name,
			leads: measured.nodes === 1 || states[index]?.leader === name,
			leafs: b.leafs,
			processor: Math.max(0, busy),
			idle: own,
			written: b.written - a.written,
			routed: b.routed - a.routed,
		};
	});
	const { at, last: sighted } = seen ?? { at: began, last: first };
	return {
		nodes: measured.nodes,
		size: measured.size,
		kind,
		total: last - first,
		milliseconds: ended - began,
		perSecond: (last - sighted) / ((ended - at) / 1000),
		storedBytes: (after[0]?.stored ?? 0) - (before[0]?.stored ?? 0),
		servers,
	};
}

const IDLE_MS = 4_000;

/** Microseconds of a processor that each server uses in a second while nothing is published. */
async function idleUse(rig: Rig): Promise<number[]> {
	const before = await look(rig);
	await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
	const after = await look(rig);
	return after.map(({ processor, at }, index) => {
		const { processor: less = processor, at: since = at } = before[index] ?? {};
		return at > since ? (processor - less) / ((at - since) / 1000) : 0;
	});
}

/** Payloads of which compression leaves about half, as the link's budget counts on. */
async function publish(rig: Rig, { size }: HubCase, messages: number, rate?: number): Promise<void> {
	const payload = () => randomFillSync(new Uint8Array(size), 0, Math.ceil(size / 2));
	const inFlight = Math.max(16, Math.min(512, Math.round(2_000_000 / size)));
	const traffic = { run: "bench", messages, subject: "vehicle.sensor", payload, inFlight, ...(rate && { rate }) };
	const publishers = await Promise.all(Object.keys(rig.devices).map((name) => rig.publish(name, traffic)));
	await Promise.all(publishers.map(({ done }) => done));
	await Promise.all(publishers.map((publisher) => publisher.stop()));
}

interface Look {
	readonly at: number;
	readonly last: number;
	readonly processor: number;
	readonly written: number;
	readonly routed: number;
	readonly leafs: number;
	readonly stored: number;
}

async function look(rig: Rig): Promise<Look[]> {
	const states = await streamStates(rig);
	return Promise.all(
		rig.bench.hubs.map(async (hub, index) => {
			const [{ routes = [] }, { leafs = [] }] = await Promise.all([
				monitor<{ routes?: { out_bytes: number }[] }>(hub, "routez"),
				monitor<{ leafs?: { account: string }[] }>(hub, "leafz"),
			]);
			const routed = routes.reduce((sum, { out_bytes }) => sum + out_bytes, 0);
			// The control leaf of the bench itself is none of the devices.
			const edges = leafs.filter((leaf) => /edge/.test(JSON.stringify(leaf))).length;
			const { last = 0, bytes: stored = 0 } = states[index] ?? {};
			return { ...processUse(hub), at: performance.now(), routed, leafs: edges, last, stored };
		}),
	);
}

interface StreamState {
	readonly last: number;
	readonly bytes: number;
	readonly leader: string | undefined;
}

interface Jsz {
	readonly account_details?: readonly {
		readonly stream_detail?: readonly {
			readonly name: string;
			readonly state: { readonly last_seq: number; readonly bytes: number };
			readonly cluster?: { readonly leader?: string };
		}[];
	}[];
}

/** The stream as each node has it, in the order of the nodes; those left out that do not have it. */
async function streamStates(rig: Rig): Promise<StreamState[]> {
	const answers = await Promise.all(rig.bench.hubs.map((hub) => monitor<Jsz>(hub, "jsz?accounts=true&streams=true")));
	return answers.flatMap(({ account_details = [] }) =>
		account_details
			.flatMap(({ stream_detail = [] }) => stream_detail)
			.filter(({ name }) => name === STREAM)
			.map(({ state, cluster }) => ({ last: state.last_seq, bytes: state.bytes, leader: cluster?.leader })),
	);
}

async function monitor<T>({ ports }: Server, path: string): Promise<T> {
	const answer = await fetch(`http://127.0.0.1:${ports.monitor}/${path}`, { signal: AbortSignal.timeout(5_000) });
	return (await answer.json()) as T;
}

/** Of Linux alone: its clock counts a hundred times a second. */
function processUse(server: Server): { processor: number; written: number } {
	const proc = `/proc/${server.pid()}`;
	const fields = readFileSync(`${proc}/stat`, "utf8")
		.replace(/^.*\) /s, "")
		.split(" ");
	const written = Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`${proc}/io`, "utf8"))?.[1]);
	return { processor: (Number(fields[11]) + Number(fields[12])) * 10_000, written };
}
