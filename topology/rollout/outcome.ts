import type { Have } from "./have";
import type { Plan } from "./plan";

/** What is seen of one device. */
export interface DeviceView {
	/** Whether it has a link to the hub now. */
	readonly linked: boolean;
	/** The order of this rollout under `want.<device>`; `at` is when the hub took it, milliseconds since 1970. */
	readonly told?: { readonly at: number };
	/** `latest` of what it says of itself, where that is about the order of this rollout. */
	readonly latest?: NonNullable<Have["latest"]>;
}

/** What became of a device. */
export type Outcome =
	/** It has no order. */
	| "untold"
	/** It has one, and has said nothing of it: nothing has changed. */
	| "told"
	/** The same, and it has no link. */
	| "away"
	/** It fetches, or tries. */
	| "under way"
	| "good"
	/** It went back, refused, or took too long. */
	| "failed";

export const OUTCOMES: readonly Outcome[] = ["untold", "told", "away", "under way", "good", "failed"];

/** @param now milliseconds since 1970 */
export function outcomeOf({ withinMs }: Pick<Plan, "withinMs">, view: DeviceView, now: number): Outcome {
	const { linked, told, latest } = view;
	// What it said stays said, also when its order was taken back meanwhile.
	if (latest?.state === "good") return "good";
	if (latest?.state === "returned" || latest?.state === "refused") return "failed";
	if (latest === undefined && told === undefined) return "untold";
	if (latest === undefined && !linked) return "away";
	if (told !== undefined && now - told.at > withinMs) return "failed";
	return latest === undefined ? "told" : "under way";
}

/** Whether it may change over at any moment, also when its time is up. */
export function mayChange({ told, latest }: DeviceView): boolean {
	if (latest === undefined) return told !== undefined;
	return latest.state === "pulling" || latest.state === "switched";
}
