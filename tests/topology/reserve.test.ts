import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK, floorAfter, isNear, nextMark, reservedRate, safeSequence, wentBack } from "../../topology/reserve";
import { movesToFloors } from "../../topology/server-edition";

const sequence = fc.integer({ min: 0, max: 2 ** 40 });
/** What a server stores between two looks is far less than half a block. */
const burst = fc.integer({ min: 0, max: BLOCK / 2 });

describe("sequences that are reserved", () => {
	it("end a server in time where the next mark cannot be written: a quarter of a block before, after half of one was due", () => {
		fc.assert(
			fc.property(sequence, sequence, (last, mark) => {
				const near = isNear(last, mark);
				expect(near).toBe(mark - last < BLOCK / 4);
				if (near) expect(nextMark(last, mark)).toBeDefined();
			}),
		);
		expect(isNear(BLOCK / 2, undefined)).toBe(false);
		expect(isNear(BLOCK, undefined)).toBe(true);
	});

	it("are written down ahead of use, whatever comes between two looks", () => {
		fc.assert(
			fc.property(sequence, fc.array(burst), (start, bursts) => {
				let last = start;
				let mark = nextMark(last, undefined) ?? Number.NaN;
				for (const messages of bursts) {
					last += messages;
					expect(last).toBeLessThanOrEqual(mark);
					mark = nextMark(last, mark) ?? mark;
				}
			}),
		);
	});

	it("are not written down at every look", () => {
		expect(nextMark(0, undefined)).toBe(BLOCK);
		expect(nextMark(BLOCK / 2, BLOCK)).toBeUndefined();
		expect(nextMark(BLOCK / 2 + 1, BLOCK)).toBe(1.5 * BLOCK + 1);
	});

	it("leave nothing behind them that may have been used, whatever the disk made of the stream", () => {
		fc.assert(
			fc.property(sequence, burst, fc.nat(), (marked, unmarked, lost) => {
				const mark = nextMark(marked, undefined) ?? Number.NaN;
				const used = marked + unmarked;
				const cameBackWith = Math.max(0, used - lost);
				expect(safeSequence(cameBackWith, mark)).toBeGreaterThanOrEqual(used);
			}),
		);
	});

	it("hold without a mark for all that is not on disk yet", () => {
		fc.assert(
			fc.property(sequence, fc.integer({ min: 0, max: BLOCK }), (used, unsynced) => {
				expect(safeSequence(Math.max(0, used - unsynced), undefined)).toBeGreaterThanOrEqual(used);
			}),
		);
	});

	it("tell a stream that went back while its server ran from one that goes on", () => {
		fc.assert(
			fc.property(sequence, burst, (last, messages) => {
				expect(wentBack(last + messages, nextMark(last, undefined))).toBe(false);
			}),
		);
		expect(wentBack(1_000, BLOCK + 1_001)).toBe(true);
		expect(wentBack(1_000, undefined)).toBe(false);
	});
});

describe("the rate that a downlink's sequences are reserved for", () => {
	it("is what is planned or more, never twice as much beyond the least, and seldom another one", () => {
		fc.assert(
			fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (rate) => {
				const reserved = Number(reservedRate(rate));
				expect(reserved).toBeGreaterThanOrEqual(rate);
				expect(reserved).toBeLessThan(2 * Math.max(rate, 64));
				expect(Math.log2(reserved) % 1).toBe(0);
			}),
		);
		expect([0, 0.1, 64, 65, 500, 10_000].map(reservedRate)).toEqual(["64", "64", "64", "128", "512", "16384"]);
	});
});

describe("a store that may be an older image", () => {
	/** What becomes of the newer one: it is off, started, and takes messages, some hundred thousand a second at most. */
	const lives = fc.array(
		fc.record({
			offMs: fc.integer({ min: 0, max: 5 * 86_400_000 }),
			onMs: fc.integer({ min: 1_000, max: 10 * 86_400_000 }),
			share: fc.double({ min: 0, max: 1, noNaN: true }),
			clean: fc.boolean(),
		}),
		{ maxLength: 20 },
	);
	const A_MS = 100;

	it("goes on behind whatever a newer one has used since, however often that was started", () => {
		fc.assert(
			fc.property(sequence, lives, fc.integer({ min: 1_000, max: 86_400_000 }), (last, newer, offMs) => {
				const image = nextMark(last, undefined) ?? Number.NaN;
				let [at, used, mark] = [0, last, image];
				for (const life of newer) {
					const since = life.offMs;
					used =
						floorAfter(life.clean ? mark : safeSequence(used, mark), since) + Math.floor(life.onMs * A_MS * life.share);
					mark = used + BLOCK;
					at += life.offMs + life.onMs;
				}
				expect(floorAfter(image, at + offMs)).toBeGreaterThan(used);
			}),
		);
	});

	it("does not come to stand where the newer one did, though all of it were within a second", () => {
		const ms = fc.integer({ min: 0, max: 1_000 });
		fc.assert(
			fc.property(sequence, ms, fc.integer({ min: 1, max: 1_000 }), ms, (mark, off, on, back) => {
				const used = floorAfter(mark, off) + on * A_MS;
				expect(floorAfter(mark, off + on + back)).toBeGreaterThan(used);
			}),
		);
	});

	it("is moved by leafline's server alone, from the third number of its change on", () => {
		expect(["2.15.2", "2.15.2+leafline.2", "nats-server: v2.15.2+other.3", ""].filter(movesToFloors)).toEqual([]);
		expect(["2.15.2+leafline.3", "nats-server: v2.16.0+leafline.12\n"].map(movesToFloors)).toEqual([true, true]);
	});

	it("is moved by a block at least, also where the clock was put back, and never beyond what is exact", () => {
		expect(floorAfter(1_000, -5)).toBe(1_000 + BLOCK);
		expect(floorAfter(1_000, 60_000)).toBe(1_000 + 241 * BLOCK);
		expect(floorAfter(1_000, Number.MAX_SAFE_INTEGER)).toBe(1_000 + BLOCK + 366 * 86_400 * 4 * BLOCK);
		expect(floorAfter(2 ** 52 - 1, 60_000)).toBe(2 ** 52);
		expect(floorAfter(2 ** 52 + 5, 60_000)).toBe(2 ** 52 + 5);
	});
});
