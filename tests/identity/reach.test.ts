import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { reachPage } from "./matrix/reach";

const PAGE = join(__dirname, "../../docs/security.md");
const BEGIN = "<!-- reach: written by `LEAFLINE_WRITE=reach npm test -- tests/identity/reach.test.ts` -->\n\n";
const END = "<!-- /reach -->";

describe("what docs/security.md says that somebody can do", () => {
	it("is what the matrix knows", () => {
		const page = readFileSync(PAGE, "utf8");
		const from = page.indexOf(BEGIN);
		const to = page.indexOf(END);
		expect(from, "the page has the part's beginning").toBeGreaterThan(0);
		expect(to).toBeGreaterThan(from);
		const wanted = `${page.slice(0, from)}${BEGIN}${reachPage()}\n${page.slice(to)}`;
		if (process.env.LEAFLINE_WRITE === "reach") writeFileSync(PAGE, wanted);
		expect(readFileSync(PAGE, "utf8")).toBe(wanted);
	});
});
