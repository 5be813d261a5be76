import { MAX_PAYLOAD } from "../config/limits";
import { confDuration } from "./nats-config";

/** Settings that hub and devices must agree on, or that have the same reason on both sides. */

/** Less than the hub takes: the hub adds headers to each message, and one that it refuses stops its source for ever. */
export const EDGE_MAX_PAYLOAD = MAX_PAYLOAD - 1024;

/**
 * A link that is dead without a word is noticed after 20 s × 3, at most 80 s. Pings wait behind data, so interval × max
 * must be well above what a full window takes on the link (2 s at most): 5 s × 2 closed busy links at 60 kB/s without
 * windows, and the default of 2 min × 2 leaves a half-open link unnoticed for up to 6 min.
 */
export const PING = { ping_interval: confDuration(20_000), ping_max: 3 };

/** Time to connect, to shake hands and to log in, over a radio that has to wake up first; the defaults are 1 to 2 s. */
export const HANDSHAKE_SECONDS = 15;

/** How long a write to the other side may take before the link counts as dead; the default of 10 s is tight for LTE. */
export const LINK_WRITE_DEADLINE = confDuration(60_000);

/** `sync_interval`. */
export function syncInterval(sync: number | "always"): string {
	return sync === "always" ? "always" : confDuration(sync);
}
