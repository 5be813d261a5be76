import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { openFleet, parseFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import { plan } from "../../topology/plan";

const ROOT = join(__dirname, "../..");

interface Schema {
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: Schema | false;
	readonly default?: unknown;
}

/** The settings in `Pulumi.<stack>.yaml`, without their namespace. */
function rawSettings(stack: string): Record<string, unknown> {
	const { config } = parse(readFileSync(join(ROOT, `Pulumi.${stack}.yaml`), "utf8")) as {
		config: Record<string, unknown>;
	};
	const own = Object.entries(config).filter(([key]) => key.startsWith("leafline:"));
	return Object.fromEntries(own.map(([key, value]) => [key.replace(/^leafline:/, ""), value]));
}

describe("examples", () => {
	it("the demo has three devices, a class that takes in what they publish, and alarms", () => {
		const { fleet } = openFleet(join(ROOT, "fleets/demo.yaml"));
		expect(fleet.name).toBe("demo");
		expect(Object.keys(fleet.devices)).toEqual(["edge1", "edge2", "edge3"]);
		expect(fleet.classes.platformworker).toMatchObject({ accepts: ["vehicle.>"], whenFull: "refuse" });
		expect(fleet.classes.alarm?.priority).toBe("high");
	});

	it("the mine has 500 trucks", () => {
		const { fleet } = openFleet(join(ROOT, "fleets/mine.yaml"));
		const trucks = Object.keys(fleet.devices);
		expect([trucks.length, trucks[0], trucks[499]]).toEqual([500, "truck-001", "truck-500"]);
	});

	it.each(["fleets/demo.yaml", "fleets/mine.yaml"])("%s tells editors its schema", (file) => {
		const [first] = readFileSync(join(ROOT, file), "utf8").split("\n");
		expect(first).toBe("# yaml-language-server: $schema=../docs/schema/fleet.json");
	});

	it.each([
		["dev", 1],
		["staging", 3],
		["prod", 3],
	])("the settings of %s are good, and its fleet fits into all budgets", (stack, nodes) => {
		const { settings, problems } = parseSettings(stack, rawSettings(stack));
		expect(problems).toEqual([]);
		if (!settings) throw new Error("no settings");
		expect(settings.hub).toMatchObject({ kind: "aws", nodes });
		expect(plan(openFleet(join(ROOT, settings.fleet)).fleet, settings).problems).toEqual([]);
	});

	it("the example in the documentation is good", () => {
		const [, example = ""] = /```yaml\n([^`]*)```/.exec(readFileSync(join(ROOT, "docs/fleet.md"), "utf8")) ?? [];
		const { fleet, problems } = parseFleet(example, "docs/fleet.md");
		expect(problems).toEqual([]);
		expect(fleet?.devices["truck-017"]?.retired).toBe("drain");
	});

	it("the documentation has every field of the schema, with its default", () => {
		const documented = documentedDefaults(readFileSync(join(ROOT, "docs/fleet.md"), "utf8"));
		const wrong: string[] = [];
		const visit = (schema: Schema, path: readonly string[]) => {
			const [section, ...rest] = path;
			for (const [name, field] of Object.entries(schema.properties ?? {})) visit(field, [...path, name]);
			if (schema.additionalProperties) visit(schema.additionalProperties, path);
			// A group's link has the fields of the fleet's, but no defaults of its own.
			if (section === undefined || schema.properties || (section === "groups" && rest[0] === "link")) return;
			const said = rest.length > 0 ? documented[`${section} ${rest.join(".")}`] : documented[`Top ${section}`];
			const stated = ["string", "number"].includes(typeof schema.default);
			if (said === undefined || (stated && said !== `\`${schema.default}\``)) wrong.push(`${path.join(".")}: ${said}`);
		};
		visit(JSON.parse(readFileSync(join(ROOT, "docs/schema/fleet.json"), "utf8")) as Schema, []);
		expect(wrong).toEqual([]);
	});

	it("the demo fits into all budgets of the local stack", () => {
		const { settings } = parseSettings("local", {});
		if (!settings) throw new Error("no settings");
		expect(plan(openFleet(join(ROOT, settings.fleet)).fleet, settings).problems).toEqual([]);
	});
});

/** Last cell of each row of the tables, by the first word of its heading and the field. */
function documentedDefaults(text: string): Record<string, string> {
	const found: Record<string, string> = {};
	let section = "";
	for (const line of text.split("\n")) {
		section = /^## (\w+)/.exec(line)?.[1] ?? section;
		const cells = line.split("|").map((cell) => cell.trim());
		const field = /^`([\w.]+)`$/.exec(cells[1] ?? "")?.[1];
		if (field) found[`${section} ${field}`] = cells.at(-2) ?? "";
	}
	return found;
}
