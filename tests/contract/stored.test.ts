import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inventoryOf } from "../../cli/inventory/inventory";
import { pictureOf } from "../../cli/picture/picture";
import { snapshotOfOutputs } from "../../cli/picture/snapshot";
import { SCHEMA_VERSION } from "../../contract/outputs";
import { OutputsError, parseOutputs } from "../../contract/versions";

/**
 * Outputs as releases of before have written them, the first and the last of each version; they are never changed. After a
 * new version those of the one before are added: `buildOutputs` of its last commit wrote them.
 */
const FOLDER = join(__dirname, "stored");
const stored = readdirSync(FOLDER).sort();
const textOf = (name: string) => readFileSync(join(FOLDER, name), "utf8");

/** Reads them, or gives the one message; any other error is a fault. */
function read(source: unknown): ReturnType<typeof parseOutputs> | string {
	try {
		return parseOutputs(source);
	} catch (error) {
		if (error instanceof OutputsError) return error.message;
		throw error;
	}
}

test("there are some of every version before this one", () => {
	const versions = new Set(stored.map((name) => Number(name.split("-")[0])));
	expect([...versions]).toEqual(Array.from({ length: SCHEMA_VERSION - 1 }, (_, i) => i + 1));
	for (const name of stored) expect(JSON.parse(textOf(name)).leafline.schemaVersion).toBe(Number(name.split("-")[0]));
});

describe.each(stored)("%s", (name) => {
	test("is read, and says as much as it did", () => {
		const { leafline: then } = JSON.parse(textOf(name)) as { leafline: Record<string, Record<string, unknown>> };
		const outputs = parseOutputs(textOf(name));
		expect(outputs.leafline).toMatchObject({ ...then, schemaVersion: SCHEMA_VERSION });
		expect(outputs.leafline.hub.apiPrefix).toBe(name.startsWith("1") ? "$JS.hub.API" : "$ADMIN.hub.API");
		expect([outputs.access, outputs.signing]).toEqual([undefined, undefined]);
	});

	test("commands that need no server work with it", () => {
		const { leafline } = parseOutputs(textOf(name));
		const { devices } = inventoryOf(leafline);
		expect(Object.keys(devices)).toEqual(["truck-1", "truck-2"]);
		expect(devices["truck-2"]).toMatchObject({
			draining: true,
			pending: "no answer within 5 s",
			classes: expect.arrayContaining(["can"]),
		});
		const { nodes, arrows } = pictureOf(snapshotOfOutputs(leafline));
		expect(nodes.map(({ label }) => label)).toEqual(expect.arrayContaining(["truck-1", "hub_can", "lake"]));
		expect(arrows.length).toBeGreaterThan(4);
	});

	test("cut off anywhere it is one line", () => {
		const text = textOf(name).trimEnd();
		for (let at = 0; at < text.length; at += 61)
			expect(read(text.slice(0, at))).toBe("the stack's outputs are not JSON");
	});

	test("damaged anywhere it is read as it was or refused with the place", () => {
		const places = placesIn(JSON.parse(textOf(name)));
		const wrong = fc.constantFrom<unknown>(undefined, null, -1, 1.5, "", "\u0000", "x", [], {}, true, [[]]);
		fc.assert(
			fc.property(fc.constantFrom(...places), wrong, (place, value) => {
				const outputs = JSON.parse(textOf(name));
				put(outputs, place, value);
				const result = read(outputs);
				if (typeof result !== "string") return;
				expect(result).toMatch(
					/^(the stack's outputs|the stack has no|this is not a leafline|unknown schema|the stack was made)/,
				);
				// Of a field within it, whatever is above.
				if (result.startsWith("the stack's outputs are damaged")) expect(result).toContain(place[0] as string);
			}),
			{ numRuns: 300 },
		);
	});
});

/** Paths of everything in a JSON value. */
function placesIn(value: unknown): string[][] {
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, item]) => [[key], ...placesIn(item).map((rest) => [key, ...rest])]);
}

/** Sets what is at a path, or takes it away. */
function put(value: unknown, [key = "", ...rest]: readonly string[], wrong: unknown): void {
	const map = value as Record<string, unknown>;
	if (rest.length > 0) put(map[key], rest, wrong);
	else if (wrong === undefined) delete map[key];
	else map[key] = wrong;
}
