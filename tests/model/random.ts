/** Numbers that look random and follow from a seed alone. */
export interface Random {
	/** An integer from `low` to `high`, both included. */
	between(low: number, high: number): number;
	/** @throws RangeError for an empty list */
	pick<T>(list: readonly T[]): T;
	/** One of the keys, the more often the greater its weight. A weight of 0 is never taken. */
	weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K;
}

/** mulberry32: 32 bits of state are enough for sequences of some dozen steps. */
export function seeded(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	const pick = <T>(list: readonly T[]): T => {
		if (list.length === 0) throw new RangeError("nothing to pick from");
		return list[Math.floor(next() * list.length)] as T;
	};
	return {
		pick,
		between: (low, high) => low + Math.floor(next() * (high - low + 1)),
		weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>) {
			const entries = Object.entries(weights) as [K, number][];
			let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
			for (const [key, weight] of entries) {
				left -= weight;
				if (left < 0) return key;
			}
			return pick(entries)[0];
		},
	};
}
