import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LOOK_EVERY_MS } from "../../topology/reserve";
import {
	CROWDED,
	KEEP_AT_LEAST,
	KEEP_AT_MOST,
	NOTHING_SETTLED,
	type Settled,
	settle,
	settlesAfterMs,
	standing,
	trimBefore,
} from "../../topology/trim";

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

const SYNC = 1_000;
/** Looks at a consumer that has acknowledged so much; it counts its messages with the stream. */
const looks = (...all: readonly (readonly [at: number, seq: number, count?: number])[]) =>
	all.reduce<Settled>(
		(known, [at, seq, count = seq]) => settle(known, { at, floor: { stream_seq: seq, consumer_seq: count } }, SYNC),
		NOTHING_SETTLED,
	);

describe("what the hub has on its disk", () => {
	test("is nothing at the first look, whatever is acknowledged", () => {
		expect(looks([0, 500]).seq).toBe(0);
	});

	test("is what was acknowledged a sync ago, when the hub has acknowledged more since", () => {
		expect(looks([0, 500], [1_000, 700], [2_000, 900]).seq).toBe(500);
		expect(looks([0, 500], [999, 700], [2_000, 900]).seq).toBe(0);
	});

	test("does not grow by time alone: a hub without power acknowledges nothing more", () => {
		expect(looks([0, 500], [1_000, 500], [60_000, 500], [3_600_000, 500]).seq).toBe(0);
		expect(looks([0, 500], [500, 700], [3_600_000, 700]).seq).toBe(0);
	});

	test("is not known any more when the consumer was set back, or counts anew", () => {
		const known = [
			[0, 500],
			[1_000, 700],
			[2_000, 900],
		] as const;
		expect(looks(...known, [3_000, 800]).seq).toBe(0);
		expect(looks(...known, [3_000, 1_000, 100]).seq).toBe(0);
		expect(looks(...known, [3_000, 1_000]).seq).toBe(700);
	});

	test("stands for so long without a word only where somebody may rely on it for half of a stream", () => {
		expect(standing(looks([0, 500], [5_999, 500]), SYNC)).toBeUndefined();
		expect(standing(looks([0, 500], [6_000, 500]), SYNC)).toBe(500);
		expect(standing(looks([0, 500], [6_000, 501]), SYNC)).toBeUndefined();
		expect(trimBefore(full, 1500, CROWDED)).toBe(501 + 500);
		expect(trimBefore({ ...full, bytes: MAX / 2 }, 1500, CROWDED)).toBeUndefined();
	});

	test("for any hub that loses power at any time: nothing is purged that it may not have on its disk", () => {
		const run = fc.record({
			syncMs: fc.integer({ min: 0, max: 5_000 }),
			steps: fc.array(fc.record({ after: fc.integer({ min: 1, max: 2_000 }), more: fc.integer({ min: 0, max: 50 }) }), {
				maxLength: 40,
			}),
			cut: fc.nat({ max: 40_000 }),
		});
		fc.assert(
			fc.property(run, ({ syncMs, steps, cut }) => {
				let known = NOTHING_SETTLED;
				let [at, seq] = [0, 0];
				// What was acknowledged when; without power nothing more is.
				const history: { at: number; seq: number }[] = [];
				for (const { after, more } of steps) {
					at += after;
					if (at <= cut) seq += more;
					history.push({ at, seq });
					known = settle(known, { at, floor: { stream_seq: seq, consumer_seq: seq } }, syncMs);
				}
				const synced = history.filter((each) => each.at <= cut - syncMs).at(-1)?.seq ?? 0;
				expect(known.seq).toBeLessThanOrEqual(synced);
			}),
		);
	});

	test("is known as soon as the budget has it, while messages come", () => {
		for (const syncMs of [0, 250, 1_000, 120_000]) {
			let known = NOTHING_SETTLED;
			for (let at = 0; at <= syncMs + 10_000; at += LOOK_EVERY_MS) {
				// One message a millisecond; it is seen at the look behind it.
				known = settle(known, { at, floor: { stream_seq: at, consumer_seq: at } }, syncMs);
				if (at >= settlesAfterMs(syncMs)) expect(known.seq).toBeGreaterThanOrEqual(at - settlesAfterMs(syncMs));
			}
		}
	});
});
