import type { LeaflineOutput } from "../../contract/outputs";
import { lastMessage, streamInfo } from "../../jetstream/calls";
import { within } from "../../jetstream/patience";
import { positionOf } from "../../jetstream/position";
import { edgeStreamName, edgeSubjects } from "../../topology/names";
import type { Edges } from "../fleet/edges";
import { hubStreams } from "../fleet/facts";
import { HUB_ANSWER_MS, type Hub } from "../fleet/hub";
import { localCause } from "../fleet/local-servers";
import { STILL_MS } from "../fleet/notes/source";
import { memoryKey } from "../fleet/remembered";
import { type Cause, type EdgeFacts, type Facts, firstLost, waitingFor } from "../fleet/seen";
import { type Memory, remember } from "./memory";

/** Second looks, only at what the first one could not tell. */

const AGAIN_MS = 250;

/** @param wait stay until it is clear which positions stand still; a screen that looks every second need not */
export async function lookCloser(
	outputs: LeaflineOutput,
	facts: Facts,
	{ hub, edges, before, wait }: { hub: Hub | undefined; edges: Edges; before: Memory; wait: boolean },
): Promise<Facts> {
	let seen: Facts = { ...facts, causes: causes(outputs, facts) };
	if (!hub || facts.hubError !== undefined) return { ...seen, memory: before };
	seen = await withArrivals(outputs, await withLastOf(outputs, seen, edges), hub);
	seen = await withLost(outputs, seen, hub, edges);
	const memory = remember(outputs, seen, before);
	seen = { ...seen, memory };
	const doubts = wait ? still(outputs, seen, 0).filter((it) => standing(seen, it) < STILL_MS) : [];
	if (doubts.length > 0) seen = await withLastOf(outputs, await waitAndSee(outputs, seen, hub, doubts), edges);
	return withNext(outputs, seen, edges);
}

/** Why a device of this machine is not connected. */
function causes(outputs: LeaflineOutput, { connected, cuts }: Facts): Record<string, Cause> {
	const found = Object.keys(outputs.devices).flatMap((device): [string, Cause][] => {
		const cause = localCause(outputs, device);
		const linked = connected === undefined || connected.includes(device) || cuts[device] !== undefined;
		return cause && !(cause.link && linked) ? [[device, cause]] : [];
	});
	return Object.fromEntries(found);
}

/** A device that publishes has more by the time that the hub has told its position: below that it is only if it still is. */
async function withLastOf(outputs: LeaflineOutput, facts: Facts, edges: Edges): Promise<Facts> {
	const devices = { ...facts.edges };
	await Promise.all(
		belowHub(outputs, facts).map(async ({ device, name }) => {
			const again = await edges.stream(device, name);
			const edge = devices[device];
			if (edge && again)
				devices[device] = { ...edge, streams: { ...edge.streams, [name]: { ...edge.streams[name], ...again } } };
		}),
	);
	return { ...facts, edges: devices };
}

function belowHub(outputs: LeaflineOutput, { edges, hub }: Facts): Class[] {
	return classes(outputs).filter(
		({ device, name, stream }) =>
			(edges[device]?.streams[name]?.lastSeq ?? Number.POSITIVE_INFINITY) < (hub[stream]?.sources[device]?.seq ?? 0),
	);
}

/** A device below the hub's position: when did the hub get its last message? That tells a new stream from an old one. */
async function withArrivals(outputs: LeaflineOutput, facts: Facts, hub: Hub): Promise<Facts> {
	const streams: Record<string, Facts["hub"][string]> = { ...facts.hub };
	const doubts = belowHub(outputs, facts);
	const times = await Promise.all(
		doubts.map(async ({ device, name, stream }) => {
			try {
				const api = hub.api(outputs.hub.domain);
				const last = await lastMessage(api, stream, edgeSubjects(device, name), within(HUB_ANSWER_MS));
				return last && Date.parse(last.time);
			} catch {
				return undefined;
			}
		}),
	);
	doubts.forEach(({ device, stream }, i) => {
		const [time, known] = [times[i], streams[stream]];
		const source = known?.sources[device];
		if (time === undefined || !known || !source) return;
		streams[stream] = { ...known, sources: { ...known.sources, [device]: { ...source, lastArrival: time } } };
	});
	return { ...facts, hub: streams };
}

/** Where a hub has less than it acknowledged: the first message of that. */
async function withLost(outputs: LeaflineOutput, facts: Facts, hub: Hub, edges: Edges): Promise<Facts> {
	const doubts = behind(outputs, facts);
	if (doubts.length === 0) return facts;
	// Both were asked at once, and a message or two may have come in between: a hub that is well is there by now.
	const streams = await hubStreams(outputs, hub, false).catch(() => undefined);
	if (!streams) return facts;
	const devices = { ...facts.edges };
	const left = behind(outputs, { ...facts, hub: withPositions(facts.hub, streams) });
	await Promise.all(
		left.map(async ({ device, name, stream }) => {
			const edge = devices[device];
			const known = edge?.streams[name];
			const lost = known && (await lostOf(outputs, { device, name, stream }, { hub, edges, facts }));
			const now = devices[device];
			if (now && known && lost !== undefined)
				devices[device] = { ...now, streams: { ...now.streams, [name]: { ...known, lost } } };
		}),
	);
	return { ...facts, edges: devices };
}

/** Classes of connected devices that were acknowledged beyond what the hub tells that it has. */
function behind(outputs: LeaflineOutput, { edges, hub, connected }: Facts): Class[] {
	return classes(outputs).filter(({ device, name, stream }) => {
		const source = hub[stream]?.sources[device];
		return source?.durable && connected?.includes(device) && floorOf(edges[device], name) > source.seq;
	});
}

function floorOf(edge: EdgeFacts | undefined, name: string): number {
	const consumer = edge?.consumers[name];
	return consumer === undefined || consumer === "missing" ? 0 : (consumer.ackFloor ?? 0);
}

/** By what the hub's stream holds of it: what has aged out there was there. */
async function lostOf(
	outputs: LeaflineOutput,
	{ device, name, stream }: Class,
	{ hub, edges, facts }: { readonly hub: Hub; readonly edges: Edges; readonly facts: Facts },
): Promise<number | undefined> {
	const edge = facts.edges[device];
	const created = edge?.streams[name]?.createdAt;
	const sourced = { name: edgeStreamName(device, name), ...(created !== undefined && { created }) };
	try {
		const api = hub.api(outputs.hub.domain);
		const info = await streamInfo(api, stream, within(HUB_ANSWER_MS));
		const position = info && (await positionOf(api, info, sourced, within(HUB_ANSWER_MS)));
		const floor = floorOf(edge, name);
		if (!position?.proven || position.seq >= floor) return undefined;
		return firstLost(floor, await edges.message(device, name, position.seq + 1));
	} catch {
		return undefined;
	}
}

/** Looks at the positions again until each has moved, or has stood still for long enough to say so. */
async function waitAndSee(outputs: LeaflineOutput, facts: Facts, hub: Hub, doubts: readonly Class[]): Promise<Facts> {
	const position = ({ hub: streams }: Facts, { device, stream }: Class) => streams[stream]?.sources[device]?.seq;
	const until = facts.at + STILL_MS;
	for (let seen = facts; ; ) {
		await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
		const streams = await hubStreams(outputs, hub, false).catch(() => undefined);
		if (!streams) return seen;
		const next: Facts = { ...seen, at: Date.now(), hub: withPositions(seen.hub, streams) };
		seen = { ...next, memory: remember(outputs, next, seen.memory ?? {}) };
		const moved = doubts.every((doubt) => position(seen, doubt) !== position(facts, doubt));
		if (moved || seen.at >= until) return seen;
	}
}

/** What is stored of each device stays as it was seen: only what is known of the sources is new. */
function withPositions(before: Facts["hub"], now: Facts["hub"]): Facts["hub"] {
	return Object.fromEntries(
		Object.entries(before).map(([name, stream]) => {
			const sources = Object.entries(now[name]?.sources ?? {}).map(([device, source]) => {
				return [device, { ...stream.sources[device], ...source }];
			});
			return [name, { ...stream, sources: Object.fromEntries(sources) }];
		}),
	);
}

/** Those that have stood still for some time get a look at the message that comes next: it may stand in the way. */
async function withNext(outputs: LeaflineOutput, facts: Facts, edges: Edges): Promise<Facts> {
	const devices = { ...facts.edges };
	await Promise.all(
		still(outputs, facts, STILL_MS).map(async ({ device, name, stream }) => {
			const next = await edges.message(device, name, (facts.hub[stream]?.sources[device]?.seq ?? 0) + 1);
			const edge = devices[device];
			const known = edge?.streams[name];
			if (!edge || !known || !next) return;
			devices[device] = { ...edge, streams: { ...edge.streams, [name]: { ...known, next } } };
		}),
	);
	return { ...facts, edges: devices };
}

/** Classes of connected devices that have something for the hub, which has not moved for so long. */
function still(outputs: LeaflineOutput, facts: Facts, forMs: number): Class[] {
	return classes(outputs).filter(({ device, name, stream }) => {
		const edge = facts.edges[device];
		const source = facts.hub[stream]?.sources[device];
		if (!edge || !source || !facts.connected?.includes(device) || facts.cuts[device]) return false;
		return waitingFor(edge, name, source.seq) > 0 && standing(facts, { device, name }) >= forMs;
	});
}

/** How long the hub has been where it is. */
function standing({ memory, at }: Facts, { device, name }: Pick<Class, "device" | "name">): number {
	return at - (memory?.[memoryKey(device, name)]?.since ?? at);
}

interface Class {
	readonly device: string;
	readonly name: string;
	/** On the hub. */
	readonly stream: string;
}

function classes(outputs: LeaflineOutput): Class[] {
	return Object.entries(outputs.devices).flatMap(([device, { hubStreams: streams }]) =>
		Object.entries(streams).map(([name, stream]) => ({ device, name, stream })),
	);
}
