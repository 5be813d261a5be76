import type { ConsumerInfo, StreamInfo } from "../jetstream/answers";
import type { Api } from "../jetstream/api";
import { BadAnswer } from "../jetstream/errors";
import { HUB_CONSUMER } from "../topology/names";
import {
	CROWDED,
	NOTHING_SETTLED,
	type Settled,
	type StoredMessages,
	settle,
	standing,
	trimBefore,
} from "../topology/trim";

/** How far the hub has the streams of one device on its disk. A program that was started anew has to wait anew. */
export class HubDisk {
	private readonly known = new Map<string, Settled>();

	/**
	 * @param syncMs how long the hub may take to have on its disk what it has acknowledged
	 * @param now milliseconds of a clock that nobody sets
	 */
	constructor(
		private readonly syncMs: number,
		private readonly now: () => number = () => performance.now(),
	) {}

	/** Sequence before which a stream may be purged, by what is known after this look at its consumer. */
	before(info: StreamInfo, { ack_floor: floor, push_bound: heard = false }: ConsumerInfo): number | undefined {
		const key = `${info.config.name} ${info.created ?? ""}`;
		const settled = settle(this.known.get(key) ?? NOTHING_SETTLED, { at: this.now(), floor }, this.syncMs);
		this.known.set(key, settled);
		const stands = heard ? standing(settled, this.syncMs) : undefined;
		const stored = storedIn(info);
		return trimBefore(stored, settled.seq) ?? (stands === undefined ? undefined : trimBefore(stored, stands, CROWDED));
	}
}

/**
 * Makes room in one stream of a device, where room is needed and the hub has the messages on its disk.
 * @returns messages that were purged
 * @throws JetStreamError when the device does not answer, answers with an error, or with what cannot be
 */
export async function trimStream(api: Api, info: StreamInfo, hub: HubDisk, timeoutMs: number): Promise<number> {
	if (!needsRoom(info)) return 0;
	const consumer = await acknowledged(api, info, timeoutMs);
	return purge(api, info, hub.before(info, consumer), timeoutMs);
}

/** Whether anything would be purged if the hub had everything: what it has is asked only when it matters. */
export function needsRoom(info: StreamInfo): boolean {
	return trimBefore(storedIn(info), Number.MAX_SAFE_INTEGER - 1) !== undefined;
}

/**
 * The hub's consumer on a stream.
 * @throws BadAnswer where it has acknowledged what is not there
 */
export async function acknowledged(api: Api, { config, state }: StreamInfo, timeoutMs: number): Promise<ConsumerInfo> {
	const call = `CONSUMER.INFO.${config.name}.${HUB_CONSUMER}`;
	const consumer = await api.ask<ConsumerInfo>(call, undefined, timeoutMs);
	const floor = consumer.ack_floor.stream_seq;
	if (floor > state.last_seq) await refuseBeyond(api, call, config.name, floor, timeoutMs);
	return consumer;
}

/** @param before as `trimBefore` has it */
export async function purge(
	api: Api,
	{ config }: StreamInfo,
	before: number | undefined,
	timeoutMs: number,
): Promise<number> {
	if (before === undefined) return 0;
	type Purged = { readonly purged: number };
	return (await api.ask<Purged>(`STREAM.PURGE.${config.name}`, { seq: before }, timeoutMs)).purged;
}

export function storedIn({ config, state }: StreamInfo): StoredMessages {
	return {
		messages: state.messages,
		bytes: state.bytes,
		firstSequence: state.first_seq,
		maxBytes: config.max_bytes,
	};
}

/**
 * Nobody has acknowledged what is not there. A device that says so lies, or its store went back in time: what it then
 * stores under sequences that were used before is not on the hub, and must stay.
 * @throws BadAnswer unless the stream has grown that far since it was looked at
 */
async function refuseBeyond(api: Api, call: string, stream: string, floor: number, timeoutMs: number): Promise<void> {
	const { state } = await api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, timeoutMs);
	if (floor <= state.last_seq) return;
	const reason = `acknowledged up to ${floor}, and the stream ends at ${state.last_seq}`;
	throw new BadAnswer(api.domain, call, reason);
}
