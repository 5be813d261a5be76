import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../config/errors";
import { openFleet, readFleet } from "../../config/fleet";
import { COMPLIANT, complaintOf } from "./compliant";

describe("texts that are no fleet file", () => {
	const nested = (depth: number) => Array.from({ length: depth }, (_, level) => `${" ".repeat(level)}a:`).join("\n");
	const bomb = [0, 1, 2, 3, 4, 5, 6, 7, 8]
		.map(
			(level) =>
				`a${level}: &a${level} [${Array(10)
					.fill(level === 0 ? "1" : `*a${level - 1}`)
					.join(", ")}]`,
		)
		.join("\n");
	it.each([
		["nothing", "", "x.yaml:1:1  is empty; see docs/fleet.md for an example"],
		["a comment", "# soon\n", "x.yaml:1:1  is empty; see docs/fleet.md for an example"],
		["a sentence", "to do\n", "x.yaml:1:1  is not a fleet file; it starts with apiVersion: leafline/v1"],
		["a list", "- a\n", "x.yaml:1:1  is not a fleet file; it starts with apiVersion: leafline/v1"],
		["a binary", "\u007fELF\u0002\u0001\u0000\u0000", "x.yaml:1:1  is not a text file; write YAML in UTF-8"],
		[
			"UTF-16",
			Buffer.from("fleet: ä", "latin1").toString("utf8"),
			"x.yaml:1:1  is not a text file; write YAML in UTF-8",
		],
		[
			"an open bracket",
			"a: [1, 2\nb: 3\n",
			"x.yaml:2:1  is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; check quotes, colons and indentation",
		],
		[
			"an open quote",
			'a: "b\n',
			'x.yaml:2:1  is not YAML: Missing closing "quote; check quotes, colons and indentation',
		],
		[
			"two colons",
			"a: b: c\n",
			"x.yaml:1:4  is not YAML: Nested mappings are not allowed in compact mappings; check quotes, colons and indentation",
		],
		["a tab", "a:\n\tb: 1\n", "x.yaml:2:1  a tab indents this line; YAML wants spaces"],
		["two documents", "a: 1\n---\nb: 2\n", "x.yaml:2:1  a second document starts here; one file holds one fleet"],
		[
			"a tag",
			"a: !!js/function x\n",
			"x.yaml:1:4  is not YAML: Unresolved tag: tag:yaml.org,2002:js/function; check quotes, colons and indentation",
		],
		[
			"a list in a list in a list …",
			"- ".repeat(1_000_000),
			"x.yaml:1:1  is nested more than 32 deep; a fleet file needs 5",
		],
		["a million brackets", "[".repeat(1_000_000), "x.yaml:1:1  is nested more than 32 deep; a fleet file needs 5"],
		["indentation without end", nested(300), "x.yaml:1:1  is nested more than 32 deep; a fleet file needs 5"],
		[
			"another kind of file",
			"apiVersion: v1\nkind: Pod\n",
			'x.yaml:1:13  apiVersion: "v1" is not known here; write leafline/v1',
		],
	])("%s", (_, text, message) => {
		expect(complaintOf(text)).toBe(message);
	});

	it("with aliases that multiply are refused at once", () => {
		const before = performance.now();
		expect(complaintOf(`${COMPLIANT}${bomb}\n`)).toContain("  a5: has more than 200000 parts; use fewer aliases\n");
		// Written out it has 10^9 parts: whoever walked through it would be here for minutes.
		expect(performance.now() - before).toBeLessThan(5000);
	});

	it("with an alias inside of what it names end", () => {
		expect(complaintOf(`${COMPLIANT}a: &a [*a]\n`)).toContain(
			"a[0]: alias *a names nothing that stands before it; put &a at the value",
		);
	});

	it("with keys that JavaScript or YAML mean something by are told so", () => {
		const lines = complaintOf(`${COMPLIANT}__proto__: { a: 1 }\n<<: 5\n? [a]\n: b\nconstructor: 1\n`).split("\n");
		expect(lines[0]).toBe("x.yaml:48:1  __proto__: cannot be a key; write a plain word");
		expect(lines[1]).toBe('x.yaml:49:1  "<<": merges what is no map; name a map, for example <<: *base');
		expect(lines[2]).toBe('x.yaml:50:3  "?": cannot be a key; write a plain word');
		expect(lines[3]).toMatch(/^x\.yaml:52:1 {2}constructor: unknown key; known here: /);
		expect(lines).toHaveLength(4);
	});

	it("cannot make a terminal do anything", () => {
		const text = COMPLIANT.replace("whenFull: refuse", 'whenFull: "\\e[2J\\x9b2J\\u202e"').replace(
			"  north:",
			'  "\\e]0;x\\a":',
		);
		const said = complaintOf(text);
		expect(said).toContain(
			'classes.can.whenFull: "\\u001b[2J\\u{9b}2J\\u{202e}" is not known; write refuse or drop-oldest',
		);
		expect(said).toContain('groups."\\u001b]0;x\\u0007": ');
		expect(said.replaceAll("\n", "")).toMatch(/^[\x20-\x7e]+$/);
	});

	it("have values of any length shown short", () => {
		const said = complaintOf(COMPLIANT.replace("rate: 20/s", `rate: ${"9".repeat(10_000)}x`));
		expect(said).toBe(
			`x.yaml:16:11  classes.can.rate: "${"9".repeat(60)}…" is not a rate; write a number and /s, /min, /h or /d, for example 2000/s`,
		);
	});
});

describe("files that cannot be read", () => {
	const folder = mkdtempSync(join(tmpdir(), "leafline-fleet-"));
	afterAll(() => rmSync(folder, { recursive: true }));
	beforeAll(() => {
		writeFileSync(join(folder, "huge.yaml"), "");
		truncateSync(join(folder, "huge.yaml"), 50_000_000);
		mkdirSync(join(folder, "folder.yaml"));
		writeFileSync(join(folder, "good.yaml"), COMPLIANT);
	});

	it.each([
		["huge.yaml", "has 50 MB; a fleet file has 4 MB at most; write devices as ranges"],
		["folder.yaml", "is a folder; name a file in it"],
		["none.yaml", "does not exist; set leafline:fleet to the path of a fleet file"],
		["good.yaml/x.yaml", "does not exist; set leafline:fleet to the path of a fleet file"],
	])("%s", (name, message) => {
		const path = join(folder, name);
		expect(said(() => readFleet(path))).toBe(`${path}  ${message}`);
	});

	it("a device file", () => {
		expect(said(() => readFleet("/dev/null"))).toBe("/dev/null  is not a file; name a file");
	});

	it("and one that can, for comparison", () => {
		const opened = openFleet(join(folder, "good.yaml"));
		expect(opened.fleet.name).toBe("quarry");
		expect(opened.locate(["classes", "can", "hub", "keep"])).toEqual({ line: 21, column: 13 });
	});
});

function said(act: () => unknown): string {
	try {
		act();
	} catch (error) {
		if (error instanceof ConfigError) return error.message;
		throw error;
	}
	return "nothing";
}
