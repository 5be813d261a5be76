import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { isMap, isScalar, isSeq, parse, parseDocument } from "yaml";
import { formatPath, type LocatedProblem } from "../../config/errors";
import { parseFleet } from "../../config/fleet";
import { FleetFile } from "../../config/fleet-schema";
import { locateProblems } from "../../config/report";
import { parseSettings } from "../../config/settings";
import { SettingsFile } from "../../config/settings-schema";
import { readStackFile } from "../../config/stack-file";
import { rawSettings } from "../../config/stack-settings";
import { COMPLIANT } from "./compliant";
import { anyText, fieldsOf, ODD, RAW, withValue } from "./odd";

/** Odd values in every field of both files: each refusal names the field, shows the value, and says what to do. */

const folder = mkdtempSync(join(tmpdir(), "leafline-fields-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "Pulumi.yaml"), "name: leafline\n");

/** Every setting at once needs two files, for a network is made or given. */
const SETTINGS = {
	aws: `config:
  aws:region: eu-central-1
  leafline:fleet: fleets/mine.yaml
  leafline:sourcing: durable
  leafline:allowDataLoss: false
  leafline:ignorePending: false
  leafline:adopt: [hub_can]
  leafline:controlUrls: [tls://hub.example.com:4222]
  leafline:rollout: 1GiB
  leafline:hub:
    kind: aws
    nodes: 3
    leafPort: 7422
    addresses: [a.example.com, b.example.com, c.example.com]
    storeDir: /data/nats/hub
    memory: 1GiB
    file: 1TiB
    sync: 250ms
    aws:
      image: ami-0123456789abcdef0
      instanceType: m7g.large
      storage: ebs
      network: { cidr: 10.74.0.0/16, zones: [eu-central-1a, eu-central-1b, eu-central-1c] }
      dns: { zoneId: Z0123456789ABCDEFGHIJ, name: hub.example.com }
      readers: [sg-0123456789abcdef0]
      alarms: { email: ops@example.com }
      snapshots: { every: 24h, keep: 7 }
      kmsKeyId: arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef
      permissionsBoundary: arn:aws:iam::123456789012:policy/leafline/boundary
      tags: { team: mine }
  leafline:leaves: { local: false, clientPort: 14222, linkPort: 17422, limit: 32 }
`,
	local: `config:
  leafline:fleet: fleets/demo.yaml
  leafline:hub: { kind: local, nodes: 3, leafPort: 7422, clientPort: 4222, monitorPort: 8222, routePort: 6222 }
  leafline:leaves: { local: true, clientPort: 14222, linkPort: 17422, limit: 32 }
`,
};

const inFile = ([first, ...rest]: readonly (string | number)[]) => ["config", `leafline:${first}`, ...rest];

/** As the offline check reads a stack's file. */
function judgeSettings(text: string): { problems: readonly LocatedProblem[]; broken: boolean } {
	writeFileSync(join(folder, "Pulumi.x.yaml"), text);
	const { raw, region, problems: broken } = readStackFile(folder, "x") ?? { raw: {}, problems: [] };
	if (broken.length > 0) return { problems: broken, broken: true };
	const { problems } = parseSettings("x", raw, region);
	return { problems: locateProblems(problems, { settingsFile: join(folder, "Pulumi.x.yaml") }), broken: false };
}

/** As the engine gives the same file to the program: each setting a text, what is no text as JSON. */
function asEngine(text: string): Record<string, unknown> {
	const { config } = parse(text) as { config: Record<string, unknown> };
	return Object.fromEntries(
		Object.entries(config).map(([key, value]) => {
			if (value === null) return [key, ""];
			return [key, typeof value === "object" ? JSON.stringify(value) : String(value)];
		}),
	);
}

/** What is wrong with a refusal of the value at that path; nothing with one that is as it should be. */
function faults(problems: readonly LocatedProblem[], path: string, value: string, place: LocatedProblem["place"]) {
	const own = problems.filter((problem) => formatPath(problem.path) === path);
	// What the grammar of YAML forbids is told in the words of its reader.
	const said = problems.filter(({ message }) => !message.startsWith("is not YAML: "));
	const raw = said.filter(({ message, remedy }) => RAW.test(message.replaceAll(value, "")) || remedy === "");
	const node = parseDocument(value).contents;
	const written = isScalar(node) && node.value !== null ? String(node.source).trim() : undefined;
	// Secrets are hidden, long values are cut, what a terminal would take for an order is spelt out, and a text of JSON
	// is what it says.
	const shown = written !== undefined && /^[\x20-\x7e]{1,60}$/.test(written) && !/:\/\/|["\\]|^[[{]/.test(written);
	// Devices are several in one text: the one that is wrong is shown, or all of them.
	const several = path.startsWith("groups.") && path.includes(".devices");
	const texts = shown
		? [written, ...(several ? written.split(",").map((text) => text.trim()) : [])].filter(Boolean)
		: [];
	const silent = own.filter(
		({ message }) =>
			(shown && !texts.some((text) => message.toLowerCase().includes(text.toLowerCase()))) ||
			(isMap(node) && !/a map|missing|unknown|has no|needs one of|belongs to/.test(message)) ||
			(isSeq(node) && !/a list|is empty|stands here twice|unknown|is missing|subjects| for /.test(message)),
	);
	const elsewhere = isScalar(node) && node.value !== null ? own.filter((problem) => !same(problem.place, place)) : [];
	return { raw, silent, elsewhere };
}

function same(a: LocatedProblem["place"], b: LocatedProblem["place"]) {
	return a?.line === b?.line && a?.column === b?.column;
}

const NONE = { raw: [], silent: [], elsewhere: [] };

describe.each([
	["the fleet file", fieldsOf(FleetFile, parse(COMPLIANT)), COMPLIANT],
	["settings of a hub on AWS", fieldsOf(SettingsFile, {}).map(inFile), SETTINGS.aws],
	["settings of a local hub", fieldsOf(SettingsFile, {}).map(inFile), SETTINGS.local],
])("%s", (name, fields, base) => {
	const isFleet = name === "the fleet file";
	const judge = (text: string) => (isFleet ? { ...parseFleet(text, "x.yaml"), broken: true } : judgeSettings(text));
	const check = (path: (string | number)[], value: string) => {
		const { text, place } = withValue(base, path, value);
		const { problems, broken } = judge(text);
		const label = formatPath(isFleet ? path : path.slice(1));
		expect([label, value, faults(problems, label, value, place)]).toEqual([label, value, NONE]);
		if (broken) return;
		// What check and engine read is judged alike.
		const seen = parseSettings("x", rawSettings(asEngine(text)), "eu-central-1").problems;
		const words = problems.map(({ path: [first, ...rest], message, remedy }) => {
			return { path: [String(first).replace("leafline:", ""), ...rest], message, remedy };
		});
		expect(seen.map(({ path, message, remedy }) => ({ path, message, remedy }))).toEqual(words);
	};

	it("has nothing to say of what is right", () => {
		expect(judge(base).problems).toEqual([]);
	});

	it.each(fields.map((path) => [formatPath(path), path] as const))(
		"%s takes or explains every odd value",
		(_, path) => {
			for (const value of ODD) check(path, value);
		},
	);

	it("explains any text in any field", () => {
		fc.assert(fc.property(fc.constantFrom(...fields), anyText, check), { numRuns: 400 });
	});
});
