import type { Hardware } from "../config/model";
import { formatDuration } from "./format";

/** What a power cut may take of a class on one device: messages that were acknowledged and that nobody has any more. */
export interface PowerCutLoss {
	/** Of how many milliseconds before the cut. */
	readonly ms: number;
	/** As many at the class's rate; a burst may be more. */
	readonly messages: number;
}

/**
 * nats-server acknowledges a message when it is written, and syncs its file at most `sync_interval` later
 * (`filestore.go`, `syncBlocks`); with `always` it syncs first. What the hub has already is not lost. A stream in memory
 * loses all it holds.
 * @param holdsMs time until an empty stream of the class is full
 */
export function powerCutLoss(
	{ sync }: Pick<Hardware, "sync">,
	{ rate, storage }: { readonly rate: number; readonly storage: "file" | "memory" },
	holdsMs: number,
): PowerCutLoss {
	const ms = storage === "memory" ? holdsMs : sync === "always" ? 0 : sync;
	return { ms, messages: Math.ceil((rate * ms) / 1000) };
}

/** `at most 500 messages of can (its last 250ms) and 1 of alarm (250ms)`; `nothing` where every class is synced first. */
export function mostTaken(losses: Readonly<Record<string, PowerCutLoss>>): string {
	const some = Object.entries(losses).filter(([, { ms }]) => ms > 0);
	if (some.length === 0) return "nothing";
	const parts = some.map(([name, { ms, messages }], i) => {
		const count = messages.toLocaleString("en-US");
		return i === 0
			? `${count} ${messages === 1 ? "message" : "messages"} of ${name} (its last ${formatDuration(ms)})`
			: `${count} of ${name} (${formatDuration(ms)})`;
	});
	return `at most ${[parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter((part) => part !== "").join(" and ")}`;
}
