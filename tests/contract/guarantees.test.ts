import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** docs/guarantees.md promises nothing without a test, and hides nothing that is open. */

const ROOT = join(__dirname, "..", "..");
const rows = readFileSync(join(ROOT, "docs", "guarantees.md"), "utf8")
	.split("\n")
	.filter((line) => /^\| (?!trap |---)/.test(line))
	.map((line) =>
		line
			.split("|")
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);

describe("the guarantees", () => {
	it("are a table of four columns", () => {
		expect(rows.length).toBeGreaterThan(30);
		expect(rows.filter((cells) => cells.length !== 4)).toEqual([]);
	});

	it("name tests that are there", () => {
		const named = rows.flatMap(([, , , tests = ""]) => [...tests.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file));
		expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
	});

	it.each(rows.map(([trap, , measure, tests]) => ({ trap, measure, tests })))(
		"$trap: shown by a test, or open",
		({ measure, tests }) => {
			expect(tests !== "" || measure?.includes("**open**")).toBe(true);
		},
	);
});
