import type { Facts, SourceFacts } from "./seen";

/** A device that the hub has not heard for this long is gone; heartbeats come every second. */
const OFFLINE_AFTER_MS = 30_000;

/** What is known of the link between a device and the hub. */
export type LinkState =
	| { readonly state: "up" }
	| { readonly state: "cut"; readonly forMs: number }
	| { readonly state: "down"; readonly forMs: number }
	| { readonly state: "never seen" }
	/** The hub did not answer. */
	| { readonly state: "unknown" };

/** @param sources of the device, on the hub */
export function linkState(facts: Facts, device: string, sources: readonly SourceFacts[]): LinkState {
	const cut = facts.cuts[device];
	if (cut !== undefined) return { state: "cut", forMs: Math.max(0, facts.at - cut) };
	const silent = sources.flatMap(({ silentMs }) => (silentMs === undefined ? [] : [silentMs]));
	const forMs = Math.min(...silent);
	if (facts.connected ? facts.connected.includes(device) : forMs < OFFLINE_AFTER_MS) return { state: "up" };
	if (facts.hubError !== undefined) return { state: "unknown" };
	return silent.length > 0 ? { state: "down", forMs } : { state: "never seen" };
}
