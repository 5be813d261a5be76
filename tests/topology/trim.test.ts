import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KEEP_AT_LEAST, KEEP_AT_MOST, trimBefore } from "../../topology/trim";

const MAX = 1_000_000;
const full = { messages: 1000, bytes: MAX, firstSequence: 501, maxBytes: MAX };

describe("making room on a device", () => {
	test("a stream that the hub has wholly keeps its newest tenth", () => {
		expect(trimBefore(full, 1500)).toBe(501 + 900);
	});

	test("nothing that the hub has not is ever purged", () => {
		expect(trimBefore(full, 600)).toBe(601);
		expect(trimBefore(full, 500)).toBeUndefined();
		expect(trimBefore(full, 0)).toBeUndefined();
	});

	test("below a fifth nothing is done", () => {
		expect(trimBefore({ ...full, messages: 200, bytes: MAX * KEEP_AT_MOST }, 1500)).toBeUndefined();
		expect(trimBefore({ ...full, maxBytes: -1 }, 1500)).toBeUndefined();
		expect(trimBefore({ ...full, messages: 0, bytes: 0 }, 1500)).toBeUndefined();
	});

	test("for any stream: only acknowledged messages go, and a tenth of the limit stays", () => {
		const stored = fc.record({
			messages: fc.integer({ min: 1, max: 1_000_000 }),
			firstSequence: fc.integer({ min: 1, max: 1_000_000_000 }),
			size: fc.integer({ min: 30, max: 4000 }),
			maxBytes: fc.integer({ min: 1_000_000, max: 1_000_000_000 }),
		});
		fc.assert(
			fc.property(
				stored,
				fc.double({ min: 0, max: 1, noNaN: true }),
				({ messages, firstSequence, size, maxBytes }, part) => {
					const acknowledged = firstSequence - 1 + Math.floor(part * messages);
					const before = trimBefore({ messages, bytes: messages * size, firstSequence, maxBytes }, acknowledged);
					if (before === undefined) return;
					expect(before).toBeGreaterThan(firstSequence);
					expect(before).toBeLessThanOrEqual(acknowledged + 1);
					const left = (firstSequence + messages - before) * size;
					expect(left).toBeGreaterThanOrEqual(KEEP_AT_LEAST * maxBytes - size);
				},
			),
		);
	});
});
