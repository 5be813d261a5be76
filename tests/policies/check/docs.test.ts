import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PAGES, pages } from "../../../policies/docs";
import { rules } from "../../../policies/rules";

const COMMAND = "node toolchain/run.js build && node bin/policies/write-docs.js";

describe("the rules' pages", () => {
	const made = pages(rules);

	test("are those of the rules, no more and no less", () => {
		const present = readdirSync(PAGES).filter((name) => name.endsWith(".md"));
		expect(present.sort(), `run ${COMMAND}`).toEqual([...made.keys()].sort());
	});

	test.each([...made])("%s says what the rule says", (name, text) => {
		const path = join(PAGES, name);
		expect(existsSync(path) ? readFileSync(path, "utf8") : "", `${path} is stale; run ${COMMAND}`).toBe(text);
	});

	test("a changed rule makes its page stale", () => {
		const [first, ...rest] = rules;
		if (first === undefined) throw new Error("there are no rules");
		const changed = pages([{ ...first, remedy: "do something else" }, ...rest]);
		expect(changed.get(`${first.name}.md`)).not.toBe(made.get(`${first.name}.md`));
		expect(changed.get(`${first.name}.md`)).toContain("\n\nDo something else.\n");
	});

	test("every rule has a page, a reason, a remedy and both examples", () => {
		for (const { name, why, remedy, example } of rules) {
			const text = made.get(`${name}.md`);
			expect(text, name).toContain(remedy.slice(1));
			expect(text, name).toContain(why.slice(1));
			expect(text, name).toContain(example.fails.trim());
			expect(text, name).toContain(example.complies.trim());
		}
	});

	test("every link of the index leads to a page", () => {
		const links = [...(made.get("README.md") ?? "").matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target ?? "");
		expect(links.length).toBeGreaterThan(rules.length);
		for (const link of links) expect(existsSync(join(PAGES, link)), link).toBe(true);
	});
});
