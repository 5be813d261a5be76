import type { ConsumerConfig, StreamConfig } from "../../../topology/jetstream";
import { type Api, ApiError, CONSUMER_NOT_FOUND, NoAnswer, type Patience, persist, STREAM_NOT_FOUND } from "./api";
import { compareConsumer, compareStream, type Seen } from "./compare";
import type { Holding } from "./rules";

export interface StreamInfo {
	readonly config: Seen;
	readonly state: Holding;
	/** When it was made, as the server writes it. */
	readonly created?: string;
	/** Each with the last sequence that was taken from it; only of a stream that sources. */
	readonly sources?:
		| readonly { readonly name: string; readonly seq?: number; readonly external?: { readonly deliver: string } }[]
		| null;
}

export interface ConsumerInfo {
	readonly name: string;
	readonly config: Seen;
	/** Messages not yet delivered. */
	readonly num_pending: number;
	/** Messages delivered and not yet acknowledged. */
	readonly num_ack_pending: number;
	/** The last message that it sent out. */
	readonly delivered: { readonly stream_seq: number };
	/** The last message up to which all are acknowledged. */
	readonly ack_floor: { readonly stream_seq: number };
}

/** Switches that a server refuses to turn off: an update sends them on as they are. */
const STICKY = ["sealed", "deny_delete", "deny_purge", "allow_msg_ttl", "allow_msg_schedules", "first_seq"] as const;
const PAGE_LIMIT = 10_000;

/** Undefined if there is no such stream. @throws NoAnswer, ApiError */
export async function streamInfo(api: Api, name: string, patience: Patience): Promise<StreamInfo | undefined> {
	return unlessMissing(STREAM_NOT_FOUND, () =>
		persist((timeout) => api.ask<StreamInfo>(`STREAM.INFO.${name}`, undefined, timeout), patience),
	);
}

/**
 * Creates a stream, or updates the one that `existing` describes. A time-out means unknown, for a server may take
 * minutes to add one source to a big stream: what became of the request is read back before it is sent again.
 */
export async function putStream(
	api: Api,
	wanted: StreamConfig,
	existing: StreamInfo | undefined,
	patience: Patience,
): Promise<void> {
	const kept = Object.fromEntries(
		STICKY.filter((key) => existing?.config[key]).map((key) => [key, existing?.config[key]]),
	);
	const verb = existing ? "UPDATE" : "CREATE";
	// Without an empty list of subjects, a stream that once had no source keeps listening on its own name.
	const body = { ...kept, ...wanted, subjects: wanted.subjects ?? [] };
	const done = async () => {
		const info = await streamInfo(api, wanted.name, { ...patience, timeoutsMs: [5_000] });
		return info !== undefined && compareStream(wanted, info.config).length === 0;
	};
	await persist(
		(timeout) => writeAndReadBack(() => api.ask(`STREAM.${verb}.${wanted.name}`, body, timeout), done),
		patience,
	);
}

/** Deletes a stream; one that is gone already is fine. */
export async function deleteStream(api: Api, name: string, patience: Patience): Promise<void> {
	await unlessMissing(STREAM_NOT_FOUND, () =>
		persist((timeout) => api.ask(`STREAM.DELETE.${name}`, undefined, timeout), patience),
	);
}

/** All streams of a domain by name. */
export async function listStreams(api: Api, patience: Patience): Promise<ReadonlyMap<string, StreamInfo>> {
	const all = new Map<string, StreamInfo>();
	for (let offset = 0; offset < PAGE_LIMIT; ) {
		const page = await persist(
			(timeout) => api.ask<{ total: number; streams: StreamInfo[] | null }>("STREAM.LIST", { offset }, timeout),
			patience,
		);
		for (const info of page.streams ?? []) all.set(String(info.config.name), info);
		offset += page.streams?.length ?? 0;
		if (!page.streams?.length || offset >= page.total) break;
	}
	return all;
}

/** All durable consumers of a stream by name; undefined if there is no such stream. */
export async function listConsumers(
	api: Api,
	stream: string,
	patience: Patience,
): Promise<ReadonlyMap<string, ConsumerInfo> | undefined> {
	const all = new Map<string, ConsumerInfo>();
	for (let offset = 0; offset < PAGE_LIMIT; ) {
		const page = await unlessMissing(STREAM_NOT_FOUND, () =>
			persist(
				(timeout) =>
					api.ask<{ total: number; consumers: ConsumerInfo[] | null }>(`CONSUMER.LIST.${stream}`, { offset }, timeout),
				patience,
			),
		);
		if (!page) return undefined;
		for (const consumer of page.consumers ?? []) all.set(consumer.name, consumer);
		offset += page.consumers?.length ?? 0;
		if (!page.consumers?.length || offset >= page.total) break;
	}
	return all;
}

export async function consumerInfo(
	api: Api,
	stream: string,
	name: string,
	patience: Patience,
): Promise<ConsumerInfo | undefined> {
	return unlessMissing(CONSUMER_NOT_FOUND, () =>
		persist((timeout) => api.ask<ConsumerInfo>(`CONSUMER.INFO.${stream}.${name}`, undefined, timeout), patience),
	);
}

/** Creates a consumer or updates the one of that name. */
export async function putConsumer(api: Api, stream: string, wanted: ConsumerConfig, patience: Patience): Promise<void> {
	const name = wanted.durable_name;
	const body = { stream_name: stream, config: { ...wanted, name } };
	// The form with the filter in the subject is the one that permissions can see.
	const filter = wanted.filter_subject ? `.${wanted.filter_subject}` : "";
	const endpoint = `CONSUMER.CREATE.${stream}.${name}${filter}`;
	const done = async () => {
		const info = await consumerInfo(api, stream, name, { ...patience, timeoutsMs: [5_000] });
		return info !== undefined && compareConsumer(wanted, info.config).length === 0;
	};
	await persist((timeout) => writeAndReadBack(() => api.ask(endpoint, body, timeout), done), patience);
}

export async function deleteConsumer(api: Api, stream: string, name: string, patience: Patience): Promise<void> {
	await unlessMissing(CONSUMER_NOT_FOUND, () =>
		unlessMissing(STREAM_NOT_FOUND, () =>
			persist((timeout) => api.ask(`CONSUMER.DELETE.${stream}.${name}`, undefined, timeout), patience),
		),
	);
}

/** Makes a consumer go on from this sequence, as if everything before it had been delivered and acknowledged. */
export async function resetConsumer(
	api: Api,
	stream: string,
	name: string,
	seq: number,
	patience: Patience,
): Promise<void> {
	await persist((timeout) => api.ask(`CONSUMER.RESET.${stream}.${name}`, { seq }, timeout), patience);
}

async function writeAndReadBack(write: () => Promise<unknown>, done: () => Promise<boolean>): Promise<void> {
	try {
		await write();
	} catch (error) {
		if (!(error instanceof NoAnswer) || !(await done())) throw error;
	}
}

async function unlessMissing<T>(code: number, act: () => Promise<T>): Promise<T | undefined> {
	try {
		return await act();
	} catch (error) {
		if (error instanceof ApiError && error.errCode === code) return undefined;
		throw error;
	}
}
