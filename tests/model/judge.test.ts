import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Acknowledged, type Arrived, isGood, judge } from "./judge";

const BYTES = 600;

/** Messages that were stored one after the other, some starts of the server apart. */
const stored: fc.Arbitrary<Acknowledged[]> = fc
	.array(fc.record({ starts: fc.boolean(), gap: fc.nat(5), unheard: fc.boolean() }), { minLength: 2, maxLength: 60 })
	.map((steps) => {
		let [life, seq] = [1, 0];
		return steps.flatMap(({ starts, gap, unheard }, id) => {
			if (starts) [life, seq] = [life + 1, 0];
			seq += 1 + gap;
			return unheard ? [] : [{ id, life, seq, at: 1_000 + id, bytes: BYTES }];
		});
	})
	.filter((messages) => messages.length >= 2);
const whole = (acknowledged: readonly Acknowledged[]): Arrived[] => acknowledged.map(({ id }) => ({ id }));
/** Messages, and the place of one of them. */
const withOne = stored.chain((messages) =>
	fc.record({ messages: fc.constant(messages), at: fc.nat(messages.length - 1) }),
);

describe("the judge", () => {
	it("has nothing against what is there once and in order, whatever else was stored unheard", () => {
		fc.assert(
			fc.property(stored, (messages) => {
				const all = Array.from({ length: 61 }, (_, id) => ({ id }));
				const heard = judge({ acknowledged: messages, arrived: whole(messages), allowances: [] });
				const unheard = judge({ acknowledged: messages, arrived: all, allowances: [], published: 61 });
				expect([isGood(heard), isGood(unheard)]).toEqual([true, true]);
				expect(heard).toMatchObject({ acknowledged: messages.length, arrived: messages.length, excused: {} });
			}),
		);
	});

	it("catches a planted loss, and names it", () => {
		fc.assert(
			fc.property(withOne, ({ messages, at }) => {
				const arrived = whole(messages).toSpliced(at, 1);
				expect(judge({ acknowledged: messages, arrived, allowances: [] }).lost).toEqual([messages[at]?.id]);
			}),
		);
	});

	it("catches a planted double, wherever it is", () => {
		fc.assert(
			fc.property(withOne, fc.nat(60), ({ messages, at }, where) => {
				const copy = whole(messages)[at] ?? { id: -1 };
				const arrived = whole(messages).toSpliced(at + 1 + (where % (messages.length - at)), 0, copy);
				const verdict = judge({ acknowledged: messages, arrived, allowances: [] });
				expect(verdict).toMatchObject({ twice: [copy.id], lost: [], reordered: [] });
			}),
		);
	});

	it("catches a planted reorder", () => {
		fc.assert(
			fc.property(withOne, fc.nat(60), ({ messages, at }, where) => {
				const to = where % messages.length;
				fc.pre(to !== at);
				const moved = whole(messages)[at] ?? { id: -1 };
				const arrived = whole(messages).toSpliced(at, 1).toSpliced(to, 0, moved);
				const verdict = judge({ acknowledged: messages, arrived, allowances: [] });
				expect(verdict.reordered.length).toBeGreaterThan(0);
				expect(verdict).toMatchObject({ twice: [], lost: [] });
			}),
		);
	});

	it("excuses what is missing within a window that was stated, counts it, and nothing else", () => {
		fc.assert(
			fc.property(stored, fc.nat(60), fc.nat(60), (messages, from, length) => {
				const window = { why: "cut", from: 1_000 + from, to: 1_000 + from + length };
				const inside = messages.filter(({ at }) => at >= window.from && at <= window.to);
				const verdict = judge({ acknowledged: messages, arrived: [], allowances: [window] });
				expect(verdict.lost.length).toBe(messages.length - inside.length);
				expect(verdict.excused).toEqual(inside.length > 0 ? { cut: inside.length } : {});
			}),
		);
	});

	it("excuses the oldest of a buffer that drops them, only as far as more than fits was stored behind", () => {
		fc.assert(
			fc.property(stored, fc.nat(60), (messages, fits) => {
				const verdict = judge({ acknowledged: messages, arrived: [], allowances: [], dropsBeyond: (fits + 1) * BYTES });
				expect(verdict.lost.length).toBe(Math.min(messages.length, fits));
				expect(verdict.lost).toEqual(messages.slice(-fits || messages.length).map(({ id }) => id));
			}),
		);
	});

	it("lets a stream that was lost and made anew have again what the lost one had, and nothing twice itself", () => {
		fc.assert(
			fc.property(withOne, ({ messages, at }) => {
				const again = whole(messages)
					.slice(at)
					.map((arrived) => ({ ...arrived, era: 1 }));
				const arrived = [...whole(messages), ...again];
				expect(isGood(judge({ acknowledged: messages, arrived, allowances: [] }))).toBe(true);
				const twice = judge({ acknowledged: messages, arrived: [...arrived, ...again], allowances: [] }).twice;
				expect(twice).toEqual(again.map(({ id }) => id));
			}),
		);
	});

	it("names what nobody published there", () => {
		const [one, other]: Arrived[] = [{ id: 0, strayedFrom: "edge2 can" }, { id: 7 }];
		const verdict = judge({ acknowledged: [], arrived: [one, other] as Arrived[], allowances: [], published: 7 });
		expect(verdict.strange).toEqual(["0 of edge2 can", "7 was never published"]);
	});
});
