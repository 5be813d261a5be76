import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseYaml } from "../../config/document";
import { parseFleet } from "../../config/fleet";
import { readStackFile } from "../../config/stack-file";
import { COMPLIANT, complaint, complaintOf } from "./compliant";

/** What is read by a library one way, and meant by people in another one. */

const folder = mkdtempSync(join(tmpdir(), "leafline-odd-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("numbers are shown as they are written", () => {
	it.each([
		["shards: 1e400", "x.yaml:16:13  classes.can.shards: 1e400 is not possible; write a whole number from 1 to 99"],
		["shards: 0x10", "x.yaml:16:13  classes.can.shards: 0x10 is not possible; write a whole number from 1 to 99"],
		["shards: 010", "x.yaml:16:13  classes.can.shards: 010 is not possible; write a whole number from 1 to 99"],
		["shards: .inf", "x.yaml:16:13  classes.can.shards: .inf is not possible; write a whole number from 1 to 99"],
		["shards: 1_0", 'x.yaml:16:13  classes.can.shards: "1_0" is not possible; write a whole number from 1 to 99'],
		["shards: ", "x.yaml:16:5  classes.can.shards: is empty; write for example 1"],
	])("%s", (line, says) => {
		expect(complaint("rate: 20/s", `${line}\n    rate: 20/s`)).toBe(says);
	});

	it("in a unit's place", () => {
		expect(complaint("rate: 20/s", "rate: 0100")).toBe(
			"x.yaml:16:11  classes.can.rate: 0100 has no unit; write 0100/s",
		);
	});

	it("among devices", () => {
		expect(complaint("- edge2", "- 8949020000000000001")).toBe(
			'x.yaml:41:9  groups.south.devices[1]: 8949020000000000001 is not a text; write for example "truck-[001-250]"',
		);
	});
});

describe("maps that are merged into others", () => {
	const based = (own: string) =>
		COMPLIANT.replace("  debug:", `  spare:\n    <<: &base { rate: 1/s, size: 64B, whenFull: refuse }\n${own}  debug:`);

	it("give what the map itself leaves out", () => {
		const text = `${based("    size: 128B\n").replace("  debug:", "  more: { <<: *base, rate: 2/s }\n  debug:")}`;
		const { fleet, problems } = parseFleet(text, "x.yaml");
		expect(problems).toEqual([]);
		expect(fleet?.classes.spare).toMatchObject({ rate: 1, sizeBytes: 128, whenFull: "refuse" });
		expect(fleet?.classes.more).toMatchObject({ rate: 2, sizeBytes: 64, whenFull: "refuse" });
	});

	it("have their mistakes where they stand", () => {
		expect(complaintOf(based("").replace("rate: 1/s", "rate: 1"))).toMatch(
			/^x\.yaml:\d+:23 {2}classes\.spare\.rate: 1 has no unit; write 1\/s$/,
		);
	});

	it("are one message where they are none", () => {
		const said = complaintOf(
			based("    rate: 1/s\n    size: 1B\n    whenFull: refuse\n").replace(/<<: &base.*/, "<<: base"),
		);
		expect(said).toMatch(/^x\.yaml:\d+:5 {2}classes\.spare\."<<": merges what is no map; name a map, .*$/);
	});

	it("end, where they merge themselves", () => {
		expect(complaintOf(`${COMPLIANT}a: &a { <<: *a }\n`)).toContain("alias *a names nothing that stands before it");
		expect(complaintOf(`${COMPLIANT}a: &a { b: &b { <<: *a } }\n`)).toContain("alias *a names nothing");
	});

	it("mean the same as to the library", () => {
		const key = fc.constantFrom("a", "b", "c", "d");
		const map = fc.dictionary(key, fc.nat({ max: 9 }));
		const flow = (entries: object) => Object.entries(entries).map(([name, value]) => `${name}: ${value}`);
		fc.assert(
			fc.property(map, map, map, fc.boolean(), (one, two, own, first) => {
				const merge = "<<: [*one, *two]";
				const inner = first ? [merge, ...flow(own)] : [...flow(own), merge];
				const text = `one: &one {${flow(one).join(", ")}}\ntwo: &two {${flow(two).join(", ")}}\nown: {${inner.join(", ")}}\n`;
				expect(parseYaml(text).value).toEqual(parse(text, { merge: true }));
			}),
		);
	});
});

describe("bytes that are no text, and texts that start with none", () => {
	it("a byte order mark takes no column", () => {
		expect(complaintOf(`\ufeff${COMPLIANT.replace("apiVersion: leafline/v1", "apiVersion: v1")}`)).toMatch(
			/^x\.yaml:\d+:13 /,
		);
		expect(complaintOf("\ufeffto do\n")).toMatch(/^x\.yaml:1:1 /);
	});

	it("lines may end as on Windows", () => {
		expect(parseFleet(COMPLIANT.replaceAll("\n", "\r\n"), "x.yaml").problems).toEqual([]);
		expect(complaintOf(COMPLIANT.replace("rate: 20/s", "rate: 20").replaceAll("\n", "\r\n"))).toMatch(
			/^x\.yaml:16:11 /,
		);
	});

	it("UTF-16 is named", () => {
		const text = Buffer.from(COMPLIANT, "utf16le").toString("utf8");
		expect(complaintOf(text)).toBe("x.yaml:1:1  is not a text file; write YAML in UTF-8");
	});
});

describe("a range", () => {
	const devices = (range: string) =>
		parseFleet(COMPLIANT.replace('"truck-[001-003], edge1"', range).replace("truck-002:", "edge2:"), "x.yaml");

	it("of SIM serials is as many devices as it counts", () => {
		const { fleet, problems } = devices('"sim-[8949020000000000001-8949020000000000250]"');
		expect(problems).toEqual([]);
		const names = fleet?.groups.north?.devices ?? [];
		expect(new Set(names).size).toBe(250);
		expect([names[0], names.at(-1)]).toEqual(["sim-8949020000000000001", "sim-8949020000000000250"]);
	});

	it("too long says how long, however many digits it has", () => {
		expect(devices('"s-[0-99999999999999999999]"').problems[0]?.message).toBe(
			'"s-[0-99999999999999999999]" is a range of 100000000000000000000 devices',
		);
	});
});

describe("a stack's settings", () => {
	const read = (text: string, project = "name: leafline\n") => {
		writeFileSync(join(folder, "Pulumi.yaml"), project);
		writeFileSync(join(folder, "Pulumi.odd.yaml"), text);
		return readStackFile(folder, "odd");
	};
	const said = (text: string) =>
		read(text)?.problems.map(({ path, message, place }) => [path.join("."), message, place]);

	it.each(["0755", "1_000", "0x10", "1.50", "8949020000000000001", "2026-01-31"])(
		"%s is not the same to every reader",
		(written) => {
			expect(said(`config:\n  leafline:adopt: [a, ${written}]\n`)).toEqual([
				["leafline:adopt.1", `${written} is not the same to every reader of YAML`, { line: 2, column: 23 }],
			]);
			expect(said(`config:\n  leafline:adopt: [a, "${written}"]\n  other:key: ${written}\n`)).toEqual([]);
		},
	);

	it("may be a text that the command line wrote, or have no namespace, or come from the project", () => {
		const project =
			"name: leafline\nconfig:\n  sourcing: ephemeral\n  leafline:fleet: { default: a.yaml }\n  leafline:adopt: { value: [x] }\n";
		const file = read(
			`config:\n  leafline:hub: '{"kind":"local"}'\n  fleet: b.yaml\n  aws:region: eu-central-1\n`,
			project,
		);
		expect(file?.raw).toEqual({ hub: { kind: "local" }, fleet: "b.yaml", sourcing: "ephemeral", adopt: ["x"] });
		expect(file?.region).toBe("eu-central-1");
	});

	it("leave out what is encrypted, wherever it stands", () => {
		const file = read(
			"config:\n  leafline:hub: { nodes: 3, aws: { kmsKeyId: { secure: AAA } } }\n  leafline:adopt: [a, { secure: BBB }]\n",
		);
		expect(file?.raw).toEqual({ hub: { nodes: 3, aws: {} }, adopt: ["a"] });
	});

	it("that are a folder are named", () => {
		mkdirSync(join(folder, "Pulumi.folder.yaml"));
		expect(() => readStackFile(folder, "folder")).toThrow("Pulumi.folder.yaml  is a folder; name a file in it");
	});
});
