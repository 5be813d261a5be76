import type { Link, UplinkClass } from "../config/model";
import { compressionFactor, wireBytes } from "./sizes";

/**
 * `max_ack_pending` of the durable consumers that the hub sources through: how many messages of a class may be on the
 * link at once, and so how long a message of another class may have to wait behind them.
 *
 *     window = up-speed × delay ÷ wire bytes of a message           (uncompressed: compression only shortens the wait)
 *     at least  3 × up-speed × round trip ÷ compressed wire bytes   (the bandwidth-delay product, see below)
 *     at least 64, at most 10,000
 *
 * The server asks for an acknowledgement when the window is full, and sends nothing until it comes: a window of once
 * the bandwidth-delay product would leave the link idle half of the time, three times that a quarter of it, which is
 * what the link's budget counts on.
 *
 * Measured on 2.15.2 over 500 kB/s with messages of 1 KB: with a window of 256, which is a delay of 0.5 s, an alarm of
 * another class arrived after 0.6 to 0.9 s while 20 MB drained; without windows after up to 32 s.
 */

/** Below it, the acknowledgements cost more than they bring. */
export const SMALLEST_WINDOW = 64;

/** Above it nothing was gained: 10,000 carried 36,000 messages a second over loopback, 1,000 already 35,000. */
export const LARGEST_WINDOW = 10_000;

/** Windows are at least this many bandwidth-delay products. */
const PRODUCTS = 3;

/** Bulk classes together delay a message of high priority by at most this, however many they are. */
const TOTAL_DELAY_MS = 2_000;

/** Window of each uplink class on devices with this link, by class. */
export function uplinkWindows(
	classes: Readonly<Record<string, UplinkClass>>,
	link: Link,
	device: string,
): Readonly<Record<string, number>> {
	const scale = delayScale(classes);
	return Object.fromEntries(
		Object.entries(classes).map(([name, { sizeBytes, delayMs, priority }]) => {
			const delay = priority === "high" ? delayMs : delayMs * scale;
			return [name, windowFor(link.upBitsPerSecond, wireBytes(device, name, sizeBytes), delay, link)];
		}),
	);
}

/**
 * Window for messages of `wire` bytes in one direction of a link.
 *
 * @param bitsPerSecond speed of that direction
 * @param delayMs how long the bytes of a full window may occupy it
 */
export function windowFor(bitsPerSecond: number, wire: number, delayMs: number, link: Link): number {
	const bytesPerMs = bitsPerSecond / 8 / 1000;
	const wanted = (bytesPerMs * delayMs) / wire;
	const needed = (PRODUCTS * bytesPerMs * link.rttMs) / (wire * compressionFactor(link.compression));
	return Math.min(LARGEST_WINDOW, Math.max(SMALLEST_WINDOW, Math.ceil(Math.max(wanted, needed))));
}

/** Shrinks the delays of bulk classes where an urgent one would have to wait for all of them. */
function delayScale(classes: Readonly<Record<string, UplinkClass>>): number {
	const all = Object.values(classes);
	if (!all.some(({ priority }) => priority === "high")) {
		return 1;
	}
	const total = all.filter(({ priority }) => priority === "normal").reduce((sum, { delayMs }) => sum + delayMs, 0);
	return total > TOTAL_DELAY_MS ? TOTAL_DELAY_MS / total : 1;
}
