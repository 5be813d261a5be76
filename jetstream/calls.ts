import type { ConsumerInfo, StoredMessage, StreamInfo } from "./answers";
import type { Api } from "./api";
import { ApiError, CONSUMER_NOT_FOUND, MESSAGE_NOT_FOUND, NoAnswer, STREAM_NOT_FOUND } from "./errors";
import { type Patience, persist } from "./patience";

/** The calls that leafline makes again and again. All of them throw NoAnswer, BadAnswer, and ApiError. */

/** Entries of a list. A device has a handful of streams, a hub some hundred; consumers are as many as devices. */
const MOST = 10_000;

/** Undefined if there is no such stream. */
export async function streamInfo(api: Api, name: string, patience: Patience): Promise<StreamInfo | undefined> {
	return unlessMissing(STREAM_NOT_FOUND, () =>
		persist((timeout) => api.ask<StreamInfo>(`STREAM.INFO.${name}`, undefined, timeout), patience),
	);
}

/** Undefined if there is no such consumer; that of a stream that is not there is an error. */
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

/** All streams of a domain by name. */
export async function listStreams(api: Api, patience: Patience): Promise<ReadonlyMap<string, StreamInfo>> {
	type Page = { readonly total: number; readonly streams: readonly StreamInfo[] | null };
	const all = await list(api, "STREAM.LIST", (page: Page) => page.streams, patience);
	return new Map(all.map((info) => [info.config.name, info]));
}

/** All durable consumers of a stream by name; undefined if there is no such stream. */
export async function listConsumers(
	api: Api,
	stream: string,
	patience: Patience,
): Promise<ReadonlyMap<string, ConsumerInfo> | undefined> {
	type Page = { readonly total: number; readonly consumers: readonly ConsumerInfo[] | null };
	const all = await unlessMissing(STREAM_NOT_FOUND, () =>
		list(api, `CONSUMER.LIST.${stream}`, (page: Page) => page.consumers, patience),
	);
	return all && new Map(all.map((info) => [info.name, info]));
}

/** Page by page, and not for ever: who answers a little each time must come to an end as well. */
async function list<P extends { readonly total: number }, T>(
	api: Api,
	call: string,
	entries: (page: P) => readonly T[] | null,
	patience: Patience,
): Promise<T[]> {
	const all: T[] = [];
	for (;;) {
		const page = await persist((timeout) => api.ask<P>(call, { offset: all.length }, timeout), patience);
		const more = entries(page) ?? [];
		all.push(...more);
		if (more.length === 0 || all.length >= Math.min(page.total, MOST)) return all;
		if (Date.now() >= patience.deadline)
			throw new NoAnswer(api.domain, call, "its list does not come to an end in time");
	}
}

/** The newest message on a subject, which may have wildcards; undefined if there is none. */
export function lastMessage(api: Api, stream: string, subject: string, patience: Patience): Promise<Message> {
	return message(api, stream, { last_by_subj: subject }, patience);
}

/** The first message from a sequence on; undefined if there is none. @param subject may have wildcards */
export function nextMessage(
	api: Api,
	stream: string,
	seq: number,
	patience: Patience,
	subject = ">",
): Promise<Message> {
	return message(api, stream, { next_by_subj: subject, seq }, patience);
}

type Message = StoredMessage["message"] | undefined;

async function message(api: Api, stream: string, which: object, patience: Patience): Promise<Message> {
	const ask = (timeout: number) => api.ask<StoredMessage>(`STREAM.MSG.GET.${stream}`, which, timeout);
	return (await unlessMissing(MESSAGE_NOT_FOUND, () => persist(ask, patience)))?.message;
}

/** Deletes one message; one that is gone already is fine. */
export async function deleteMessage(api: Api, stream: string, seq: number, patience: Patience): Promise<void> {
	// The server calls one that it does not hold a missing message, or says that deleting failed.
	await unlessMissing(MESSAGE_NOT_FOUND, () =>
		persist((timeout) => api.ask(`STREAM.MSG.DELETE.${stream}`, { seq, no_erase: true }, timeout), patience),
	);
}

/** Deletes the messages of a stream before a sequence. */
export async function purgeBefore(api: Api, stream: string, seq: number, patience: Patience): Promise<void> {
	await persist((timeout) => api.ask(`STREAM.PURGE.${stream}`, { seq }, timeout), patience);
}

/** Deletes a stream; one that is gone already is fine. */
export async function deleteStream(api: Api, name: string, patience: Patience): Promise<void> {
	await unlessMissing(STREAM_NOT_FOUND, () =>
		persist((timeout) => api.ask(`STREAM.DELETE.${name}`, undefined, timeout), patience),
	);
}

/** Deletes a consumer; one that is gone already is fine, and so is one whose stream is. */
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

/** @returns undefined where the refusal has this code */
export async function unlessMissing<T>(code: number, act: () => Promise<T>): Promise<T | undefined> {
	try {
		return await act();
	} catch (error) {
		if (error instanceof ApiError && error.errCode === code) return undefined;
		throw error;
	}
}
