import { foreign } from "../../config/printable";
import { Malformed, reader } from "./read";

/**
 * Where a rollout stands. It lies under `rollout.current`, and is written only over the revision that was read, so that of two
 * who go on at once one has to look again.
 */
export interface Current {
	readonly version: 1;
	readonly rollout: string;
	/**
	 * `preparing`: the files go to the hub. `running`: a wave is under way. `pausing`: the time between two waves. `asking`: the next one waits for `rollout go`.
	 * Over are `done`, after which only those come who were away, `failed` (more failures than are tolerated), `stopped`, and
	 * `back` (everybody is to leave the release).
	 */
	readonly phase: Phase;
	/** Somebody said `rollout pause`: nobody else is told anything until `rollout go`. */
	readonly held: boolean;
	/** Index of the wave that is under way, or of the one that comes next. */
	readonly wave: number;
	/** Since when it is in this phase, milliseconds since 1970. */
	readonly since: number;
	/** Devices whose orders are being given; whoever goes on gives them first. */
	readonly telling: readonly string[];
	/** Why it failed, one line. */
	readonly reason?: string;
}

export const PHASES = ["preparing", "running", "pausing", "asking", "done", "failed", "stopped", "back"] as const;
export type Phase = (typeof PHASES)[number];

/** Whether nobody will be told to change over any more. */
export function isOver({ phase }: Pick<Current, "phase">): boolean {
	return phase === "done" || phase === "failed" || phase === "stopped" || phase === "back";
}

export function currentValue(current: Current): string {
	return JSON.stringify(current);
}

/** @throws Malformed */
export function readCurrent(value: Uint8Array | string): Current {
	const fields = reader("rollout.current", value);
	if (fields.whole("version") !== 1) throw new Malformed("the rollout was begun by a newer leafline");
	return {
		version: 1,
		rollout: fields.text("rollout", 100),
		phase: fields.one("phase", PHASES),
		held: fields.yes("held"),
		wave: fields.whole("wave"),
		since: fields.whole("since"),
		telling: fields.list("telling"),
		...(fields.has("reason") && { reason: foreign(fields.text("reason", 2_000), 500) }),
	};
}
