/** What `switch` writes down in `/opt/leafline`, one line each. */

/** `trial`: the release that is on trial. */
export interface Trial {
	/** `return` and `good`: it is judged, and what follows from that is under way. */
	readonly state: "trial" | "return" | "good";
	/** Folders in `releases`: the release on trial, and the one that it goes back to. */
	readonly id: string;
	readonly before: string;
	readonly release: number;
	/** Of the order; 0 without one. */
	readonly order: number;
	/** Whether the link to the hub was up before. */
	readonly linkWasUp: boolean;
}

/** `outcome`: what became of the newest order, or of what somebody has installed by hand. */
export interface Outcome {
	readonly state: "good" | "returned" | "refused";
	/** Folder in `releases`; `-` where there is none. */
	readonly id: string;
	readonly release: number;
	/** 0 without an order. */
	readonly order: number;
	readonly reason: string;
}

/** @returns undefined for what is no such line */
export function readTrial(line: string): Trial | undefined {
	const [state = "", id = "", before = "", release, order, , , link] = line.trim().split(" ");
	const numbers = [release, order].map(Number);
	if (!isOneOf(["trial", "return", "good"], state) || !numbers.every(Number.isSafeInteger)) return undefined;
	return { state, id, before, release: Number(release), order: Number(order), linkWasUp: link === "up" };
}

/** @returns undefined for what is no such line */
export function readOutcome(line: string): Outcome | undefined {
	const [state = "", id = "", release, order, ...reason] = line.trim().split(" ");
	const numbers = [release, order].map(Number);
	if (!isOneOf(["good", "returned", "refused"], state) || !numbers.every(Number.isSafeInteger)) return undefined;
	return { state, id, release: Number(release), order: Number(order), reason: reason.join(" ") };
}

function isOneOf<T extends string>(known: readonly T[], word: string): word is T {
	return (known as readonly string[]).includes(word);
}
