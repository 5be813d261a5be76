/**
 * Room for new messages on a device. A stream that refuses when it is full (`discard: new`) would refuse for ever once
 * it has stored `max_bytes` in all, for `limits` retention never removes what the hub has. WorkQueue and Interest would,
 * but at once: what a hub loses in a power cut, or by being restored from a snapshot, could not be fetched again. So the
 * oldest messages that the hub has acknowledged are purged, and only when room is needed.
 */

/** Part of `max_bytes` that messages the hub has may take; more is purged. Buffers are planned without this part. */
export const KEEP_AT_MOST = 0.2;

/** Part that stays: what a hub that lost its newest messages can fetch again. */
export const KEEP_AT_LEAST = 0.1;

export interface StoredMessages {
	readonly messages: number;
	readonly bytes: number;
	readonly firstSequence: number;
	readonly maxBytes: number;
}

/**
 * Sequence before which the stream may be purged, as `STREAM.PURGE` takes it; undefined when nothing is to be done.
 * @param acknowledged last stream sequence of the hub's consumer up to which all is acknowledged (`ack_floor`)
 */
export function trimBefore(stored: StoredMessages, acknowledged: number): number | undefined {
	const { messages, bytes, firstSequence, maxBytes } = stored;
	if (maxBytes <= 0 || messages === 0 || bytes <= KEEP_AT_MOST * maxBytes) return undefined;
	const excess = Math.ceil((bytes - KEEP_AT_LEAST * maxBytes) / (bytes / messages));
	const before = Math.min(firstSequence + excess, acknowledged + 1);
	return before > firstSequence ? before : undefined;
}
