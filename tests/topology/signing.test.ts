import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { overlapOf } from "../../topology/overlap";
import { advanceSigning, signersState } from "../../topology/signing";

const set = (...keys: string[]) => new Set(keys);

describe("which old keys may end", () => {
	test.each([
		[["a"], set(), set(), { replaced: [], over: true, done: true }],
		[["a", "b"], set("a"), set(), { replaced: [], over: false, done: false }],
		[["a", "b"], set("a", "b"), set(), { replaced: ["a"], over: true, done: false }],
		[["a", "b"], set(), set("a"), { replaced: [], over: true, done: true }],
		[["a", "b", "c"], set("b"), set(), { replaced: ["a"], over: false, done: false }],
		[["a", "b", "c"], set("b"), set("b"), { replaced: ["a"], over: true, done: false }],
	])("of %j", (keys, used, ended, overlap) => {
		expect(overlapOf(keys, used, ended)).toEqual(overlap);
	});

	test("never the newest, and never one at or behind what was seen last", () => {
		const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });
		fc.assert(
			fc.property(keys, fc.array(fc.nat(7)), (all, at) => {
				const used = new Set(at.map((i) => all[i] ?? ""));
				const { replaced } = overlapOf(all, used);
				expect(replaced).not.toContain(all.at(-1));
				expect(replaced.length).toBe(
					Math.max(
						0,
						all.findLastIndex((key) => used.has(key)),
					),
				);
			}),
		);
	});
});

describe("the account's signing keys", () => {
	const KEYS = ["k1", "k2"];

	test("the old one ends when every device came in with the new, and not before", () => {
		const wait = signersState(KEYS, ["edge1", "edge2"], { edge1: 2, edge2: 1 }, set());
		expect(wait).toEqual({ ended: [], waiting: ["edge2"] });
		const away = signersState(KEYS, ["edge1", "edge2"], { edge1: 2 }, set());
		expect(away).toEqual({ ended: [], waiting: ["edge2"] });
		const done = signersState(KEYS, ["edge1", "edge2"], { edge1: 2, edge2: 2 }, set());
		expect(done).toEqual({ ended: ["k1"], waiting: [] });
	});

	test("a device that is lost, or left, is waited for no more", () => {
		expect(signersState(KEYS, ["edge1"], { edge1: 2, edge2: 1 }, set()).ended).toEqual(["k1"]);
	});

	test("ended by decision, whoever waits; the newest never", () => {
		expect(signersState(KEYS, ["edge1"], { edge1: 1 }, set(), 1)).toEqual({ ended: ["k1"], waiting: [] });
		expect(signersState(KEYS, ["edge1"], { edge1: 1 }, set(), 9)).toEqual({ ended: ["k1"], waiting: [] });
	});

	test("of three, those before what the last device uses", () => {
		const keys = ["k1", "k2", "k3"];
		expect(signersState(keys, ["a", "b"], { a: 2, b: 3 }, set())).toEqual({ ended: ["k1"], waiting: ["a"] });
		expect(signersState(keys, ["a", "b"], { a: 3, b: 3 }, set("k1")).ended).toEqual(["k1", "k2"]);
	});

	test("no device that was seen is ever locked out without a word", () => {
		const devices = ["a", "b", "c"];
		const seen = fc.record({ a: fc.integer({ min: 0, max: 4 }), b: fc.integer({ min: 0, max: 4 }), c: fc.nat(4) });
		fc.assert(
			fc.property(seen, fc.subarray([0, 1, 2]), (with_, ended) => {
				const keys = ["k1", "k2", "k3", "k4"];
				const before = new Set(ended.map((i) => keys[i] ?? ""));
				const { ended: now } = signersState(keys, devices, with_, before);
				const least = Math.min(...devices.map((it) => with_[it as "a"]));
				for (const key of now) expect(before.has(key) || keys.indexOf(key) + 1 < least).toBe(true);
				expect(now).not.toContain("k4");
			}),
		);
	});
});

describe("numbers of the signing key", () => {
	test("go up only", () => {
		expect(advanceSigning({ rotation: 2 }, { rotation: 1, end: 1 })).toEqual({
			signing: { rotation: 2, end: 1 },
			problems: [
				{
					document: "fleet",
					path: ["signingKey", "end"],
					message: "0, and old keys were ended up to 1 already",
					remedy: "write the number that was there, or a higher one",
				},
			],
		});
		expect(advanceSigning(undefined, { rotation: 1 }).problems).toMatchObject([
			{ path: ["signingKey", "rotation"], message: "0, and the signing key was replaced 1 already" },
		]);
		expect(advanceSigning({ rotation: 3, end: 2 }, { rotation: 2 })).toEqual({
			signing: { rotation: 3, end: 2 },
			problems: [],
		});
		expect(advanceSigning()).toEqual({ signing: undefined, problems: [] });
	});
});
