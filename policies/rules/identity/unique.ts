import type { Maybe, Origin, Outcome } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";

/** Something that has a name which nothing else may have. */
export interface Named {
	readonly origin: Origin;
	readonly name: Maybe<string>;
	/** Servers of one cluster share what they have together. @default nothing is shared */
	readonly sharedBy?: string;
}

/** One finding for each after the first of a name, so that a name that n have is n - 1 mistakes. */
export function unique(all: readonly Named[], what: string, consequence: string): Outcome[] {
	const first = new Map<string, Named>();
	return all.map(({ origin, name, sharedBy }) => {
		if (!isKnown(name)) {
			return unknown(origin, `${what} of ${origin.label}`);
		}
		const other = first.get(name);
		if (other === undefined || (sharedBy !== undefined && other.sharedBy === sharedBy)) {
			first.set(name, other ?? { origin, name, ...(sharedBy !== undefined && { sharedBy }) });
			return complies(origin);
		}
		return violates(origin, `${origin.label} has the ${what} ${name}, which ${other.origin.label} has: ${consequence}`);
	});
}
