import { type Publisher, startPublisher } from "../../cli/demo/publisher";
import { readBack } from "../../cli/demo/readback";
import { encodePayload } from "../../cli/demo/traffic";
import { type Arrival, judge, type Verdict } from "../../cli/demo/verdict";
import type { Hub } from "../../cli/fleet/hub";
import type { LinkShape } from "../../components/links/model";
import { createLink, type Link } from "../../components/links/shaper";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { parseFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import { buildOutputs } from "../../contract/build";
import type { LeaflineOutput } from "../../contract/outputs";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { type Bench, type BenchOptions, type Edge, startBench } from "./bench";
import { eventually } from "./eventually";

/** One device behind a link that can be cut, slowed down and left half-open. */
export interface RigDevice extends Edge {
	readonly link: Link;
	readonly port: number;
}

/**
 * A hub and all devices of a fleet file, each behind a link of its own, with the streams that the provider makes: what
 * a user of that file gets. Nothing in it is configured by hand.
 */
export interface Rig {
	readonly bench: Bench;
	readonly topology: Topology;
	/** What a stack of this fleet puts out. */
	readonly outputs: LeaflineOutput;
	readonly devices: Readonly<Record<string, RigDevice>>;
	device(name: string): RigDevice;
	/** Programs on a device that publish `messages` numbered messages of a class, as fast as `rate` says. */
	publish(device: string, options: Traffic): Promise<Publisher>;
	/** Last sequence of a hub stream, from the monitoring of all nodes; `undefined` while the hub is down. */
	lastSequence(hubStream: string): Promise<number | undefined>;
	/** Waits until a hub stream has got so far. */
	arrived(hubStream: string, messages: number, within?: number): Promise<void>;
	/** What is in a hub stream of one run, in its order. */
	arrivals(hubStream: string, run: string): Promise<Arrival[]>;
	/** The verdict on a run, read back from the hub. */
	verdict(hubStream: string, run: string, acknowledged: Readonly<Record<string, Uint8Array>>): Promise<Verdict>;
	close(): Promise<void>;
}

export interface Traffic {
	readonly run: string;
	readonly messages: number;
	readonly subject: string;
	/** Number of the first message. @default 0 */
	readonly from?: number;
	/** Messages a second. @default as fast as they are acknowledged */
	readonly rate?: number;
	/** @default the 128 bytes that CAN frames take */
	readonly payload?: (counter: number) => Uint8Array;
	readonly inFlight?: number;
}

/** @throws with all problems of a fleet file that does not hold */
export function planFleet(text: string, settings: Record<string, unknown> = {}): Topology {
	const read = parseFleet(text, "fleet.yaml");
	const set = parseSettings("local", settings);
	const planned = read.fleet && set.settings ? plan(read.fleet, set.settings) : undefined;
	if (planned?.topology) return planned.topology;
	throw new Error(JSON.stringify([...read.problems, ...set.problems, ...(planned?.problems ?? [])], null, "\t"));
}

/**
 * @param shape what every link is like while it is up
 * @param settings the stack's, for example `{ hub: { nodes: 3 } }`
 */
export async function startRig(
	fleet: string,
	shape: LinkShape = {},
	settings: Record<string, unknown> = {},
	options: Pick<BenchOptions, "routesAsOnAws" | "program" | "conf" | "hubStores"> = {},
): Promise<Rig> {
	const topology = planFleet(fleet, settings);
	const bench = await startBench({ ...options, topology });
	const links: Link[] = [];
	const close = async () => {
		await bench.close();
		await Promise.all(links.map((link) => link.close()));
	};
	try {
		const ends = bench.hubs.map(({ ports }) => ({ listen: 0, target: { host: "127.0.0.1", port: ports.leaf ?? 0 } }));
		const [end = { listen: 0, target: { host: "127.0.0.1", port: 0 } }, ...others] = ends;
		const devices: Record<string, RigDevice> = {};
		await Promise.all(
			Object.keys(topology.devices).map(async (name) => {
				const link = await createLink({ ...end, others, shape });
				links.push(link);
				const edge = await bench.startEdge(name, { urls: link.ports.map((port) => `tls://127.0.0.1:${port}`) });
				devices[name] = { ...edge, link, port: edge.server.ports.client ?? 0 };
			}),
		);
		await makeStreams(topology, bench);
		return makeRig(topology, bench, devices, close);
	} catch (error) {
		await close();
		throw error;
	}
}

/** A bench's hub as the command line has one. */
export function hubOf({ control }: Bench): Hub {
	return {
		connection: control.hub,
		api: control.api,
		connected: async () => undefined,
		version: "",
		versions: async () => ({}),
		close: async () => {},
	};
}

function makeRig(
	topology: Topology,
	bench: Bench,
	devices: Readonly<Record<string, RigDevice>>,
	close: () => Promise<void>,
): Rig {
	const outputs = buildOutputs(topology, { ca: bench.ca, versionFloor: "2.15.0", pending: {} });
	const hub = hubOf(bench);
	const device = (name: string) => {
		const found = devices[name];
		if (!found) throw new Error(`the fleet has no device ${name}`);
		return found;
	};
	const monitors = bench.hubs.map(({ ports }) => ports.monitor ?? 0);
	const lastSequence = (name: string) => monitoredSequence(monitors, name);
	const arrivals = (name: string, run: string) => readBack(outputs, hub, new Map([[name, 0]]), run);
	return {
		bench,
		topology,
		outputs,
		devices,
		device,
		publish: (name, { run, from = 0, rate = Number.MAX_SAFE_INTEGER, payload, ...traffic }) =>
			startPublisher({
				port: device(name).port,
				rate,
				payload: (counter) => payload?.(from + counter) ?? encodePayload(run, name, from + counter, 128),
				...traffic,
			}),
		lastSequence,
		arrived: async (name, messages, within = 60_000) => {
			const enough = async () => ((await lastSequence(name)) ?? 0) >= messages;
			await eventually(enough, { what: `${messages} messages in ${name}`, within }).catch(async (error) => {
				throw new Error(`${error.message}; there are ${await lastSequence(name)}`);
			});
		},
		arrivals,
		verdict: async (name, run, acknowledged) => judge(acknowledged, await arrivals(name, run)),
		close,
	};
}

/** Whose the streams of a rig are. */
export const RIG_OWNER = "leafline/test";

/** In the order in which the components make them: what feeds devices, the devices' streams, what sources them. */
export async function makeStreams(topology: Topology, { connection }: Pick<Bench, "connection">): Promise<void> {
	const common = { connection, resourceUrn: "", owner: RIG_OWNER, allowDataLoss: false };
	await makeHubStreams(topology, { connection }, "downlink");
	for (const [key, group] of Object.entries(topology.edgeGroups)) {
		const { outs } = await edgeStreams.create({ ...common, key, adopt: [], ignorePending: false, ...group });
		const pending = Object.entries(outs.pending as Record<string, string>);
		if (pending.length > 0) throw new Error(`pending: ${JSON.stringify(pending)}`);
	}
	await makeHubStreams(topology, { connection }, "uplink");
}

/** Those alone that an update makes which meets no device. @param direction default both */
export async function makeHubStreams(
	topology: Topology,
	{ connection }: Pick<Bench, "connection">,
	direction?: "uplink" | "downlink",
): Promise<void> {
	const common = { connection, resourceUrn: "", owner: RIG_OWNER, allowDataLoss: false };
	const wanted = Object.values(topology.hubStreams).filter(
		(each) => direction === undefined || each.direction === direction,
	);
	for (const { config: whole, consumers } of wanted) {
		const { sources = [], ...config } = whole;
		const byName = Object.fromEntries(sources.map((source) => [source.name, source]));
		await stream.create({ ...common, adopt: false, config, sources: byName, consumers });
	}
}

interface Jsz {
	readonly account_details?: readonly {
		readonly stream_detail?: readonly { readonly name: string; readonly state: { readonly last_seq: number } }[];
	}[];
}

/** Last sequence of a stream, as the node knows that has most of it; `undefined` while none tells. */
export async function monitoredSequence(ports: readonly number[], name: string): Promise<number | undefined> {
	const told = await Promise.all(ports.map((port) => sequenceOn(port, name)));
	const known = told.filter((sequence) => sequence !== undefined);
	return known.length > 0 ? Math.max(...known) : undefined;
}

async function sequenceOn(port: number, name: string): Promise<number | undefined> {
	try {
		const url = `http://127.0.0.1:${port}/jsz?accounts=true&streams=true`;
		const answer = (await (await fetch(url, { signal: AbortSignal.timeout(1_000) })).json()) as Jsz;
		const streams = (answer.account_details ?? []).flatMap(({ stream_detail }) => stream_detail ?? []);
		return streams.find((stream) => stream.name === name)?.state.last_seq;
	} catch {
		return undefined;
	}
}
