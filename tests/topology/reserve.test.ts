import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK, isNear, nextMark, reservedRate, safeSequence, wentBack } from "../../topology/reserve";

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
