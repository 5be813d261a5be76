/**
 * Which hub stream of a class, and which resource of a group, a device belongs to.
 *
 * Nothing is remembered between two runs, and no device may move when another is added or removed. A function of the
 * whole fleet cannot do that and grow by itself (a fleet of one has one shard, so by induction every fleet would), so
 * the place of a device follows from **its own name**: its last number, in blocks of 64. `truck-001` to `truck-064` are
 * in the first, `truck-065` to `truck-128` in the second, and so on; a name without a number is in the first.
 *
 * The price: blocks are as full as the numbering is dense. Several prefixes that all count from 1 share the first
 * blocks, and serial numbers scatter over all 32. Both work. Who wants it even states `shards: N`: then a stable hash
 * spreads the devices over exactly N. Changing N moves about 1/N of them, and a moved device is sourced again from the
 * start into its new stream, so that readers get twice what its buffer still holds.
 */

/** Devices that follow each other by number share a block of this size. */
export const BLOCK = 64;

/** Most blocks; higher numbers start again at the first, or a fleet of serial numbers would get a stream a device. */
export const MAX_BLOCKS = 32;

/** Block of a device, from 1 to `MAX_BLOCKS`, a function of its name alone. */
export function blockOf(device: string): number {
	const digits = /(\d+)\D*$/.exec(device)?.[1];
	if (digits === undefined) {
		return 1;
	}
	const number = BigInt(digits);
	const index = number === 0n ? 0n : (number - 1n) / BigInt(BLOCK);
	return Number(index % BigInt(MAX_BLOCKS)) + 1;
}

/**
 * Shard of a device, from 1.
 *
 * @param shards number of shards stated in the fleet file; without it the device's block decides
 */
export function shardOf(device: string, shards?: number): number {
	if (shards === undefined) {
		return blockOf(device);
	}
	// The highest of N independent hashes: going from N to N+1 moves only the devices that the new shard wins.
	let best = 1;
	let highest = -1;
	for (let shard = 1; shard <= shards; shard++) {
		const weight = hash(`${shard}/${device}`);
		if (weight > highest) {
			best = shard;
			highest = weight;
		}
	}
	return best;
}

/** FNV-1a with the finalizer of MurmurHash3, which names that differ in one digit need to spread; 32 bits. */
function hash(text: string): number {
	let h = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) {
		h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
	}
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (h ^ (h >>> 16)) >>> 0;
}
