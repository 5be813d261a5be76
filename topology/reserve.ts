/**
 * Sequences are never used twice. The hub takes a sequence that it has seen for a message that it has, so a stream that
 * lost its newest messages (what a power cut takes, a flipped bit, a truncated block) must not go on where it stands:
 * the messages that it would store next would never reach the hub, and nobody would say so. So a device writes down, on
 * disk and synced, how far each stream may go before it goes there, as databases allot ids; and after an end that was
 * not clean every stream goes on behind that.
 */

/**
 * Sequences that are written down at a time. Moving a stream by so many takes about a second (`bench/`), and no
 * publisher on the device uses them up between two looks.
 */
export const BLOCK = 262_144;

/** Milliseconds between two looks at the streams. A nats-server was not seen to store half a block in that time. */
export const LOOK_EVERY_MS = 250;

/**
 * The mark to be written down before a stream goes on.
 * @param last last sequence of the stream
 * @param reserved what is written down; undefined for a stream that is new
 * @returns undefined while half a block is left
 */
export function nextMark(last: number, reserved: number | undefined): number | undefined {
	if (reserved !== undefined && reserved - last >= BLOCK / 2) return undefined;
	return last + BLOCK;
}

/**
 * Whether a stream is so near to its mark that its server must take nothing more, where the next one cannot be written.
 * Without a mark it is the block that any start adds.
 */
export function isNear(last: number, reserved: number | undefined): boolean {
	return (reserved ?? BLOCK) - last < BLOCK / 4;
}

/**
 * Where a stream must stand after an end that was not clean: behind everything that may have been stored. The mark
 * holds whatever the disk made of the stream; the block behind its own last sequence holds should nobody have written
 * the mark in time, for what is stored and not yet on disk is less than that.
 * @param last last sequence that the stream came back with
 * @param reserved what is written down; undefined if nothing is
 */
export function safeSequence(last: number, reserved: number | undefined): number {
	return Math.max(last + BLOCK, reserved ?? 0);
}

/**
 * What a stream of a device does not use in a second: what it stores (some tenth of it at most), and what starts after
 * unclean ends skip beside the time (three blocks each, and they take a second). So an older store, moved on by the time
 * since then, comes to stand behind whatever a newer one has used, that one's own moves included: those are the same rate.
 */
const SKIPPED_A_SECOND = 4 * BLOCK;
/** The longest time that is reckoned with, so that a wrong clock cannot use the sequences up. */
const LONGEST_MS = 366 * 24 * 3600 * 1000;
/** No stream is moved beyond it; half of what is exact in JSON. */
const LAST_SEQUENCE = 2 ** 52;

/**
 * Where a stream must stand whose store may be an older image: behind everything that may have been stored since it was
 * written, by whatever had the newer one.
 * @param reserved mark that is written down in it
 * @param ms since then by the clock; negative where that was put back, or was ahead then
 */
export function floorAfter(reserved: number, ms: number): number {
	// To the millisecond: two stores that are moved on within a second must not come to stand at the same place.
	const skipped = Math.ceil((Math.min(Math.max(ms, 0), LONGEST_MS) * SKIPPED_A_SECOND) / 1000);
	return Math.max(reserved, Math.min(reserved + BLOCK + skipped, LAST_SEQUENCE));
}

/** Whether a stream stands so far behind its mark that it has lost what it once held; a start of its server moves it on. */
export function wentBack(last: number, reserved: number | undefined): boolean {
	return reserved !== undefined && last + BLOCK < reserved;
}

/**
 * Key in the metadata of a stream of the hub whose sequences leafline's nats-server reserves, without a program beside
 * it: each time that a server takes the stream up, it goes on so much further as cannot have been used
 * (`toolchain/go/nats-server/change/reserved_sequences.go`). The official server does not know it.
 */
export const RESERVE_KEY = "leafline.reserve";

/** Whatever the plan says: commands that come in bursts are not planned. */
const LEAST_RESERVED = 64;

/**
 * How many messages a second, on average, a stream of the hub may have taken since the time that a restored snapshot is
 * of: what the plan says, up to the next power of two, so that one device more is not a change of the stream.
 * @param rate messages a second, as planned
 * @returns decimal digits, as metadata has them
 */
export function reservedRate(rate: number): string {
	return String(2 ** Math.ceil(Math.log2(Math.max(rate, LEAST_RESERVED))));
}
