import { spawnSync } from "node:child_process";
import { formatDuration } from "../topology/format";
import { BLOCK, floorAfter } from "../topology/reserve";
import type { Mark, Reservations } from "./reservations";

type Marks = Reservations["reserved"];

/** What the server that this device runs says of its version; empty if it does not run. */
export function serverVersion(program = "nats-server"): string {
	return spawnSync(program, ["--version"], { encoding: "utf8" }).stdout ?? "";
}

/** Marks of a store that may be an older image: each stream goes on behind whatever a newer one may have stored since. */
export function behindNewer(marks: Marks, sinceMs: number): Marks {
	const moved = ({ sequence, created }: Mark): Mark => {
		const floor = floorAfter(sequence, sinceMs);
		return { sequence: floor + BLOCK, floor, created };
	};
	return Object.fromEntries(Object.entries(marks).map(([name, mark]) => [name, moved(mark)]));
}

/** For the device's journal. @param at when the store was last written, milliseconds since 1970; undefined if nobody knows */
export function olderLine(device: string, at: number | undefined, now: number): string {
	const unseen = `${device}: its store is not known to this boot of the machine, and may be an older image`;
	if (at === undefined) return `${unseen} of any age; its streams go on a block further`;
	if (at > now) {
		const written = new Date(at).toISOString();
		return `${unseen}: how old nobody can tell, for the clock stands before ${written}, when it was last written`;
	}
	return `${unseen}; its streams go on behind all that a newer one may have stored in ${formatDuration(roundUp(now - at))}`;
}

function roundUp(ms: number): number {
	return Math.ceil(ms / 1000) * 1000;
}
