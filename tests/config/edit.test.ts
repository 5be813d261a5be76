import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { setField } from "../../config/edit";

const LOST = ["devices", "edge2", "retired"];

describe("setting one field of a fleet file", () => {
	const cases: [string, string, string][] = [
		["no devices", "a: 1 # one\n", "a: 1 # one\ndevices: { edge2: { retired: lost } }\n"],
		["no end of line", "a: 1", "a: 1\ndevices: { edge2: { retired: lost } }"],
		["comments at the end", "a:\n  b: 1\n\n# bye\n", "a:\n  b: 1\ndevices: { edge2: { retired: lost } }\n\n# bye\n"],
		["nothing in it", "devices:\na: 1\n", "devices: { edge2: { retired: lost } }\na: 1\n"],
		["an empty map", "devices: {}\n", "devices: { edge2: { retired: lost } }\n"],
		[
			"another device",
			"devices:\n  # first\n  edge1: { label: A } # why\n\na: 1\n",
			"devices:\n  # first\n  edge1: { label: A } # why\n  edge2: { retired: lost }\n\na: 1\n",
		],
		[
			"another device, in braces",
			"devices: { edge1: { label: A } } # all\n",
			"devices: { edge1: { label: A }, edge2: { retired: lost } } # all\n",
		],
		["a label", "devices:\n  edge2: { label: A }\n", "devices:\n  edge2: { label: A, retired: lost }\n"],
		["its own lines", "devices:\n  edge2:\n    label: A\n", "devices:\n  edge2:\n    label: A\n    retired: lost\n"],
		["drain", "devices:\n  edge2: { retired: drain } # x\n", "devices:\n  edge2: { retired: lost } # x\n"],
		["drain in quotes", 'devices: { edge2: { retired: "drain" } }\n', "devices: { edge2: { retired: lost } }\n"],
		["Windows", "devices:\r\n  edge1: {}\r\n", "devices:\r\n  edge1: {}\r\n  edge2: { retired: lost }\r\n"],
	];
	it.each(cases)("where there is %s", (_what, before, after) => {
		expect(setField(before, LOST, "lost")).toBe(after);
	});

	it.each([
		["an alias", "x: &x { label: A }\ndevices:\n  edge2: *x\n"],
		["a map of two devices", "devices:\n  edge1: &x { label: A }\n  edge2: *x\n"],
		["a text", "devices: none\n"],
		["a list", "- devices\n"],
		["no YAML", "devices: [\n"],
	])("leaves %s to a person", (_what, text) => {
		expect(setField(text, LOST, "lost")).toBeUndefined();
	});

	it("sets that field and no other, whatever else stands there", () => {
		const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/).filter((it) => !["true", "false", "null"].includes(it));
		const map = fc.dictionary(word, fc.oneof(word, fc.dictionary(word, word, { maxKeys: 3 })), { maxKeys: 4 });
		const flow = (value: unknown): string => {
			if (typeof value !== "object" || value === null) return String(value);
			return `{ ${Object.entries(value)
				.map(([key, inner]) => `${key}: ${flow(inner)}`)
				.join(", ")} }`;
		};
		fc.assert(
			fc.property(map, map, fc.boolean(), word, (top, devices, block, device) => {
				const lines = (value: object, pad: string) =>
					Object.entries(value).map(([key, inner]) => `${pad}${key}: ${flow(inner)} # ${key}\n`);
				const inside =
					block && Object.keys(devices).length > 0 ? `\n${lines(devices, "  ").join("")}` : ` ${flow(devices)}\n`;
				const others = lines(Object.fromEntries(Object.entries(top).filter(([key]) => key !== "devices")), "").join("");
				const text = `${others}devices:${inside}`;
				const before = parse(text) as { devices: Record<string, unknown> };
				const there = before.devices[device];
				const after = setField(text, ["devices", device, "retired"], "lost");
				if (typeof there === "string") return expect(after).toBeUndefined();
				const fields = { ...(there as object | undefined), retired: "lost" };
				expect(parse(after ?? "")).toEqual({ ...before, devices: { ...before.devices, [device]: fields } });
				expect(after?.match(/#/g)?.length).toBe(text.match(/#/g)?.length);
			}),
		);
	});
});
