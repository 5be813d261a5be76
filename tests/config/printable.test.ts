import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foreign, lines, printable } from "../../config/printable";

/** What no line may hold: controls of both sets, direction, joiners, separators, halves, and what is drawn as nothing. */
const ODD = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

describe("the text of a stranger", () => {
	test.each([
		["an order for the terminal", "\u001b[2J\u001b[1;1Hall is well", "[2J [1;1Hall is well"],
		["its title", "\u001b]0;owned\u0007x", "]0;owned x"],
		["an order of the second set", "a\u009b1mb", "a 1mb"],
		["a second line", "a\r\nJan 01 00:00:00 hub kernel: b", "a Jan 01 00:00:00 hub kernel: b"],
		["lines and paragraphs", "a\u2028b\u2029c\u0085d", "a b c d"],
		["a turned direction", "a\u202eb\u2066c\u200fd", "a b c d"],
		["no width", "ed\u200bge\u2060\ufeff1\u00ad", "ed ge 1"],
		["what is drawn as nothing", "a\u3164b\u115fc\u{e0041}d\ufe0fe", "a b c d e"],
		["half a pair", "a\ud800b", "a b"],
		["marks upon marks", `a${"\u0301".repeat(500)}b`, "a\u0301\u0301\u0301\u0301b"],
		["spaces", "  a \t\u00a0\u3000 b  ", "a b"],
	])("%s", (_, text, shown) => {
		expect(foreign(text)).toBe(shown);
	});

	test("is cut, also where it is a megabyte", () => {
		expect(foreign("x".repeat(1000))).toBe(`${"x".repeat(500)}…`);
		expect(foreign("x".repeat(1 << 20), 20)).toBe(`${"x".repeat(20)}…`);
		expect(foreign(`${" ".repeat(1 << 20)}x`)).toBe("…");
		expect(foreign("😀".repeat(20), 5)).toBe("😀😀…");
	});

	test("stays what it is otherwise", () => {
		for (const plain of ["größe", "温度センサー", "متر", "données: 5 °C", "a/b.c > d", "👍"])
			expect(foreign(plain)).toBe(plain);
	});

	test("holds nothing odd, whatever it was, and said twice it is the same", () => {
		const any = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.string());
		fc.assert(
			fc.property(any, fc.integer({ min: 1, max: 50 }), (text, most) => {
				const shown = foreign(text, most);
				expect(shown).not.toMatch(ODD);
				expect(shown.length).toBeLessThanOrEqual(most + 1);
				expect(foreign(shown, most + 1)).toBe(shown);
				expect(printable(text)).not.toMatch(ODD);
			}),
			{ numRuns: 1_000 },
		);
	});

	test("of several lines keeps them apart", () => {
		expect(lines("1 device refused:\nedge1: \u001b[31mx")).toBe("1 device refused:\nedge1: [31mx");
	});
});
