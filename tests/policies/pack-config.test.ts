import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPath } from "../../config/errors";
import { readPackSettings } from "../../policies/pack-config";
import { rules } from "../../policies/rules";
import { ODD, RAW } from "../config/odd";

const TODAY = new Date("2026-05-04T23:00:00Z");
const EXEMPTION = { resource: "hub_debug", rule: "stream-has-max-bytes", reason: "a trial", expires: "2027-01-31" };

function said(file: unknown): string[] {
	const { problems } = readPackSettings(file, rules, "prod", TODAY);
	return problems.map(({ path, message, remedy }) => `${formatPath(path)}: ${message}; ${remedy}`);
}

function config(file: unknown) {
	const { config, problems } = readPackSettings(file, rules, "prod", TODAY);
	expect(problems).toEqual([]);
	if (!config) throw new Error("refused");
	return config;
}

describe("settings of the pack", () => {
	test("that say nothing are all defaults", () => {
		expect(config({})).toMatchObject({ production: true, allowedPorts: [], exemptions: [], severity: {} });
		expect(config({ environments: ["project/env"] })).toEqual(config({}));
	});

	test("are taken as stated", () => {
		const own = { allowedPorts: [443], maximumWindow: 5, production: false, exemptions: [EXEMPTION] };
		expect(config({ leafline: own })).toMatchObject(own);
	});

	test.each([
		[
			"a misspelt rule",
			{ "hub-has-no-ssch": "disabled" },
			"hub-has-no-ssch: unknown rule; did you mean hub-has-no-ssh?",
		],
		[
			"a misspelt setting",
			{ leafline: { allowedPort: [443] } },
			"leafline.allowedPort: unknown key; did you mean allowedPorts?",
		],
		[
			"a port that is none",
			{ leafline: { allowedPorts: [443, 70000] } },
			"leafline.allowedPorts[1]: 70000 is not possible; write a whole number from 1 to 65535",
		],
		[
			"a date as Germans write it",
			{ leafline: { exemptions: [{ ...EXEMPTION, expires: "31.12.2999" }] } },
			'leafline.exemptions[0].expires: "31.12.2999" is not a day; write 2999-12-31',
		],
		[
			"a day that there is not",
			{ leafline: { exemptions: [{ ...EXEMPTION, expires: "2027-02-30" }] } },
			'leafline.exemptions[0].expires: "2027-02-30" is not a day; write for example 2027-01-31',
		],
		[
			"a time",
			{ leafline: { exemptions: [{ ...EXEMPTION, expires: "2027-01-31T12:00:00Z" }] } },
			'leafline.exemptions[0].expires: "2027-01-31T12:00:00Z" is not a day; write 2027-01-31',
		],
		[
			"an exemption from no rule",
			{ leafline: { exemptions: [{ ...EXEMPTION, rule: "stream-has-max-byte" }] } },
			'leafline.exemptions[0].rule: "stream-has-max-byte" is no rule; did you mean stream-has-max-bytes?',
		],
		[
			"an exemption from exemptions",
			{ leafline: { exemptions: [{ ...EXEMPTION, rule: "exemption-expired" }] } },
			'leafline.exemptions[0].rule: "exemption-expired" has no exemptions; take this one out',
		],
		[
			"a level that there is not",
			{ "hub-has-no-ssh": "remediate" },
			'hub-has-no-ssh: "remediate" is not known; write mandatory, advisory or disabled',
		],
		[
			"a level of no rule",
			{ leafline: { severity: { "hub-has-no-sh": "disabled" } } },
			"leafline.severity.hub-has-no-sh: unknown rule; did you mean hub-has-no-ssh?",
		],
		[
			"more than a level for a rule",
			{ "hub-has-no-ssh": { enforcementLevel: "advisory", ports: [22] } },
			"hub-has-no-ssh.ports: unknown key; known here: enforcementLevel",
		],
		["no map", [], 'a list of 0 is not a map; write for example { "leafline": {} }'],
	])("refuse %s", (_, file, message) => {
		expect(said(file).map((line) => line.replace(/^: /, ""))).toEqual([message]);
	});

	test("a rule's own level goes before all and severity, as the engine has it", () => {
		const file = {
			all: "advisory",
			"hub-has-no-ssh": "disabled",
			leafline: { severity: { "hub-has-no-ssh": "advisory" } },
		};
		const { severity } = config(file);
		expect(severity["hub-has-no-ssh"]).toBe("disabled");
		expect(severity["stream-has-max-bytes"]).toBe("advisory");
		expect(Object.values(config({ leafline: "disabled" }).severity)).toEqual(rules.map(() => "disabled"));
	});

	test("what the engine adds to every policy changes nothing", () => {
		const levels = rules.map(({ name, severity }) => [name, { enforcementLevel: severity }]);
		const packs = { leafline: { enforcementLevel: "mandatory", allowedPorts: [443] } };
		const added = { ...Object.fromEntries(levels), ...packs, "leafline-resources": { enforcementLevel: "mandatory" } };
		expect(config(added)).toEqual(config({ leafline: { allowedPorts: [443] } }));
	});

	test("any value anywhere is taken, or refused in our words", () => {
		const paths = [
			(value: unknown) => value,
			(value: unknown) => ({ leafline: value }),
			(value: unknown) => ({ all: value }),
			(value: unknown) => ({ "hub-has-no-ssh": value }),
			...["allowedPorts", "minimumServer", "maximumWindow", "production", "severity", "exemptions"].map(
				(key) => (value: unknown) => ({ leafline: { [key]: value } }),
			),
			...Object.keys(EXEMPTION).map((key) => (value: unknown) => ({
				leafline: { exemptions: [{ ...EXEMPTION, [key]: value }] },
			})),
		];
		const odd = fc.oneof(fc.constantFrom(...ODD), fc.jsonValue({ maxDepth: 2 }));
		fc.assert(
			fc.property(fc.constantFrom(...paths), odd, (put, value) => {
				const { config, problems } = readPackSettings(put(value), rules, "prod", TODAY);
				expect(config === undefined).toBe(problems.length > 0);
				for (const { message, remedy } of problems) {
					expect(message.replaceAll(JSON.stringify(value), "").replace(/"(?:[^"\\]|\\.)*"/g, "")).not.toMatch(RAW);
					expect(remedy).not.toBe("");
				}
			}),
			{ numRuns: 500 },
		);
	});
});
