import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../policies/evaluate";
import { isExpired, speaksOf } from "../../policies/exemptions";
import type { Design, Exemption, Rule } from "../../policies/model";
import { rules } from "../../policies/rules";
import { exemptionExpired } from "../../policies/rules/exemptions/exemption-expired";
import { exemptionUnused } from "../../policies/rules/exemptions/exemption-unused";
import { complies, unknown, violates } from "../../policies/rules/outcomes";
import { brief, changed } from "./breaks";
import { compliantDesign, compliantTopology, policyConfig } from "./fixture";

const DESIGN = compliantDesign();

function rule(name: string, check: Rule["check"], severity: Rule["severity"] = "mandatory"): Rule {
	return {
		name,
		area: "streams",
		title: name,
		severity,
		why: "",
		remedy: `mend ${name}`,
		example: { fails: "", complies: "", language: "yaml" },
		check,
	};
}

const late = rule("late", () => [
	violates({ label: "b" }, "b is late"),
	violates({ label: "a", urn: "urn:a" }, "a is late"),
]);
const soft = rule("a-soft", () => [violates({ label: "z" }, "z is soft"), complies({ label: "y" })], "advisory");
const open = rule("open", () => [unknown({ label: "c" }, "size of c")]);

describe("evaluate", () => {
	it("puts mandatory findings first, then by rule and by resource, and what is unknown last", () => {
		expect(brief(evaluate(DESIGN, policyConfig(), [open, soft, late]))).toEqual([
			{ rule: "late", at: "a", message: "a is late", severity: "mandatory", kind: "violation" },
			{ rule: "late", at: "b", message: "b is late", severity: "mandatory", kind: "violation" },
			{ rule: "a-soft", at: "z", message: "z is soft", severity: "advisory", kind: "violation" },
			{ rule: "open", at: "c", message: "not known until deployed: size of c", severity: "advisory", kind: "unknown" },
		]);
	});

	it("says what to do and where to read on", () => {
		expect(evaluate(DESIGN, policyConfig(), [late])[0]).toMatchObject({
			remedy: "mend late",
			page: "docs/policies/late.md",
			area: "streams",
			origin: { label: "a", urn: "urn:a" },
		});
	});

	it("gives the same findings whatever the order of the design", () => {
		const design: Design = changed("hub_can", { retention: "workqueue", max_bytes: -1, name: "edge1_can" });
		const turned: Design = { ...design, streams: [...design.streams].reverse() };
		const findings = evaluate(design, policyConfig(), rules);
		expect(findings.length).toBeGreaterThan(2);
		expect(evaluate(turned, policyConfig(), [...rules].reverse())).toEqual(findings);
	});

	it("takes severities from the configuration, and never makes what is unknown mandatory", () => {
		const severity = { late: "advisory", "a-soft": "disabled", open: "mandatory" } as const;
		const found = evaluate(DESIGN, policyConfig({ severity }), [late, soft, open]);
		expect(found.map((each) => [each.rule, each.severity])).toEqual([
			["late", "advisory"],
			["late", "advisory"],
			["open", "advisory"],
		]);
	});

	it("turns a rule that throws into a mandatory finding, and lets the others speak", () => {
		const broken = rule(
			"broken",
			() => {
				throw new TypeError("no such thing");
			},
			"advisory",
		);
		expect(brief(evaluate(DESIGN, policyConfig(), [broken, soft]))).toEqual([
			{
				rule: "broken",
				at: "broken",
				message: "broken could not run: no such thing",
				severity: "mandatory",
				kind: "violation",
			},
			{ rule: "a-soft", at: "z", message: "z is soft", severity: "advisory", kind: "violation" },
		]);
	});
});

describe("exemptions", () => {
	const exemption: Exemption = { resource: "a", rule: "late", reason: "until the new link", expires: "2026-06-01" };
	const all = [late, exemptionExpired, exemptionUnused];

	function found(changes: Partial<Exemption>, today = "2026-06-01") {
		const exemptions = [{ ...exemption, ...changes }];
		return evaluate(DESIGN, policyConfig({ exemptions, today }), all).map((each) => `${each.rule}: ${each.message}`);
	}

	it.each([
		["its label", "a"],
		["its URN", "urn:a"],
		["a pattern", "urn:*"],
	])("take out the finding of one resource, named by %s, through their last day", (_name, resource) => {
		expect(found({ resource })).toEqual(["late: b is late"]);
	});

	it("that have expired exempt nothing, and fail", () => {
		expect(found({}, "2026-06-02")).toEqual([
			"exemption-expired: the exemption of a from late (until the new link) ended on 2026-06-01: it no longer holds",
			"late: a is late",
			"late: b is late",
		]);
	});

	it.each(["2026-02-30", "tomorrow", "2026-6-1", "9999"])("that end on %s, which is no day, never hold", (expires) => {
		expect(found({ expires })[0]).toBe(
			`exemption-expired: the exemption of a from late (until the new link) ends on "${expires}", which is no day: it no longer holds`,
		);
	});

	it("fail also when nothing needs them any more", () => {
		const exemptions = [{ ...exemption, resource: "gone" }];
		const findings = evaluate(DESIGN, policyConfig({ exemptions, today: "2027-01-01" }), [
			exemptionExpired,
			exemptionUnused,
		]);
		expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([["exemption-expired", "mandatory"]]);
	});

	it.each([
		["no such resource", { resource: "aa" }],
		["another rule", { rule: "later" }],
	])("that exempt nothing are named: %s", (_name, changes) => {
		const { resource, rule: name } = { ...exemption, ...changes };
		expect(found(changes)).toEqual([
			"late: a is late",
			"late: b is late",
			`exemption-unused: the exemption of ${resource} from ${name} (until the new link) exempts nothing`,
		]);
	});

	it("cannot exempt themselves from their end", () => {
		const self = { resource: "*", rule: "exemption-expired", reason: "for ever", expires: "2099-01-01" };
		const exemptions = [{ ...exemption, expires: "2020-01-01" }, self];
		const findings = evaluate(DESIGN, policyConfig({ exemptions }), [exemptionExpired]);
		expect(findings.map(({ rule }) => rule)).toEqual(["exemption-expired"]);
	});
});

describe("speaksOf", () => {
	it.each([
		["*", "", true],
		["a*c", "abc", true],
		["a*c", "ac", true],
		["a*bc", "abc", true],
		["ab*bc", "abc", false],
		["*b*b*", "ab", false],
		["*b*b*", "abab", true],
		["a.c", "abc", false],
		["*c", "abcd", false],
		["edge*_can on *", "edge12_can on edge12", true],
	])("%s, %s: %s", (resource, label, expected) => {
		expect(speaksOf({ resource, rule: "", reason: "", expires: "" }, { label })).toBe(expected);
	});

	it("takes no time over many stars", () => {
		const resource = `${"*a".repeat(5000)}b`;
		const started = performance.now();
		expect(speaksOf({ resource, rule: "", reason: "", expires: "" }, { label: "a".repeat(100_000) })).toBe(false);
		expect(performance.now() - started).toBeLessThan(1000);
	});

	it("an exemption without an end is expired", () => {
		expect(isExpired({ resource: "a", rule: "b", reason: "c", expires: "" }, "2026-01-01")).toBe(true);
	});
});

describe("the rules", () => {
	it("have names of their own, and all that their pages need", () => {
		expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
		for (const { name, title, why, remedy, example } of rules) {
			expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
			for (const text of [title, why, remedy, example.fails, example.complies]) expect(text.trim(), name).not.toBe("");
			expect(example.fails, name).not.toBe(example.complies);
			expect(remedy.endsWith("."), `${name}: a remedy is put behind a colon`).toBe(false);
		}
	});

	it("of streams and consumers are each broken by a test of its own", () => {
		const files = readdirSync(__dirname).filter((file) => /^(streams|consumers).*\.test\.ts$/.test(file));
		const tests = files.map((file) => readFileSync(join(__dirname, file), "utf8")).join("\n");
		const own = rules.filter(({ area }) => area === "streams" || area === "consumers");
		expect(own.map(({ name }) => name).filter((name) => !tests.includes(`"${name}"`))).toEqual([]);
	});

	it("judge ten thousand streams well within a second", () => {
		const devices = Array.from({ length: 1667 }, (_, i) => `edge${i}`);
		const design = compliantDesign(compliantTopology(devices, 3));
		expect(design.streams.length).toBeGreaterThan(10_000);
		const own = rules.filter(({ area }) => area === "streams" || area === "consumers");
		evaluate(design, policyConfig(), own);
		const times = [1, 2, 3].map(() => {
			// A new object: nothing is remembered from the last time.
			const again = { ...design };
			// The processor's time, not the clock's: other programs may run on the machine.
			const started = process.cpuUsage();
			expect(evaluate(again, policyConfig(), own)).toEqual([]);
			const { user, system } = process.cpuUsage(started);
			return (user + system) / 1000;
		});
		expect(Math.min(...times)).toBeLessThan(1000);
	});
});
