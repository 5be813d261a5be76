import type { LeaflineOutput } from "../../contract/outputs";
import type { ConsumerInfo, StoredMessage } from "../../jetstream/answers";
import { unlessMissing } from "../../jetstream/calls";
import { MESSAGE_NOT_FOUND } from "../../jetstream/errors";
import { plural, span, WAIT } from "../format";
import { HUB_ANSWER_MS, type Hub } from "./hub";

/**
 * Readers of the hub's streams, as the fleet file declares them, and those that are stuck: nats.java before 2.21.2, for
 * one, fetches nothing from a stream whose header it does not like, and says so to nobody (docs/clients.md).
 */

/** So long nothing may be acknowledged, or three times what the reader may take for a message, before it is said. */
const QUIET_MS = 300_000;

export interface ReaderFacts {
	readonly reader: string;
	readonly stream: string;
	/** Messages that it has not acknowledged, those that it was not given included. */
	readonly waiting: number;
	/** Of these, the ones that it was given. */
	readonly given: number;
	/** Milliseconds since it acknowledged something, or since the consumer was made. */
	readonly quietMs: number;
	/** Milliseconds since it was given something, or since the consumer was made. */
	readonly idleMs: number;
	/** What it may take for a message. */
	readonly ackWaitMs: number;
	/** Age of the first message that waits, asked for only where nothing was acknowledged for long. */
	readonly oldestMs?: number;
}

export interface ReaderState {
	readonly reader: string;
	readonly stream: string;
	/** Messages that it has not acknowledged. */
	readonly waiting: number;
	/** Why it seems to be stuck. */
	readonly note?: string;
}

/**
 * One request a reader and stream, and one more where nothing moves. A consumer that is not there is left out.
 * @param quietMs from when on nothing moves. @default 5 min, or three times what the reader may take for a message
 */
export async function readReaders(
	outputs: LeaflineOutput,
	hub: Pick<Hub, "api">,
	quietMs = QUIET_MS,
): Promise<ReaderFacts[]> {
	const uplinks = Object.entries(outputs.streams).filter(([, { direction }]) => direction === "uplink");
	const asked = uplinks.flatMap(([stream, { consumers }]) =>
		consumers.map((reader) => readReader(outputs, hub, stream, reader, quietMs).catch(() => undefined)),
	);
	return (await Promise.all(asked)).filter((facts) => facts !== undefined);
}

async function readReader(
	{ hub: { domain } }: LeaflineOutput,
	hub: Pick<Hub, "api">,
	stream: string,
	reader: string,
	quietMs: number,
): Promise<ReaderFacts | undefined> {
	const api = hub.api(domain);
	const info = await api.ask<ConsumerInfo>(`CONSUMER.INFO.${stream}.${reader}`, undefined, HUB_ANSWER_MS);
	const { created, ts, ack_floor, delivered, config, num_pending, num_ack_pending } = info;
	// The server's clock, which all other times are from.
	const now = ts === undefined ? Date.now() : Date.parse(ts);
	const since = (time = created) => (time === undefined ? 0 : Math.max(0, now - Date.parse(time)));
	const facts: ReaderFacts = {
		reader,
		stream,
		waiting: num_pending + num_ack_pending,
		given: num_ack_pending,
		quietMs: since(ack_floor.last_active),
		idleMs: since(delivered.last_active),
		ackWaitMs: (config.ack_wait ?? 0) / 1e6,
	};
	if (facts.waiting === 0 || facts.quietMs < patience(facts, quietMs)) return facts;
	const first = { seq: ack_floor.stream_seq + 1, next_by_subj: config.filter_subject || ">" };
	const oldest = await unlessMissing(MESSAGE_NOT_FOUND, () =>
		api.ask<StoredMessage>(`STREAM.MSG.GET.${stream}`, first, HUB_ANSWER_MS),
	);
	return oldest ? { ...facts, oldestMs: Math.max(0, now - Date.parse(oldest.message.time)) } : facts;
}

function patience({ ackWaitMs }: ReaderFacts, quietMs = QUIET_MS): number {
	return Math.max(quietMs, 3 * ackWaitMs);
}

/** What is said of each reader. One that has nothing to read, or only what has just come, is not stuck. */
export function readerStates(readers: readonly ReaderFacts[]): ReaderState[] {
	return readers.map((facts) => {
		const { reader, stream, waiting } = facts;
		const note = stuck(facts);
		return { reader, stream, waiting, ...(note !== undefined && { note }) };
	});
}

function stuck(facts: ReaderFacts): string | undefined {
	const { waiting, given, quietMs, idleMs, oldestMs } = facts;
	const silent = Math.min(quietMs, oldestMs ?? 0);
	if (waiting === 0 || silent < patience(facts)) return undefined;
	const waits = plural(waiting, "message", WAIT);
	if (given === 0 && idleMs >= patience(facts)) return `${waits}, and nobody has fetched for ${span(silent)}`;
	return (
		`${waits}; it is given messages and has acknowledged none for ${span(silent)}: ` +
		"either it fails on each, or its client cannot read them (docs/clients.md)"
	);
}
