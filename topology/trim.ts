import { LOOK_EVERY_MS } from "./reserve";

/**
 * Room for new messages on a device. A stream that refuses when it is full (`discard: new`) would refuse for ever once
 * it has stored `max_bytes` in all, for `limits` retention never removes what the hub has. WorkQueue and Interest would,
 * but at once: what a hub loses in a power cut, or by being restored from a snapshot, could not be fetched again. So the
 * oldest messages that the hub has acknowledged are purged, and only when room is needed.
 *
 * Acknowledged is not on the hub's disk: a power cut of all its nodes takes what came since their last sync, and it has to
 * get that again. So only what was acknowledged a `sync` ago counts, and of a hub that is known to have lived since then.
 */

/** Part of `max_bytes` that messages the hub has may take; more is purged. Buffers are planned without this part. */
export const KEEP_AT_MOST = 0.2;

/** Part that stays: what a hub that lost its newest messages can fetch again. */
export const KEEP_AT_LEAST = 0.1;

/** How much of `max_bytes` messages that the hub has may take, and to how much they are brought down. */
export interface Keep {
	readonly most: number;
	readonly least: number;
}

const USUAL: Keep = { most: KEEP_AT_MOST, least: KEEP_AT_LEAST };

/**
 * For a stream that was filled so fast that nothing is known for certain, and that nothing can be stored in any more, so
 * that nothing is acknowledged any more either: half of it goes, the half that the hub has had for longest.
 */
export const CROWDED: Keep = { most: 0.5, least: 0.5 };

export interface StoredMessages {
	readonly messages: number;
	readonly bytes: number;
	readonly firstSequence: number;
	readonly maxBytes: number;
}

/**
 * Sequence before which the stream may be purged, as `STREAM.PURGE` takes it; undefined when nothing is to be done.
 * @param acknowledged last stream sequence of the hub's consumer up to which the hub has everything on its disk
 */
export function trimBefore(
	stored: StoredMessages,
	acknowledged: number,
	{ most, least }: Keep = USUAL,
): number | undefined {
	const { messages, bytes, firstSequence, maxBytes } = stored;
	if (maxBytes <= 0 || messages === 0 || bytes <= most * maxBytes) return undefined;
	const excess = Math.ceil((bytes - least * maxBytes) / (bytes / messages));
	const before = Math.min(firstSequence + excess, acknowledged + 1);
	return before > firstSequence ? before : undefined;
}

/** What nats-server takes by itself, for a hub of which nobody says. */
export const UNKNOWN_SYNC_MS = 120_000;

/** How long the hub may take to have on its disk what it has acknowledged. */
export function hubSyncMs(sync: number | "always"): number {
	return sync === "always" ? 0 : sync;
}

/**
 * Longest time from an acknowledgement to when it counts, while messages come: it is seen at the next look, is `sync` old
 * at another one, and at the one behind that the hub has acknowledged more.
 */
export function settlesAfterMs(syncMs: number): number {
	return syncMs + 3 * LOOK_EVERY_MS;
}

/** One look at the hub's consumer. */
export interface Look {
	/** Milliseconds of a clock that nobody sets. */
	readonly at: number;
	/** `ack_floor` of the consumer. */
	readonly floor: { readonly stream_seq: number; readonly consumer_seq: number };
}

/** What is known of a consumer's acknowledgements. */
export interface Settled {
	/** Last sequence that the hub has on its disk; 0 while nothing is known. */
	readonly seq: number;
	/** Acknowledgements that are too young, the oldest first, with when each was first and last seen. */
	readonly young: readonly { readonly floor: Look["floor"]; readonly since: number; readonly until: number }[];
}

export const NOTHING_SETTLED: Settled = { seq: 0, young: [] };

/**
 * What is known after one more look. That the hub lives is shown by nothing but a further acknowledgement: a link may
 * look alive for a minute when there is nobody at its other end. And whoever reconnects has the consumer count from one
 * again: then nothing of what was known holds, for it may be a hub that went back.
 */
export function settle({ seq, young }: Settled, { at, floor }: Look, syncMs: number): Settled {
	const last = young.at(-1);
	const anew = { floor, since: at, until: at };
	if (!last || beganAnew(last.floor, floor)) return { seq: 0, young: [anew] };
	if (floor.stream_seq === last.floor.stream_seq)
		return { seq, young: [...young.slice(0, -1), { ...last, until: at }] };
	const old = young.filter(({ since }) => since + syncMs <= last.until);
	return { seq: Math.max(seq, old.at(-1)?.floor.stream_seq ?? 0), young: [...young.slice(old.length), anew] };
}

/** How long the hub has to have listened, without a word, for `CROWDED`. */
const SILENT_MS = 5_000;

/** The acknowledgement that has stood for so long; undefined where one is too young, or nothing is known. */
export function standing({ young }: Settled, syncMs: number): number | undefined {
	const last = young.at(-1);
	return last && last.until - last.since >= syncMs + SILENT_MS ? last.floor.stream_seq : undefined;
}

/** A consumer that was reset counts its messages from one; a gap in the stream looks the same, and costs a moment. */
function beganAnew(before: Look["floor"], now: Look["floor"]): boolean {
	const ahead = (floor: Look["floor"]) => floor.stream_seq - floor.consumer_seq;
	return now.stream_seq < before.stream_seq || ahead(before) !== ahead(now);
}
