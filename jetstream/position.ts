import { createHash } from "node:crypto";
import { beginsFirst, readBegins } from "../topology/begin";
import type { StreamInfo } from "./answers";
import type { Api } from "./api";
import { lastMessage, listStreams, streamInfo } from "./calls";
import { isUnder, type Origin, patternsOf, readOrigin } from "./origin";
import type { Patience } from "./patience";

/** A stream that is sourced, as `STREAM.INFO` tells it. */
export type Sourced = Pick<StreamInfo, "created"> & { readonly name: string };

/** How far a stream is with one of its sources. */
export interface Position {
	/** Last sequence that it has, 0 for nothing. */
	readonly seq: number;
	/** A message that it holds shows that the source's stream is still the same one. */
	readonly proven: boolean;
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const IDENTITY_LENGTH = 8;

/** A stream's identity as a 2.15 server makes it (`stream.identity()`): a hash of the time it was created. */
export function streamIdentity(created: string): string {
	const sum = createHash("sha256").update(created).digest().subarray(0, IDENTITY_LENGTH);
	return [...sum].map((byte) => DIGITS[byte % DIGITS.length]).join("");
}

/**
 * How far a stream is with one of its sources. The server tells a position also when a device's stream was made anew
 * and it has not noticed yet: what it took last, if it still holds it, says which of the two streams that was from.
 */
export async function positionOf(api: Api, info: StreamInfo, source: Sourced, patience: Patience): Promise<Position> {
	const told = toldPosition(info, source.name);
	const last = await lastFrom(api, info.config, source.name, patience);
	const identity = streamIdentity(source.created ?? "");
	const begin = readBegins(info.config.metadata).get(source.name);
	const from = begin?.identity === identity ? begin.seq : 0;
	if (!last) return { seq: Math.max(told, from), proven: from >= told && (from > 0 || neverHad(info)) };
	const other = last.identity !== undefined && last.identity !== identity;
	return { seq: other ? from : Math.max(told, last.seq, from), proven: true };
}

/** Whether a stream that holds nothing of a source, and tells no place, has never had anything: it has lost no message to age. */
function neverHad({ config, state }: StreamInfo): boolean {
	return beginsFirst(config.metadata) && (state.first_seq ?? 0) <= 1;
}

/** The newest message that a stream holds of one source, found by the subjects that its transforms write. */
async function lastFrom(
	api: Api,
	config: StreamInfo["config"],
	origin: string,
	patience: Patience,
): Promise<Origin | undefined> {
	const own = (config.sources ?? []).filter(({ name }) => name === origin);
	const destinations = own.flatMap(({ subject_transforms = [] }) => subject_transforms.map(({ dest }) => dest));
	return lastUnder(api, config.name, destinations, origin, patience);
}

/** As `lastFrom`, for a source that is not there (any more). */
export async function lastUnder(
	api: Api,
	stream: string,
	destinations: readonly string[],
	origin: string,
	patience: Patience,
): Promise<Origin | undefined> {
	const subjects = patternsOf(destinations);
	const found = await Promise.all(subjects.map((subject) => lastMessage(api, stream, subject, patience)));
	let newest: { at: number; origin: Origin } | undefined;
	for (const message of found) {
		const from = message && isUnder(message.subject, subjects) ? readOrigin(message.hdrs) : undefined;
		if (from?.stream !== origin || !message) continue;
		if (!newest || message.seq > newest.at) newest = { at: message.seq, origin: from };
	}
	return newest?.origin;
}

/** Where the hub's streams are with their sources, for those who know a device's stream only. */
export interface Positions {
	/** Last sequence that the hub has of a stream, perhaps a moment ago; 0 for nothing. */
	told(name: string): Promise<number>;
	/** Asked anew at each call. */
	find(source: Sourced): Promise<Position>;
}

const NOTHING: Position = { seq: 0, proven: false };

/** @param hub the API of the hub's domain */
export function hubPositions(hub: Api, patience: () => Patience): Positions {
	let listed: Promise<ReadonlyMap<string, StreamInfo>> | undefined;
	const list = () => {
		listed ??= streamsBySource(hub, patience());
		return listed;
	};
	return {
		told: async (name) => toldPosition((await list()).get(name), name),
		async find(source) {
			const stream = (await list()).get(source.name)?.config.name;
			const info = stream === undefined ? undefined : await streamInfo(hub, stream, patience());
			return info ? positionOf(hub, info, source, patience()) : NOTHING;
		},
	};
}

/** Where one stream is with its sources, for example a device's downlink with the hub. */
export function streamPositions(api: Api, stream: string, patience: () => Patience): Positions {
	return {
		told: async (name) => toldPosition(await streamInfo(api, stream, patience()), name),
		async find(source) {
			const info = await streamInfo(api, stream, patience());
			return info ? positionOf(api, info, source, patience()) : NOTHING;
		},
	};
}

/** Last sequence that a stream has of one of its sources, as its server tells it; 0 for nothing. */
export function toldPosition(info: StreamInfo | undefined, source: string): number {
	return Math.max(0, ...(info?.sources ?? []).flatMap(({ name, seq }) => (name === source ? [seq ?? 0] : [])));
}

async function streamsBySource(hub: Api, patience: Patience): Promise<ReadonlyMap<string, StreamInfo>> {
	const found = new Map<string, StreamInfo>();
	for (const info of (await listStreams(hub, patience)).values()) {
		for (const { name } of info.config.sources ?? []) found.set(name, info);
	}
	return found;
}
