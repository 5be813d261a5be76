import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Arrival, judge } from "../../cli/demo/verdict";

const arrive = (counters: readonly number[], device = "edge1"): Arrival[] =>
	counters.map((counter) => ({ device, from: device, counter }));

const acks = (count: number) => new Array<boolean>(count).fill(true);

test("everything there, in order, once", () => {
	const { good, total } = judge({ edge1: acks(4) }, arrive([0, 1, 2, 3]));
	expect(good).toBe(true);
	expect(total).toEqual({ acknowledged: 4, arrived: 4, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
});

test.each([
	["a message is lost", [0, 2, 3], { lost: 1, twice: 0, outOfOrder: 0 }],
	["the last messages are lost", [0, 1], { lost: 2, twice: 0, outOfOrder: 0 }],
	["nothing arrives", [], { lost: 4, twice: 0, outOfOrder: 0 }],
	["a message comes twice", [0, 1, 1, 2, 3], { lost: 0, twice: 1, outOfOrder: 0 }],
	["a part is sent again", [0, 1, 2, 1, 2, 3], { lost: 0, twice: 2, outOfOrder: 0 }],
	["two change places", [0, 2, 1, 3], { lost: 0, twice: 0, outOfOrder: 1 }],
	["the first comes last", [1, 2, 3, 0], { lost: 0, twice: 0, outOfOrder: 1 }],
])("%s", (_, counters, expected) => {
	const { good, total } = judge({ edge1: acks(4) }, arrive(counters));
	expect(good).toBe(false);
	expect(total).toMatchObject(expected);
});

test("a message that was not acknowledged may be there or not", () => {
	const acknowledged = { edge1: [true, false, true] };
	expect(judge(acknowledged, arrive([0, 2])).good).toBe(true);
	expect(judge(acknowledged, arrive([0, 1, 2])).good).toBe(true);
	expect(judge(acknowledged, arrive([0, 1, 1, 2])).good).toBe(false);
});

test("devices do not stand in for one another", () => {
	const { devices } = judge({ edge1: acks(2), edge2: acks(2) }, [...arrive([0, 1], "edge1"), ...arrive([1], "edge2")]);
	expect(devices.edge1?.lost).toBe(0);
	expect(devices.edge2?.lost).toBe(1);
});

test("a message that came by way of another device is no good", () => {
	const { good, total } = judge({ edge1: acks(1) }, [{ device: "edge1", from: "edge2", counter: 0 }]);
	expect(good).toBe(false);
	expect(total).toMatchObject({ lost: 0, strayed: 1 });
});

test("devices interleave in one stream as they like", () => {
	const run = fc.array(fc.boolean(), { maxLength: 60 });
	fc.assert(
		fc.property(run, (turns) => {
			const next = { edge1: 0, edge2: 0 };
			const arrivals = turns.flatMap((turn) => {
				const device = turn ? "edge1" : "edge2";
				return arrive([next[device]++], device);
			});
			expect(judge({ edge1: acks(next.edge1), edge2: acks(next.edge2) }, arrivals).good).toBe(true);
		}),
	);
});

/** The same figures, counted in the most obvious way. */
function reference(acknowledged: readonly boolean[], counters: readonly number[]) {
	const firsts = counters.filter((counter, i) => counters.indexOf(counter) === i);
	return {
		acknowledged: acknowledged.filter(Boolean).length,
		arrived: firsts.length,
		lost: acknowledged.filter((acked, counter) => acked && !counters.includes(counter)).length,
		twice: counters.length - firsts.length,
		outOfOrder: firsts.filter((counter, i) => firsts.slice(0, i).some((earlier) => earlier > counter)).length,
		strayed: 0,
	};
}

test("any loss, repetition and disorder is counted as the reference counts it", () => {
	const length = 12;
	fc.assert(
		fc.property(
			fc.array(fc.boolean(), { minLength: length, maxLength: length }),
			fc.array(fc.nat(length - 1), { maxLength: 30 }),
			(acknowledged, counters) => {
				const { total, good } = judge({ edge1: acknowledged }, arrive(counters));
				const expected = reference(acknowledged, counters);
				expect(total).toEqual(expected);
				expect(good).toBe(expected.lost + expected.twice + expected.outOfOrder === 0);
			},
		),
		{ numRuns: 500 },
	);
});
