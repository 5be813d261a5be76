import type { Hardware } from "../config/model";
import { formatDuration } from "./format";

/** What a power cut may take of a class on one device: messages that were acknowledged and that nobody has any more. */
export interface PowerCutLoss {
	/** Of how many milliseconds before the cut, plus as long as one sync of the disk takes, which no plan knows. */
	readonly ms: number;
	/** As many at the class's rate in `ms`; a burst, or a disk that is slow to sync, makes it more. */
	readonly messages: number;
}

/**
 * nats-server acknowledges a message when it is written, and syncs its file at most `sync_interval` later
 * (`filestore.go`, `syncBlocks`); with `always` it syncs first. What the hub has already is not lost. A stream in memory
 * loses all it holds. The interval counts from the end of a sync, so what one takes is lost beside it: on a busy disk 303 ms
 * were seen with 250 (docs/benchmarks.md, "What power cuts take").
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

/**
 * `at most 500 messages of can (its last 250ms) and 1 of alarm (250ms) at the planned rates, plus what came during one sync
 * of its disk`; `nothing` where every class is synced first.
 */
export function mostTaken(losses: Readonly<Record<string, PowerCutLoss>>): string {
	const some = Object.entries(losses).filter(([, { ms }]) => ms > 0);
	if (some.length === 0) return "nothing";
	const parts = some.map(([name, { ms, messages }], i) => {
		const count = messages.toLocaleString("en-US");
		return i === 0
			? `${count} ${messages === 1 ? "message" : "messages"} of ${name} (its last ${formatDuration(ms)})`
			: `${count} of ${name} (${formatDuration(ms)})`;
	});
	const all = [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter((part) => part !== "").join(" and ");
	return `at most ${all} at the planned rate${some.length > 1 ? "s" : ""}, plus what came during one sync of its disk`;
}
