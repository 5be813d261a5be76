import { type Maybe, type Origin, type Outcome, UNKNOWN } from "../model";

/** The three things a rule can say of what it applies to. */

export function complies(origin: Origin): Outcome {
	return { verdict: "complies", origin };
}

/** @param message one sentence that names the thing, the field, the value, and what happens */
export function violates(origin: Origin, message: string): Outcome {
	return { verdict: "violates", origin, message };
}

/** @param what names what the rule needed, for example `retention of hub_can`; `evaluate` puts words before it */
export function unknown(origin: Origin, what: string): Outcome {
	return { verdict: "unknown", origin, message: what };
}

/**
 * What is not known of several things, as one outcome: before the first deployment that is so of all machines alike, and
 * is one thing to say.
 * @param say from the label of the first, for example `configuration of hub_1`
 */
export function unknownTogether(things: readonly Origin[], say: (label: string) => string): Outcome[] {
	const [first, ...rest] = [...things].sort((a, b) => (a.label < b.label ? -1 : 1));
	if (first === undefined) return [];
	return [unknown(first, `${say(first.label)}${rest.length === 0 ? "" : ` and of ${rest.length} more`}`)];
}

export function isKnown<T>(value: T | typeof UNKNOWN): value is T {
	return value !== UNKNOWN;
}

/** What is known of a list of which parts may be unknown. */
export function known<T>(values: readonly Maybe<T>[]): T[] {
	return values.filter((value): value is T => isKnown(value));
}

/** Whether nothing in a value, however deep, is unknown. */
export function isFullyKnown<T>(value: T | typeof UNKNOWN): value is T {
	if (typeof value !== "object" || value === null) {
		return value !== UNKNOWN;
	}
	return Object.values(value).every((part) => isFullyKnown(part));
}
