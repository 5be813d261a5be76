import type { ConsumerInfo, StreamInfo } from "../jetstream/answers";
import type { Api } from "../jetstream/api";
import { BadAnswer } from "../jetstream/errors";
import { HUB_CONSUMER } from "../topology/names";
import { trimBefore } from "../topology/trim";

/**
 * Makes room in one stream of a device, where room is needed and the hub has the messages.
 * @returns messages that were purged
 * @throws JetStreamError when the device does not answer, answers with an error, or with what cannot be
 */
export async function trimStream(api: Api, { config, state }: StreamInfo, timeoutMs: number): Promise<number> {
	const stored = {
		messages: state.messages,
		bytes: state.bytes,
		firstSequence: state.first_seq,
		maxBytes: config.max_bytes,
	};
	// Everything there is counts as acknowledged here: the second question is asked only when it matters.
	if (trimBefore(stored, Number.MAX_SAFE_INTEGER - 1) === undefined) return 0;
	const call = `CONSUMER.INFO.${config.name}.${HUB_CONSUMER}`;
	const { ack_floor } = await api.ask<ConsumerInfo>(call, undefined, timeoutMs);
	const acknowledged = ack_floor.stream_seq;
	if (acknowledged > state.last_seq) await refuseBeyond(api, call, config.name, acknowledged, timeoutMs);
	const before = trimBefore(stored, acknowledged);
	if (before === undefined) return 0;
	type Purged = { readonly purged: number };
	return (await api.ask<Purged>(`STREAM.PURGE.${config.name}`, { seq: before }, timeoutMs)).purged;
}

/** As `trimStream`, for one who has not looked yet. @throws also when there is no such stream */
export async function trimNamed(api: Api, stream: string, timeoutMs: number): Promise<number> {
	return trimStream(api, await api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, timeoutMs), timeoutMs);
}

/**
 * Nobody has acknowledged what is not there. A device that says so lies, or its store went back in time: what it then
 * stores under sequences that were used before is not on the hub, and must stay.
 * @throws BadAnswer unless the stream has grown that far since it was looked at
 */
async function refuseBeyond(
	api: Api,
	call: string,
	stream: string,
	acknowledged: number,
	timeoutMs: number,
): Promise<void> {
	const { state } = await api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, timeoutMs);
	if (acknowledged <= state.last_seq) return;
	const reason = `acknowledged up to ${acknowledged}, and the stream ends at ${state.last_seq}`;
	throw new BadAnswer(api.domain, call, reason);
}
