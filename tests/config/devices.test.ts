import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandDevices } from "../../config/devices";
import { DEVICE, nameProblem } from "../../config/names";
import { isDeviceName, RESERVED_DEVICES } from "../../topology/names";

function names(input: unknown): readonly string[] {
	const { items, problems } = expandDevices(input);
	expect(problems).toEqual([]);
	return items.flatMap((item) => item.names);
}

describe("devices", () => {
	it.each([
		["edge1", ["edge1"]],
		["edge2, edge1", ["edge2", "edge1"]],
		["truck-[008-011]", ["truck-008", "truck-009", "truck-010", "truck-011"]],
		["truck-[8-11]", ["truck-8", "truck-9", "truck-10", "truck-11"]],
		["truck-[0-1]", ["truck-0", "truck-1"]],
		["truck-[00-01]", ["truck-00", "truck-01"]],
		["truck-[7-7]", ["truck-7"]],
		["[1-2]-left", ["1-left", "2-left"]],
		[
			["a, b", "c-[1-2]"],
			["a", "b", "c-1", "c-2"],
		],
	])("expands %j", (input, expected) => {
		expect(names(input)).toEqual(expected);
	});

	it("remembers where each name came from", () => {
		const { items } = expandDevices(["a", "b-[1-2], c"]);
		expect(items.map(({ source, path }) => ({ source, path }))).toEqual([
			{ source: "a", path: [0] },
			{ source: "b-[1-2]", path: [1] },
			{ source: "c", path: [1] },
		]);
	});

	it.each([
		["", 'a name is missing in ""', "name one, for example truck-001"],
		[",", 'a name is missing in ","', "take out the comma, or name the device"],
		["a,, b,", 'a name is missing in "a,, b,"', "take out the comma, or name the device"],
	])("lack a name in %j, which is told once", (input, message, remedy) => {
		expect(expandDevices([input]).problems).toEqual([{ path: [0], message, remedy }]);
	});

	it("are not called by any name that topology keeps for itself", () => {
		for (const name of RESERVED_DEVICES) expect(nameProblem(DEVICE, name)?.message).toMatch(/ is reserved for /);
	});

	it("have names that topology takes", () => {
		fc.assert(
			fc.property(
				fc.stringMatching(DEVICE.form),
				(name) => nameProblem(DEVICE, name) !== undefined || isDeviceName(name),
			),
		);
	});

	const ranges = fc
		.tuple(fc.nat({ max: 5000 }), fc.nat({ max: 300 }), fc.integer({ min: 1, max: 8 }))
		.map(([first, more, width]) => ({ first, last: first + more, width }));

	it("expands a range to as many names as it counts, in order, each once", () => {
		fc.assert(
			fc.property(ranges, ({ first, last }) => {
				const expanded = names(`truck-[${first}-${last}]`);
				expect(expanded).toHaveLength(last - first + 1);
				expect(new Set(expanded).size).toBe(expanded.length);
				expect(expanded.map((name) => Number(name.slice("truck-".length)))).toEqual(
					Array.from({ length: last - first + 1 }, (_, index) => first + index),
				);
			}),
		);
	});

	it("pads with zeros to the width of a padded range, so that names sort as they count", () => {
		fc.assert(
			fc.property(ranges, ({ first, last, width }) => {
				const digits = Math.max(width, String(last).length);
				const [from, to] = [String(first).padStart(digits, "0"), String(last).padStart(digits, "0")];
				const expanded = names(`t-[${from}-${to}]`);
				expect(expanded.at(0)).toBe(`t-${from}`);
				expect(expanded.at(-1)).toBe(`t-${to}`);
				expect([...expanded].sort()).toEqual(expanded);
			}),
		);
	});

	it("takes a list and the same with commas for the same", () => {
		const words = fc.array(fc.stringMatching(/^[a-z][a-z0-9]{5,9}$/), { minLength: 1, maxLength: 20 });
		fc.assert(
			fc.property(words, (list) => {
				expect(names(list)).toEqual(names(list.join(" , ")));
			}),
		);
	});

	it("never throws, and never expands beyond its limit", () => {
		fc.assert(
			fc.property(fc.anything(), (input) => {
				expandDevices(input);
			}),
		);
		const { items, problems } = expandDevices("a-[1-60000], b-[1-60000], c-[1-60000]");
		expect(items.flatMap((item) => item.names)).toHaveLength(120_000);
		expect(problems).toEqual([{ path: [], message: "has more than 100000 devices", remedy: "split the fleet" }]);
	});
});
