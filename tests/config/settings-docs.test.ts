import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { Aws } from "../../config/aws-schema";
import { parseSettings } from "../../config/settings";
import { SettingsFile } from "../../config/settings-schema";

const DOCS = readFileSync(join(__dirname, "../../docs/settings.md"), "utf8");

/** The settings that a section of the documentation has a row for. */
function documented(section: string): string[] {
	const [, text = ""] = DOCS.split(`## ${section}\n`);
	const [own = ""] = text.split("\n## ");
	return [...own.matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name).sort();
}

const keys = (shape: object) => Object.keys(shape).sort();

it("documents every setting, and none that there is not", () => {
	const { hub, leaves } = SettingsFile.shape;
	expect(documented("Top level")).toEqual(keys(SettingsFile.shape));
	expect(documented("hub")).toEqual(keys(hub.unwrap().shape));
	expect(documented("leaves")).toEqual(keys(leaves.unwrap().shape));
	expect(documented("hub.aws")).toEqual(keys(Aws.shape));
});

it("has an example that is good", () => {
	const [, yaml = ""] = /```yaml\n([^`]*)```/.exec(DOCS) ?? [];
	const { config } = parse(yaml) as { config: Record<string, unknown> };
	const own = Object.entries(config).filter(([key]) => key.startsWith("leafline:"));
	const raw = Object.fromEntries(own.map(([key, value]) => [key.slice("leafline:".length), value]));
	expect(parseSettings("prod", raw).problems).toEqual([]);
});
