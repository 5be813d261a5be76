import type { LeaflineOutput } from "../contract/outputs";
import { deviceOfSubject } from "../topology/names";
import type { Edges } from "./edges";
import { messageOf } from "./errors";
import type { Hub } from "./hub";
import { readReaders } from "./readers";
import type { Facts, HubStreamFacts, SourceFacts } from "./state";

/** Subjects that one answer of the server may hold. */
const PAGE = 100_000;

/** "Consumer stalled": the server says so of any slow link that catches up, so it tells nothing. */
const SLOW_LINK = 10228;

/** Since when the link of a local device is cut, by device. */
export type ReadCuts = () => Promise<Readonly<Record<string, number>>>;

export interface LookOptions {
	/**
	 * Count what the hub stores of each device, which costs the server a walk over all subjects, and look after its
	 * readers. @default true
	 */
	readonly counts?: boolean;
}

/** One look at everything, in parallel; what does not answer in time is absent. */
export async function look(
	outputs: LeaflineOutput,
	hub: Hub | string,
	edges: Edges,
	cuts: ReadCuts,
	{ counts = true }: LookOptions = {},
): Promise<Facts> {
	const asked = typeof hub === "string" ? Promise.resolve(undefined) : hub.connected();
	const [streams, connected, devices, cut, silent, readers] = await Promise.all([
		typeof hub === "string" ? hub : hubStreams(outputs, hub, counts).catch(messageOf),
		asked,
		asked.then((names) => edges.ask(names)),
		cuts(),
		typeof hub === "string" ? undefined : hub.silent(),
		typeof hub === "string" || !counts ? [] : readReaders(outputs, hub),
	]);
	return {
		at: Date.now(),
		hub: typeof streams === "string" ? {} : streams,
		...(typeof streams === "string" && { hubError: streams }),
		edges: devices,
		...(connected && { connected }),
		...(silent !== undefined && { silentNodes: silent }),
		cuts: cut,
		readers,
	};
}

async function hubStreams(outputs: LeaflineOutput, hub: Hub, counts: boolean): Promise<Record<string, HubStreamFacts>> {
	const names = Object.entries(outputs.streams).filter(([, { direction }]) => direction === "uplink");
	const answers = await Promise.all(names.map(([name]) => hubStream(outputs, hub, name, counts)));
	const result: Record<string, HubStreamFacts> = {};
	names.forEach(([name], i) => {
		const answer = answers[i];
		if (answer) result[name] = answer;
	});
	return result;
}

interface StreamInfo {
	readonly state: {
		readonly messages: number;
		readonly bytes: number;
		readonly subjects?: Readonly<Record<string, number>>;
	};
	readonly sources?: readonly {
		readonly name: string;
		readonly seq?: number;
		readonly lag?: number;
		readonly active?: number;
		readonly error?: { readonly err_code?: number; readonly description: string };
	}[];
	readonly total?: number;
}

async function hubStream(
	outputs: LeaflineOutput,
	hub: Hub,
	name: string,
	counts: boolean,
): Promise<HubStreamFacts | undefined> {
	const stored: Record<string, number> = {};
	let offset = 0;
	for (;;) {
		const subject = `$JS.${outputs.hub.domain}.API.STREAM.INFO.${name}`;
		const reply = await hub.request(subject, counts ? { subjects_filter: ">", offset } : undefined);
		if (reply.error?.code === 404) return undefined;
		if (reply.error) throw new Error(`${name}: ${reply.error.description}`);
		const info = reply as unknown as StreamInfo;
		for (const [subject, messages] of Object.entries(info.state.subjects ?? {})) {
			const device = deviceOfSubject(subject);
			if (device !== undefined) stored[device] = (stored[device] ?? 0) + messages;
		}
		offset += PAGE;
		if (offset < (info.total ?? 0)) continue;
		const { messages, bytes } = info.state;
		return { messages, bytes, stored, sources: sources(outputs, name, info) };
	}
}

function sources(outputs: LeaflineOutput, name: string, info: StreamInfo): Record<string, SourceFacts> {
	const device = new Map(outputs.streams[name]?.devices.map((it) => [`${it}_${outputs.streams[name]?.class}`, it]));
	const result: Record<string, SourceFacts> = {};
	for (const { name: origin, seq = 0, lag = 0, active = -1, error } of info.sources ?? []) {
		const from = device.get(origin);
		if (from === undefined) continue;
		result[from] = {
			seq,
			lag,
			// Nanoseconds since the hub heard from it, -1 for never.
			...(active >= 0 && { silentMs: Math.round(active / 1e6) }),
			...(error && error.err_code !== SLOW_LINK && { error: error.description }),
		};
	}
	return result;
}
