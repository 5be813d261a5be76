import { foreign } from "../../config/printable";
import type { LeaflineOutput } from "../../contract/outputs";
import type { StreamInfo } from "../../jetstream/answers";
import { unlessMissing } from "../../jetstream/calls";
import { STREAM_NOT_FOUND } from "../../jetstream/errors";
import { deviceOfSubject, edgeStreamName, OWNER } from "../../topology/names";
import { messageOf } from "../errors";
import type { Edges } from "./edges";
import { HUB_ANSWER_MS, type Hub } from "./hub";
import { nodesOf } from "./nodes";
import { readReaders } from "./readers";
import type { Facts, HubStreamFacts, SourceFacts } from "./seen";

/** Subjects that one answer of the server may hold. */
const PAGE = 100_000;

/** "Stalled on flow control": the server says so of any slow link. Whether it is true the position shows, over time. */
const SLOW_LINK = 10228;

/** Since when the link of a local device is cut, by device. */
export type ReadCuts = () => Promise<Readonly<Record<string, number>>>;

export interface LookOptions {
	/** Figures alone, as often as a screen is drawn: not what the hub stores of each device, its readers and the devices' health. */
	readonly quick?: boolean;
}

/** One look at everything, in parallel; what does not answer in time is absent. */
export async function look(
	outputs: LeaflineOutput,
	hub: Hub | string,
	edges: Edges,
	cuts: ReadCuts,
	{ quick = false }: LookOptions = {},
): Promise<Facts> {
	const asked = typeof hub === "string" ? Promise.resolve(undefined) : hub.connected();
	const [streams, connected, { devices, silence }, cut, nodes, readers, versions] = await Promise.all([
		typeof hub === "string" ? hub : hubStreams(outputs, hub, !quick).catch(messageOf),
		asked,
		asked.then((names) => edges.ask(names, { health: !quick })),
		cuts(),
		nodesOf(outputs),
		typeof hub === "string" || quick ? [] : readReaders(outputs, hub),
		typeof hub === "string" || quick ? undefined : hub.versions(),
	]);
	return {
		at: Date.now(),
		hub: typeof streams === "string" ? {} : streams,
		...(typeof streams === "string" && { hubError: streams }),
		edges: devices,
		...(connected && { connected }),
		silence,
		...(nodes && { nodes }),
		...(versions && { versions }),
		cuts: cut,
		readers,
	};
}

/** Streams of the hub by name; one that is not there is absent. @throws when the hub does not answer */
export async function hubStreams(
	outputs: LeaflineOutput,
	hub: Hub,
	counts: boolean,
): Promise<Record<string, HubStreamFacts>> {
	const names = Object.keys(outputs.streams);
	const found = await Promise.all(names.map((name) => hubStream(outputs, hub, name, counts)));
	return Object.fromEntries(names.flatMap((name, i) => (found[i] ? [[name, found[i]]] : [])));
}

async function hubStream(
	outputs: LeaflineOutput,
	hub: Hub,
	name: string,
	counts: boolean,
): Promise<HubStreamFacts | undefined> {
	const count = counts && outputs.streams[name]?.direction === "uplink";
	const stored: Record<string, number> = {};
	let offset = 0;
	for (;;) {
		const body = count ? { subjects_filter: ">", offset } : undefined;
		const info = await unlessMissing(STREAM_NOT_FOUND, () =>
			hub.api(outputs.hub.domain).ask<StreamInfo>(`STREAM.INFO.${name}`, body, HUB_ANSWER_MS),
		);
		if (!info) return undefined;
		for (const [subject, messages] of Object.entries(info.state.subjects ?? {})) {
			const device = deviceOfSubject(subject);
			if (device !== undefined) stored[device] = (stored[device] ?? 0) + messages;
		}
		offset += PAGE;
		if (offset < (info.total ?? 0)) continue;
		const { messages, bytes } = info.state;
		const owner = info.config.metadata?.[OWNER];
		return {
			messages,
			bytes,
			stored,
			sources: sources(outputs, name, info),
			...(owner !== undefined && { owner: foreign(owner) }),
			refusesWhenFull: info.config.discard === "new",
			...emptied(info),
		};
	}
}

/** Whether it holds nothing although what came last is not yet too old. */
function emptied({ config, state }: StreamInfo): Pick<HubStreamFacts, "emptiedMs"> {
	const { messages, last_seq, last_ts = "" } = state;
	const ageMs = Date.now() - Date.parse(last_ts);
	const keepMs = (config.max_age ?? 0) / 1e6;
	// A message may go a moment early, and clocks differ.
	const tooOld = keepMs > 0 && ageMs > keepMs * 0.99 - 5_000;
	return messages === 0 && last_seq > 0 && ageMs >= 0 && !tooOld ? { emptiedMs: ageMs } : {};
}

function sources(outputs: LeaflineOutput, name: string, info: StreamInfo): Record<string, SourceFacts> {
	const { class: of = "", devices = [] } = outputs.streams[name] ?? {};
	const device = new Map(devices.map((it) => [edgeStreamName(it, of), it]));
	const durable = new Set((info.config.sources ?? []).flatMap((source) => (source.consumer ? [source.name] : [])));
	const result: Record<string, SourceFacts> = {};
	for (const source of info.sources ?? []) {
		const from = device.get(source.name);
		if (from !== undefined) result[from] = sourceFacts(source, durable.has(source.name));
	}
	return result;
}

/** A source as the hub's server tells of it. */
export function sourceFacts(
	{ seq = 0, lag = 0, active = -1, error }: NonNullable<StreamInfo["sources"]>[number],
	durable: boolean,
): SourceFacts {
	return {
		seq,
		lag,
		durable,
		// Nanoseconds since the hub heard from it, -1 for never.
		...(active >= 0 && { silentMs: Math.round(active / 1e6) }),
		...(error && { [error.err_code === SLOW_LINK ? "slow" : "error"]: error.description }),
	};
}
