import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fleetJsonSchema } from "../../config/generate-schema";
import { COMPLIANT } from "./compliant";

const ROOT = join(__dirname, "../..");
const PUBLISHED = readFileSync(join(ROOT, "docs/schema/fleet.json"), "utf8");

const ajv = new Ajv({ allErrors: true, strict: true, formats: { "date-time": true } });
const validate = ajv.compile(JSON.parse(PUBLISHED));

interface Schema {
	readonly [key: string]: unknown;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: Schema | false;
}

describe("docs/schema/fleet.json", () => {
	it("is what the schema says; else run: npm run build && node bin/config/write-schema.js", () => {
		expect(PUBLISHED).toBe(fleetJsonSchema());
	});

	it.each(["fleets/demo.yaml", "fleets/mine.yaml", "tests/config/fixtures/compliant.yaml"])("accepts %s", (file) => {
		const valid = validate(parse(readFileSync(join(ROOT, file), "utf8")));
		expect(validate.errors ?? []).toEqual([]);
		expect(valid).toBe(true);
	});

	it.each([
		["an unknown key", "whenFull: refuse", "whenful: refuse", "/classes/can"],
		["a rate without a unit", "rate: 20/s", "rate: 2000", "/classes/can/rate"],
		["an unknown unit", "size: 1600B", "size: 1600 bytes", "/classes/can/size"],
		["a class with a capital", "  debug:", "  Debug:", "/classes"],
		["a reserved device", "  truck-002:", "  hub:", "/devices"],
		["an unknown choice", "deliver: all", "deliver: some", "/consumers/lake/deliver"],
		["another version", "leafline/v1", "leafline/v2", "/apiVersion"],
	])("refuses %s", (_, from, to, place) => {
		expect(COMPLIANT).toContain(from);
		expect(validate(parse(COMPLIANT.replace(from, to)))).toBe(false);
		expect(validate.errors?.map((error) => error.instancePath)).toContain(place);
	});

	it("describes every field, so that editors can explain it", () => {
		const bare: string[] = [];
		const visit = (schema: Schema, path: string) => {
			if (typeof schema.description !== "string" && path !== "") bare.push(path);
			for (const [name, field] of Object.entries(schema.properties ?? {})) visit(field, `${path}/${name}`);
			if (schema.additionalProperties) visit(schema.additionalProperties, `${path}/*`);
		};
		visit(JSON.parse(PUBLISHED), "");
		expect(bare).toEqual([]);
	});
});
