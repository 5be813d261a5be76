import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAGES, pages } from "./docs";
import { rules } from "./rules";

/** `node bin/policies/write-docs.js`: makes the rules' pages anew, and removes those of rules that are gone. */
const made = pages(rules);
mkdirSync(PAGES, { recursive: true });
for (const name of readdirSync(PAGES)) {
	if (name.endsWith(".md") && !made.has(name)) rmSync(join(PAGES, name));
}
for (const [name, text] of made) writeFileSync(join(PAGES, name), text);
process.stdout.write(`${made.size} pages in ${PAGES}\n`);
