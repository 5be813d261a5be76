import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readEvent } from "../../cli/review/events";
import { block, code, escapeMarkdown } from "../../cli/review/markdown";

/** What GitHub makes something of, written by whoever answers as a device. */
describe("the text of a stranger in a comment", () => {
	test.each([
		["a heading", "# all is well"],
		["a rule", "--- x"],
		["a list", "1. merge"],
		["a mention", "ask @maintainers"],
		["an issue", "fixes #1 and GH-2"],
		["a picture", "![x](https://example.com/x.png)"],
		["a link", "[approve](javascript:alert(1))"],
		["an address", "https://example.com www.example.com ftp://example.com mailto:a@example.com"],
		["HTML", "<img src=x onerror=alert(1)> &lt;b&gt; <!-- leafline:prod -->"],
		["a table", "a | b\n--|--\nc | d"],
		["a code span", "`x` ``y``"],
		["a fence", "```\n</details>"],
		["a turned line", "refused \u202eseilpmoc"],
	])("%s is only text", (_, text) => {
		const shown = escapeMarkdown(text);
		expect(shown).not.toMatch(/^\s*([#=+-]|\d+[.)])/);
		expect(shown).not.toMatch(/[@#]\w|GH-\d|:\/\/|\bwww\.|mailto:/);
		expect(shown).not.toMatch(/(?<!\\)[`*_[\]|~>]|<(?!\\)/);
		expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
	});

	test("stays in its code span or its block", () => {
		expect(code("a`b`\n|c\u001b[1m")).toBe("`a b c [1m`");
		expect(block("a\n````\nb\u202ec")).toBe("`````text\na\n````\nb\\u{202e}c\n`````");
	});

	test("whatever it is", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				expect(escapeMarkdown(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|(?<!\\)[`*_[\]|~>]|</u);
				expect(code(text).slice(1, -1)).not.toMatch(/[`|\p{Cc}]/u);
			}),
		);
	});

	test("is plain from the moment that an event of the engine is read", () => {
		const message = "1 device failed:\nedge4: \u001b[2J\u009b1m\u202eok\u0007";
		const event = readEvent(JSON.stringify({ diagnosticEvent: { severity: "error", message } }));
		expect(event).toMatchObject({ kind: "diagnostic", message: "1 device failed:\nedge4: [2J 1m ok" });
	});
});
