/** The same choices for the same seed, whatever happens meanwhile: what was found is found again. */
export interface Random {
	/** A whole number from 0 to `below - 1`. */
	below(below: number): number;
	pick<T>(from: readonly T[]): T;
	/** True once in `times`. */
	once(times: number): boolean;
}

/** mulberry32. @param seed a whole number; `stream` tells apart what must not depend on each other */
export function random(seed: number, stream = 0): Random {
	let state = (seed ^ Math.imul(stream + 1, 0x9e3779b1)) >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	const below = (limit: number) => Math.floor(next() * limit);
	return {
		below,
		pick: (from) => from[below(from.length)] as (typeof from)[number],
		once: (times) => below(times) === 0,
	};
}
