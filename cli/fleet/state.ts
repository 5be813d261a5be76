import type { LeaflineOutput } from "../../contract/outputs";
import { editionOf } from "../../topology/server-edition";
import { goneStreams, vanishedOf } from "./gone";
import { type LinkState, linkState } from "./link-state";
import { cutNotes } from "./notes/cut";
import { awayNotes, roomNotes, unsentBytes } from "./notes/device";
import { hubNotes } from "./notes/hub";
import type { Look, Note } from "./notes/note";
import { besideNotes } from "./notes/programs";
import { sourceNotes } from "./notes/source";
import { storeNotes } from "./notes/store";
import { vanishedNotes } from "./notes/vanished";
import { type ReaderState, readerStates } from "./readers";
import { memoryKey } from "./remembered";
import { type EdgeFacts, type Facts, type SourceFacts, waitingFor } from "./seen";

/**
 * From what was seen to what is shown. Pure: the same facts give the same state.
 *
 * The hub's `lag` freezes while a device is away, often at 0, so it never says how much is waiting: the backlog is the
 * edge's last sequence minus the sequence that the hub has copied (`waitingFor`).
 */

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
	/** Streams of it that are not there: on the device, or on the hub. Nobody knows what waited in the first. */
	readonly gone?: readonly string[];
	/** Messages that are gone from the device and that the hub never had. */
	readonly vanished?: number;
	/** Age of what is known of the device, if it did not answer now. */
	readonly staleMs?: number;
	readonly buffer?: Buffer;
	readonly retired?: "drain" | "lost";
	readonly notes: readonly Note[];
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
	readonly notes: readonly Note[];
	/** Readers of the fleet file, a stream each. */
	readonly readers?: readonly ReaderState[];
	/** Nodes, and those of them that do not answer; only of a hub of several nodes on this machine. */
	readonly nodes?: number;
	readonly silent?: number;
	/** Version of each node's nats-server, by its name; of nodes that answer. */
	readonly versions?: Readonly<Record<string, string>>;
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
			notes: hubNotes(outputs, facts),
			...(facts.readers && facts.readers.length > 0 && { readers: readerStates(facts.readers) }),
			...(outputs.hub.nodes > 1 &&
				facts.nodes && {
					nodes: outputs.hub.nodes,
					silent: facts.nodes.filter(({ down }) => down !== undefined).length,
				}),
			...(facts.versions && { versions: facts.versions }),
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
	const gone = goneStreams(outputs, facts, device);
	const vanished = facts.hubError === undefined && now ? vanishedOf(now, sources) : 0;
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
		...(gone.length > 0 && { gone }),
		...(vanished > 0 && { vanished }),
		...(staleMs !== undefined && { staleMs }),
		...(buffer && { buffer }),
		...(description?.retired && { retired: description.retired }),
		notes: notesOn(outputs, facts, { device, link, edge: now, sources }),
	};
}

/** What a person should know of a device, beyond its figures. */
function notesOn(
	outputs: LeaflineOutput,
	facts: Facts,
	of: Pick<Look, "device" | "link" | "edge"> & { readonly sources: Readonly<Record<string, SourceFacts>> },
): Note[] {
	const { device, sources, ...rest } = of;
	const { silence, causes, memory, hub, at, versions = {} } = facts;
	const servers = Object.values(versions);
	const hubLooks = servers.length > 0 && servers.every((version) => editionOf(version) === "leafline");
	const away = awayNotes({ outputs, device, ...rest }, { cause: causes?.[device], silence: silence?.[device] }).concat(
		besideNotes(outputs, device, rest.edge),
		cutNotes(outputs, facts, device, rest.edge),
	);
	// A stream that is not there has a note of its own, and of a hub that is silent nothing is known.
	const streams = Object.entries(outputs.devices[device]?.hubStreams ?? {}).filter(([, name]) => hub[name]);
	return streams.reduce((notes, [name, hubStream]) => {
		const look: Look = {
			...rest,
			outputs,
			device,
			class: name,
			hubStream,
			source: sources[name],
			stored: hub[hubStream]?.stored[device] ?? 0,
			hubLooks,
			memory: memory?.[memoryKey(device, name)],
			at,
		};
		const stored = storeNotes(look);
		const lost = stored.some(({ needsHand }) => needsHand);
		return notes.concat(stored, lost ? [] : [...vanishedNotes(look), ...sourceNotes(look)], roomNotes(look));
	}, away);
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

function backlogByClass(edge: EdgeFacts, sources: Readonly<Record<string, SourceFacts>>): Record<string, number> {
	const uplinks = Object.entries(edge.streams).filter(([name]) => sources[name]);
	return Object.fromEntries(uplinks.map(([name]) => [name, waitingFor(edge, name, sources[name]?.seq ?? 0)]));
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
