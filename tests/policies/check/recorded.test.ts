import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { check } from "../../../cli/check/check";
import { toText } from "../../../cli/check/text";

const FLEET = `apiVersion: leafline/v1
fleet: small
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 20Mbit/s, rtt: 80ms, outage: 10m }
classes:
  sensor: { rate: 100/s, size: 128B, whenFull: drop-oldest, hub: { keep: 1d } }
groups:
  all: { devices: [edge1, edge2], hardware: board }
`;
const SETTINGS = "config:\n  leafline:fleet: fleet.yaml\n  leafline:allowDataLoss: false\n";

let root: string;
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "leafline-recorded-"));
	writeFileSync(join(root, "fleet.yaml"), FLEET);
	mkdirSync(join(root, "policies/config"), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function checked(settings = SETTINGS, state?: string) {
	writeFileSync(join(root, "Pulumi.local.yaml"), settings);
	return check({ root, stack: "local", state });
}

/** The state as an update would have left it, with what `change` makes of the sources. */
function recorded(change = (sources: string) => sources): string {
	const streams = Object.values(checked().topology?.hubStreams ?? {});
	const resources = streams.map(({ config: { sources = [], ...config } }) => ({
		type: "pulumi-nodejs:dynamic/leafline:Stream",
		id: config.name,
		outputs: {
			connection: { ciphertext: "v1:SECRET" },
			config,
			sources: JSON.parse(change(JSON.stringify(Object.fromEntries(sources.map((source) => [source.name, source]))))),
		},
	}));
	return JSON.stringify({ version: 3, deployment: { resources: [{ type: "pulumi:pulumi:Stack" }, ...resources] } });
}
const exported = (text: string) => {
	writeFileSync(join(root, "state.json"), text);
	return "state.json";
};
const own = (report: ReturnType<typeof checked>) => report.findings.filter(({ label }) => label.startsWith("hub_"));

test("nothing is said of a stack that stays as it is", () => {
	expect(own(checked(SETTINGS, exported(recorded())))).toEqual([]);
});

test("another way of sourcing is named at the setting, with what the update will do", () => {
	const state = exported(recorded());
	const report = checked(`${SETTINGS}  leafline:sourcing: ephemeral\n`, state);
	expect(report.good).toBe(true);
	expect(own(report)).toMatchObject([
		{
			severity: "advisory",
			message: expect.stringMatching(
				/^hub_sensor: source edge1_sensor and 1 more .*consumer.name from hub to nothing.*moves it/,
			),
			file: "Pulumi.local.yaml",
			place: { line: 4 },
		},
	]);
});

test("transforms of an older release are moved as well", () => {
	const two = recorded((sources) =>
		sources.replace(/"subject_transforms":\[\{/g, '"subject_transforms":[{"src":"old","dest":"old"},{'),
	);
	expect(own(checked(SETTINGS, exported(two)))).toMatchObject([
		{ severity: "advisory", message: expect.stringMatching(/subject_transforms from old → old, /) },
	]);
});

test("another address is refused, as it is in a preview", () => {
	const other = recorded((sources) => sources.replaceAll("$JS.edge1.API", "$JS.edge7.API"));
	const report = checked(SETTINGS, exported(other));
	expect(report.good).toBe(false);
	expect(toText(report)).toMatch(/hub_sensor: source edge1_sensor, external.api from \$JS.edge7.API to \$JS.edge1.API/);
	expect(checked(SETTINGS.replace("false", "true"), "state.json").good).toBe(true);
});

test("a local stack's own state is found without being named", () => {
	const file = join(root, ".leafline/state/.pulumi/stacks/leafline/local.json");
	mkdirSync(dirname(file), { recursive: true });
	const { deployment } = JSON.parse(recorded()) as { deployment: unknown };
	writeFileSync(file, JSON.stringify({ version: 3, checkpoint: { latest: deployment } }));
	expect(own(checked(`${SETTINGS}  leafline:sourcing: ephemeral\n`))).toHaveLength(1);
	rmSync(file);
});

test.each([
	["no JSON", '{ "v1:SECRET"', /state.json is no state .*: it is no JSON/],
	["without a deployment", '{ "version": 3 }', /it has no deployment/],
	["a file that is not there", undefined, /missing.json is no state/],
])("a state that is %s is refused, without showing any of it", (_, text, message) => {
	const state = text === undefined ? "missing.json" : exported(text);
	expect(() => checked(SETTINGS, state)).toThrow(message);
	expect(() => checked(SETTINGS, state)).not.toThrow(/SECRET/);
});
