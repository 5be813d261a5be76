import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CheckOptions, check, DESIGN_HOLDS, groupFindings } from "../../../cli/check/check";
import { toJson } from "../../../cli/check/json";
import { toMarkdown } from "../../../cli/check/markdown";
import { toSarif } from "../../../cli/check/sarif";
import { toText } from "../../../cli/check/text";
import { UserError } from "../../../cli/errors";
import { rules } from "../../../policies/rules";

const FLEET = `apiVersion: leafline/v1
fleet: small
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 20Mbit/s, rtt: 80ms, outage: 10m }
classes:
  sensor:
    rate: 100/s
    size: 128B
    whenFull: refuse
    hub: { keep: 1d }
groups:
  all: { devices: [edge1, edge2], hardware: board }
`;
const SETTINGS = `config:
  aws:region: eu-central-1
  leafline:fleet: fleets/small.yaml
  leafline:hub:
    kind: aws
    nodes: 3
  leafline:controlUrls:
    secure: AAABAHq1
`;

let root: string;
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "leafline check-"));
	for (const folder of ["fleets", "policies/config"]) mkdirSync(join(root, folder), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function checked(fleet = FLEET, settings = SETTINGS, options: Partial<CheckOptions> = {}) {
	writeFileSync(join(root, "fleets/small.yaml"), fleet);
	writeFileSync(join(root, "Pulumi.prod.yaml"), settings);
	return check({ root, stack: "prod", ...options });
}

const ONE_REPLICA = FLEET.replace("{ keep: 1d }", "{ keep: 1d, replicas: 1 }");

describe("check", () => {
	test("a design that complies has no findings, and secure values are ignored", () => {
		const report = checked();
		expect(report.findings).toEqual([]);
		expect(report.good).toBe(true);
		expect(toText(report)).toBe(`prod complies: ${rules.length} rules on 2 devices, 3 streams\n`);
	});

	test("a finding stands on its line of the fleet file", () => {
		const report = checked(ONE_REPLICA);
		expect(report.good).toBe(false);
		expect(report.findings).toHaveLength(1);
		expect(report.findings[0]).toMatchObject({
			rule: "production-hub-is-replicated",
			file: "fleets/small.yaml",
			place: { line: 11, column: 5 },
			label: "hub_sensor",
		});
		expect(toText(report)).toMatch(
			/^fleets\/small\.yaml:11:5 {2}error {4}hub_sensor .*\(production-hub-is-replicated\)\n/,
		);
	});

	test("a finding about the settings stands on its line of the stack's file", () => {
		const report = checked(FLEET, SETTINGS.replace("nodes: 3", "nodes: 3\n    leafPort: 9999"));
		expect(report.findings.map(({ file, place }) => [file, place?.line])).toEqual([["Pulumi.prod.yaml", 7]]);
		expect(report.findings[0]?.severity).toBe("mandatory");
	});

	test("what no plan can hold is a finding too, with its remedy", () => {
		const report = checked(FLEET.replace("rate: 100/s", "rate: 100").replace("size: 128B", "size: 128"));
		expect(report.findings.map(({ rule, place }) => [rule, place?.line])).toEqual([
			[DESIGN_HOLDS, 8],
			[DESIGN_HOLDS, 9],
		]);
		expect(toText(report)).toContain("fleets/small.yaml:8:11  error    classes.sensor.rate: 100 has no unit");
		expect(toText(report)).toContain("    write 100/s; see docs/fleet.md\n");
		// A remedy that names the page by itself is enough.
		const named = report.findings.map((finding) => ({ ...finding, remedy: "write 100/s; see docs/fleet.md" }));
		expect(toText({ ...report, findings: named })).toContain("    write 100/s; see docs/fleet.md\n");
		const full = checked(FLEET.replace("256MiB", "1MiB"));
		expect(full.findings[0]).toMatchObject({ rule: DESIGN_HOLDS, severity: "mandatory", file: "fleets/small.yaml" });
		expect(full.topology).toBeUndefined();
	});

	test("broken YAML, and a fleet that is not there, are findings", () => {
		expect(checked(FLEET, "config: [").findings[0]).toMatchObject({ file: "Pulumi.prod.yaml" });
		const gone = checked(FLEET, SETTINGS, { fleet: "fleets/gone.yaml" });
		expect(gone.findings[0]).toMatchObject({ message: "does not exist", file: "fleets/gone.yaml" });
	});

	test("the pack's settings change levels and exempt, and an expired exemption fails", () => {
		const config = (content: unknown) =>
			writeFileSync(join(root, "policies/config/prod.json"), JSON.stringify(content));
		const exemption = { resource: "hub_sensor", rule: "production-hub-is-replicated", reason: "a trial" };
		try {
			config({ "production-hub-is-replicated": "advisory" });
			expect(checked(ONE_REPLICA)).toMatchObject({ good: true, findings: [{ severity: "advisory" }] });
			config({ leafline: { exemptions: [{ ...exemption, expires: "2999-01-01" }] } });
			expect(checked(ONE_REPLICA).findings).toEqual([]);
			config({ leafline: { exemptions: [{ ...exemption, expires: "2020-01-01" }] } });
			expect(checked(ONE_REPLICA).findings.map(({ rule }) => rule)).toContain("exemption-expired");
			config({ leafline: { allowedPort: [4222] } });
			expect(checked()).toMatchObject({ good: false, findings: [{ rule: "leafline" }] });
		} finally {
			rmSync(join(root, "policies/config/prod.json"));
		}
	});

	test.each(["nope", "../prod", ""])("there is no stack %j", (stack) => {
		expect(() => check({ root, stack })).toThrow(UserError);
	});
});

describe("formats", () => {
	test("SARIF puts findings on lines, and says where the rules are explained", () => {
		const log = JSON.parse(toSarif(checked(ONE_REPLICA), "0.1.0", "https://example.org/blob/main/"));
		const [run] = log.runs;
		expect(log.version).toBe("2.1.0");
		expect(run.results).toHaveLength(1);
		const [result] = run.results;
		expect(result).toMatchObject({ ruleId: "production-hub-is-replicated", level: "error" });
		expect(result.locations[0].physicalLocation).toEqual({
			artifactLocation: { uri: "fleets/small.yaml", uriBaseId: "%SRCROOT%" },
			region: { startLine: 11, startColumn: 5 },
		});
		const rule = run.tool.driver.rules[result.ruleIndex];
		expect(rule.id).toBe(result.ruleId);
		expect(rule.helpUri).toBe("https://example.org/blob/main/docs/policies/production-hub-is-replicated.md");
		expect(new Set(run.tool.driver.rules.map(({ id }: { id: string }) => id)).size).toBe(rules.length + 2);
	});

	test("a fingerprint survives lines that move", () => {
		const print = (fleet: string) => {
			const log = JSON.parse(toSarif(checked(fleet), "0.1.0"));
			return log.runs[0].results[0].partialFingerprints;
		};
		expect(print(`# a comment\n${ONE_REPLICA}`)).toEqual(print(ONE_REPLICA));
	});

	test("Markdown has verdict, remedy, and the topology with what is broken", () => {
		const text = toMarkdown(checked(ONE_REPLICA));
		expect(text).toMatch(/^<!-- leafline:prod -->\n### leafline · `prod` · ❌ refused\n/);
		expect(text).toContain("**Remedy:**");
		expect(text).toMatch(/n\d\[\("hub\\?_sensor"\)\]:::broken/);
	});

	test("JSON has every finding", () => {
		const report = JSON.parse(toJson(checked(ONE_REPLICA)));
		expect(report).toMatchObject({ schemaVersion: 1, stack: "prod", good: false, devices: 2, streams: 3 });
		expect(report.findings).toHaveLength(1);
	});

	test("a mistake in a class is one line, not one a device", () => {
		const [finding] = checked(ONE_REPLICA).findings;
		if (finding === undefined) throw new Error("no finding");
		const many = Array.from({ length: 500 }, (_, index) => ({ ...finding, label: `device ${index}` }));
		expect(groupFindings(many)).toEqual([{ first: many[0], more: 499 }]);
		const elsewhere = { ...finding, place: { line: 1, column: 1 } };
		expect(groupFindings([finding, elsewhere])).toHaveLength(2);
	});
});
