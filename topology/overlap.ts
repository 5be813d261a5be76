/**
 * Which keys may end after a rotation: those before one that was seen in use. It ends by what was seen and not by a clock,
 * so the overlap of old and new is as long as the longest outage, however long that is.
 */
export interface Overlap {
	/** May end now, oldest first; those that have ended already are among them. */
	readonly replaced: readonly string[];
	/** A later one has been seen, or they have ended: nothing but the newest opens. */
	readonly over: boolean;
	/** All but the newest have ended. */
	readonly done: boolean;
}

/**
 * @param keys of one holder, oldest first, the one in use last
 * @param used those that were seen in use
 * @param ended those that open nothing any more
 */
export function overlapOf(
	keys: readonly string[],
	used: ReadonlySet<string>,
	ended: ReadonlySet<string> = new Set(),
): Overlap {
	const latest = keys.findLastIndex((key) => used.has(key));
	const replaced = keys.slice(0, Math.max(0, latest));
	const before = keys.slice(0, -1);
	return {
		replaced,
		over: before.every((key) => ended.has(key) || replaced.includes(key)),
		done: before.every((key) => ended.has(key)),
	};
}
