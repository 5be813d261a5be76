import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { expandDevices } from "../../config/devices";
import { removeDevice } from "../../config/edit-devices";
import { removeField } from "../../config/edit-remove";

const RETIRED = ["devices", "edge2", "retired"];

describe("taking one field out of a fleet file", () => {
	it.each([
		["the only one", "a: 1 # one\ndevices: { edge2: { retired: lost } } # x\n# bye\n", "a: 1 # one\n# bye\n"],
		["one of a device", "devices: { edge2: { label: A, retired: lost } }\n", "devices: { edge2: { label: A } }\n"],
		[
			"the first of a device",
			"devices: { edge2: { retired: lost, label: A } }\n",
			"devices: { edge2: { label: A } }\n",
		],
		["the last device", "devices: { edge1: {}, edge2: { retired: lost } }\n", "devices: { edge1: {} }\n"],
		[
			"lines",
			"devices:\n  # why\n  edge1: {}\n  edge2:\n    retired: lost # now\nb: 1\n",
			"devices:\n  # why\n  edge1: {}\nb: 1\n",
		],
		[
			"one line",
			"devices:\n  edge2:\n    label: A\n    retired: lost\n\n# bye\n",
			"devices:\n  edge2:\n    label: A\n\n# bye\n",
		],
		["nothing", "a: 1\n", "a: 1\n"],
		["Windows", "devices:\r\n  edge1: {}\r\n  edge2: { retired: lost }\r\n", "devices:\r\n  edge1: {}\r\n"],
	])("%s", (_what, before, after) => {
		expect(removeField(before, RETIRED)).toBe(after);
	});

	it.each([
		["an alias", "x: &x { retired: lost }\ndevices:\n  edge2: *x\n"],
		["no YAML", "devices: [\n"],
	])("leaves %s to a person", (_what, text) => {
		expect(removeField(text, RETIRED)).toBeUndefined();
	});

	it("takes that one and no other, in whatever style", () => {
		const word = fc.stringMatching(/^[a-z]{1,4}[0-9]$/);
		const tree = fc.dictionary(word, fc.oneof(word, fc.dictionary(word, fc.oneof(word, fc.dictionary(word, word)))));
		fc.assert(
			fc.property(tree, fc.boolean(), fc.nat(), (others, flow, pick) => {
				const value: Record<string, unknown> = { first: "x", ...others };
				const text = stringify(value, { collectionStyle: flow ? "flow" : "block" });
				const keys = Object.keys(others);
				const key = keys[pick % Math.max(1, keys.length)] ?? "none0";
				const { [key]: _, ...left } = value;
				expect(parse(removeField(text, [key]) ?? "wrong")).toEqual(left);
			}),
		);
	});
});

describe("taking a device out of its group", () => {
	const group = (devices: string) => `groups:\n  a: { devices: ${devices} } # all\n  b: { devices: [x] }\n`;
	it.each([
		['"edge1, edge2"', "edge2", '"edge1"'],
		['"truck-[001-250]"', "truck-017", '"truck-[001-016], truck-[018-250]"'],
		['"truck-[1-3]"', "truck-2", '"truck-1, truck-3"'],
		['"truck-[1-3]"', "truck-1", '"truck-[2-3]"'],
		['"truck-[09-10]"', "truck-09", '"truck-10"'],
		['"a, b[1-2]x, c"', "b1x", '"a, b2x, c"'],
	])("of %s, %s", (before, device, after) => {
		expect(removeDevice(group(before), "a", device)).toBe(group(after));
	});

	it.each([
		["[edge1, edge2]", "edge1", "[edge2]"],
		["[edge1, edge2]", "edge2", "[edge1]"],
		['[edge1, "truck-[1-4]"]', "truck-4", '[edge1, "truck-[1-3]"]'],
	])("of the list %s, %s", (before, device, after) => {
		expect(removeDevice(group(before), "a", device)).toBe(group(after));
	});

	it("of lines, and their comments stay", () => {
		const text = "groups:\n  a:\n    devices:\n      - edge1 # first\n      - edge2 # second\n    hardware: x\n";
		expect(removeDevice(text, "a", "edge1")).toBe(text.replace("      - edge1 # first\n", ""));
	});

	it.each([
		["the last one", group("[edge1]"), "edge1"],
		["a stranger", group("[edge1, edge2]"), "edge3"],
		["an alias", "x: &x [edge1, edge2]\ngroups: { a: { devices: *x } }\n", "edge1"],
	])("leaves %s to a person", (_what, text, device) => {
		expect(removeDevice(text, "a", device)).toBeUndefined();
	});

	it("takes that one and no other", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 120 }), fc.nat(60), fc.nat(), (from, more, pick) => {
				const before = `e0, truck-[${from}-${from + more}], z`;
				const names = expandDevices(before).items.flatMap((it) => it.names);
				const device = names[pick % names.length] ?? "";
				const edited = parse(removeDevice(group(JSON.stringify(before)), "a", device) ?? "");
				const left = expandDevices(edited.groups.a.devices).items.flatMap((it) => it.names);
				expect(left).toEqual(names.filter((name) => name !== device));
			}),
		);
	});
});
