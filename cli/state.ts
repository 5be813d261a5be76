import type { LeaflineOutput } from "../contract/outputs";
import { notes, unsentBytes } from "./notes";
import type { ProgramFacts } from "./programs";
import { type ReaderFacts, type ReaderState, readerStates } from "./readers";

/**
 * From what was seen to what is shown. Pure: the same facts give the same state.
 *
 * The hub's `lag` freezes while a device is away, often at 0, so it never says how much is waiting: the backlog is the
 * edge's last sequence minus the sequence that the hub has copied. A stream that was moved on after a power cut has
 * sequences without messages: there, what the hub has not acknowledged bounds it.
 */

/** A device that the hub has not heard for this long is gone; heartbeats come every second. */
const OFFLINE_AFTER_MS = 30_000;

export interface EdgeStreamFacts {
	readonly messages: number;
	readonly bytes: number;
	readonly lastSeq: number;
	/** Messages that the hub has not acknowledged, which it does a window late; absent without a durable consumer. */
	readonly unacknowledged?: number;
}

export interface EdgeFacts {
	/** When it was asked, milliseconds since 1970. */
	readonly at: number;
	/** By class. */
	readonly streams: Readonly<Record<string, EdgeStreamFacts>>;
	/** Absent if it gave no answer to that. */
	readonly programs?: ProgramFacts;
}

export interface SourceFacts {
	/** Last sequence of the edge stream that the hub has; 0 if it has none. */
	readonly seq: number;
	/** What the hub believed was missing when it last heard from the device. */
	readonly lag: number;
	/** Milliseconds since the hub heard from the device; absent if it never did. */
	readonly silentMs?: number;
	readonly error?: string;
}

export interface HubStreamFacts {
	readonly messages: number;
	readonly bytes: number;
	/** By device. */
	readonly sources: Readonly<Record<string, SourceFacts>>;
	/** Messages by device. */
	readonly stored: Readonly<Record<string, number>>;
}

export interface Facts {
	/** Milliseconds since 1970. */
	readonly at: number;
	/** By hub stream; a stream that is not there is absent. */
	readonly hub: Readonly<Record<string, HubStreamFacts>>;
	/** Why the hub could not be asked. */
	readonly hubError?: string;
	/** Answers of the devices; one that gave none is absent. */
	readonly edges: Readonly<Record<string, EdgeFacts>>;
	/** Devices with a leaf connection to the hub; absent if the hub could not be asked. */
	readonly connected?: readonly string[];
	/** Nodes of the hub that do not answer; absent if nobody tells. */
	readonly silentNodes?: number;
	/** Links cut on this machine: since when, milliseconds since 1970. */
	readonly cuts: Readonly<Record<string, number>>;
	/** Readers of the hub's streams. */
	readonly readers?: readonly ReaderFacts[];
}

export type LinkState =
	| { readonly state: "up" }
	| { readonly state: "cut"; readonly forMs: number }
	| { readonly state: "down"; readonly forMs: number }
	| { readonly state: "never seen" }
	/** The hub did not answer. */
	| { readonly state: "unknown" };

export interface DeviceState {
	readonly device: string;
	/** What people call it, if the fleet file says so. */
	readonly label?: string;
	readonly link: LinkState;
	/** Messages in its edge streams; absent if it never answered. */
	readonly atEdge?: number;
	/** Absent if the hub did not answer. */
	readonly onHub?: number;
	/** Messages that the hub has not got. */
	readonly backlog?: number;
	/** Age of what is known of the device, if it did not answer now. */
	readonly staleMs?: number;
	readonly buffer?: Buffer;
	readonly retired?: "drain" | "lost";
	/** What somebody should know, one sentence each. */
	readonly notes: readonly string[];
}

export interface Buffer {
	/** Share that is used of the fullest class, 0 to 1. */
	readonly used: number;
	/** Until the first class is full, at its rate; only while the hub does not take anything. */
	readonly leftMs?: number;
}

export interface FleetState {
	readonly environment: string;
	readonly at: number;
	readonly devices: readonly DeviceState[];
	readonly hub: HubState;
}

export interface HubState {
	readonly messages: number;
	readonly bytes: number;
	/** Streams of the outputs that are not there. */
	readonly missing: readonly string[];
	/** Readers of the fleet file, a stream each. */
	readonly readers?: readonly ReaderState[];
	/** Nodes, and those of them that do not answer; only of a hub of several nodes on this machine. */
	readonly nodes?: number;
	readonly silent?: number;
	/** Why it could not be asked; nothing else is known then. */
	readonly error?: string;
}

/** `before` holds the last answers of devices that do not answer now; its `at` says how old they are. */
export function fleetState(outputs: LeaflineOutput, facts: Facts, before: Facts["edges"] = {}): FleetState {
	const streams = Object.values(facts.hub);
	return {
		environment: outputs.environment,
		at: facts.at,
		devices: Object.keys(outputs.devices)
			.sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
			.map((device) => deviceState(outputs, facts, device, before[device])),
		hub: {
			messages: sum(streams.map(({ messages }) => messages)),
			bytes: sum(streams.map(({ bytes }) => bytes)),
			missing: facts.hubError ? [] : Object.keys(outputs.streams).filter((name) => !facts.hub[name]),
			...(facts.readers && facts.readers.length > 0 && { readers: readerStates(facts.readers) }),
			...(outputs.hub.nodes > 1 &&
				facts.silentNodes !== undefined && { nodes: outputs.hub.nodes, silent: facts.silentNodes }),
			...(facts.hubError && { error: facts.hubError }),
		},
	};
}

function deviceState(outputs: LeaflineOutput, facts: Facts, device: string, before?: EdgeFacts): DeviceState {
	const description = outputs.devices[device];
	const sources = sourcesOf(outputs, facts, device);
	const link = linkState(facts, device, Object.values(sources));
	const now = facts.edges[device];
	const edge = now ?? before;
	const counted = edge && facts.hubError === undefined ? backlogByClass(edge, sources) : undefined;
	const lags = Object.values(sources).map(({ lag }) => lag);
	const staleMs = now ? undefined : edge ? facts.at - edge.at : quietest(Object.values(sources));
	const buffer = edge && counted && bufferState(outputs, description?.group ?? "", edge, counted, link);
	return {
		device,
		...(description?.label !== undefined && { label: description.label }),
		link,
		...(edge && { atEdge: sum(Object.values(edge.streams).map(({ messages }) => messages)) }),
		...(facts.hubError === undefined && {
			onHub: sum(hubStreamsOf(outputs, device).map((name) => facts.hub[name]?.stored[device] ?? 0)),
		}),
		...(counted ? { backlog: sum(Object.values(counted)) } : lags.length > 0 && { backlog: sum(lags) }),
		...(staleMs !== undefined && { staleMs }),
		...(buffer && { buffer }),
		...(description?.retired && { retired: description.retired }),
		notes: notes(outputs, device, sources, now),
	};
}

const hubStreamsOf = (outputs: LeaflineOutput, device: string) =>
	Object.values(outputs.devices[device]?.hubStreams ?? {});

function sourcesOf(outputs: LeaflineOutput, facts: Facts, device: string): Record<string, SourceFacts> {
	const result: Record<string, SourceFacts> = {};
	for (const [name, stream] of Object.entries(outputs.devices[device]?.hubStreams ?? {})) {
		const source = facts.hub[stream]?.sources[device];
		if (source) result[name] = source;
	}
	return result;
}

function linkState(facts: Facts, device: string, sources: readonly SourceFacts[]): LinkState {
	const cut = facts.cuts[device];
	if (cut !== undefined) return { state: "cut", forMs: Math.max(0, facts.at - cut) };
	const silent = sources.flatMap(({ silentMs }) => (silentMs === undefined ? [] : [silentMs]));
	const forMs = Math.min(...silent);
	if (facts.connected ? facts.connected.includes(device) : forMs < OFFLINE_AFTER_MS) return { state: "up" };
	if (facts.hubError !== undefined) return { state: "unknown" };
	return silent.length > 0 ? { state: "down", forMs } : { state: "never seen" };
}

function backlogByClass(edge: EdgeFacts, sources: Readonly<Record<string, SourceFacts>>): Record<string, number> {
	const uplinks = Object.entries(edge.streams).filter(([name]) => sources[name]);
	return Object.fromEntries(
		uplinks.map(([name, { lastSeq, unacknowledged = Number.POSITIVE_INFINITY }]) => [
			name,
			Math.min(unacknowledged, Math.max(0, lastSeq - (sources[name]?.seq ?? 0))),
		]),
	);
}

/** The hub's newest word of the device: its figures are that old. */
function quietest(sources: readonly SourceFacts[]): number | undefined {
	const silent = sources.flatMap(({ silentMs }) => (silentMs === undefined ? [] : [silentMs]));
	return silent.length > 0 ? Math.min(...silent) : undefined;
}

function bufferState(
	outputs: LeaflineOutput,
	group: string,
	edge: EdgeFacts,
	backlog: Readonly<Record<string, number>>,
	link: LinkState,
): Buffer | undefined {
	let used = 0;
	let leftMs = Number.POSITIVE_INFINITY;
	for (const [name, stream] of Object.entries(edge.streams)) {
		const budget = outputs.budgets.buffer[group]?.classes[name];
		if (!budget || budget.maxBytes === 0 || backlog[name] === undefined) continue;
		// What the hub has makes room when it is needed, so only what it has not got counts.
		const share = Math.min(1, unsentBytes(stream, backlog[name]) / budget.maxBytes);
		used = Math.max(used, share);
		leftMs = Math.min(leftMs, budget.holdsMs * (1 - share));
	}
	if (leftMs === Number.POSITIVE_INFINITY) return undefined;
	return link.state === "up" ? { used } : { used, leftMs };
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}
