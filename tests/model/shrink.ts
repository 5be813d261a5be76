/**
 * The shortest list that still fails which is found with so many tries: parts are left out, halves first, then single
 * ones (delta debugging, Zeller and Hildebrandt). A try may be a matter of minutes, and may fail by chance only: what
 * was seen to fail is kept.
 * @param fails whether a list fails
 */
export async function shrink<T>(
	list: readonly T[],
	fails: (part: readonly T[]) => Promise<boolean>,
	tries: number,
): Promise<readonly T[]> {
	let best = list;
	let left = tries;
	for (let size = Math.ceil(best.length / 2); size >= 1; ) {
		let shorter = false;
		for (let from = 0; from < best.length && left > 0; ) {
			const part = [...best.slice(0, from), ...best.slice(from + size)];
			left--;
			if (part.length < best.length && (await fails(part))) {
				best = part;
				shorter = true;
			} else from += size;
		}
		if (left <= 0 || (size === 1 && !shorter)) return best;
		if (size > 1) size = Math.ceil(size / 2);
	}
	return best;
}
