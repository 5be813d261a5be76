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
