import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { toComment } from "../../../cli/review/comment";
import { type ReviewEvent, readEvent } from "../../../cli/review/events";
import { type Review, reviewOf } from "../../../cli/review/review";
import { rules } from "../../../policies/rules";

/**
 * `change.jsonl` is what the engine wrote for a local stack of which edge1 was taken away, edge3 added and `keep`
 * doubled, with a pack that has a violation, an advice, and a rule that reads what is not known yet. `mistake.jsonl` is
 * a program that refused its settings. Nothing was taken out of them: the keys in them were made for the recording.
 */
const lines = (name: string) => readFileSync(`tests/policies/recorded/${name}.jsonl`, "utf8").split("\n");
const CHANGE = lines("change");
const SECRET = /S[ACNOPUX][A-Z2-7]{40,}|PRIVATE KEY|BEGIN NATS|BEGIN USER|eyJ[A-Za-z0-9_-]{10}/;

function review(input: readonly string[], stack?: string): Review {
	const events = input.map(readEvent).filter((event): event is ReviewEvent => event !== undefined);
	return reviewOf(events, rules, stack);
}

const without = (text: string) => CHANGE.filter((line) => !line.includes(text));
const PASSED = without('"policyEvent"').map((line) => line.replace('"result":"failed"', '"result":"succeeded"'));

describe("a recorded preview", () => {
	test("has secrets in it, of which the comment has none", () => {
		expect(CHANGE.join("\n")).toMatch(SECRET);
		const events = CHANGE.map(readEvent).filter((event) => event !== undefined);
		expect(JSON.stringify(events)).not.toMatch(SECRET);
		expect(toComment(review(CHANGE))).not.toMatch(SECRET);
		// Every long value of the input's debug events, in whatever form, is absent.
		const debug = CHANGE.filter((line) => line.includes('"severity":"debug"')).join("\n");
		const values = new Set(debug.match(/[A-Za-z0-9+/]{43,}/g));
		expect(values.size).toBeGreaterThan(10);
		const kept = JSON.stringify(events) + toComment(review(CHANGE));
		for (const value of values) expect(kept).not.toContain(value);
	});

	test("is refused for its violation and for the rule that could not run", () => {
		const { good, reasons, stack, notRun, violations } = review(CHANGE);
		expect({ good, stack }).toEqual({ good: false, stack: "local" });
		expect(reasons).toEqual(["1 mandatory violation", "a rule could not run"]);
		expect(notRun[0]).toMatch(/^can't run policy 'reads-carelessly'/);
		expect(violations.map(({ rule, mandatory }) => [rule, mandatory])).toEqual([
			["hub-stream-has-max-age", true],
			["subject-ids-come-late", false],
		]);
		expect(violations[0]?.message).toBe("hub_sensor has no max_age: nothing ever leaves it");
	});

	test("names what is created, updated and deleted, and nothing of the engine's own", () => {
		const { resources, unchanged } = review(CHANGE);
		expect(resources.create.map(({ name }) => name)).toEqual(["edge3"]);
		expect(resources.delete.map(({ name }) => name)).toEqual(["edge1"]);
		expect(resources.update.map(({ name }) => name).sort()).toEqual([
			"demo",
			"edge2",
			"hub_sensor",
			"links",
			"trimmer",
		]);
		expect(unchanged).toBe(8);
	});

	test("shows the topology with what is added, removed and broken", () => {
		const comment = toComment(review(CHANGE));
		expect(comment).toMatch(/n\d\["edge1"\]:::removed/);
		expect(comment).toMatch(/n\d\["edge2"\]\n/);
		expect(comment).toMatch(/n\d\["edge3"\]:::added/);
		expect(comment).toMatch(/n\d\[\("hub_sensor"\)\]:::broken/);
	});

	test("gives each finding its remedy and its page", () => {
		const comment = toComment(review(CHANGE), "https://example.org/blob/abc");
		expect(comment).toContain("(https://example.org/blob/abc/docs/policies/hub-stream-has-max-age.md)");
		expect(comment).toContain("**Remedy:** set hub.keep of the class");
		expect(comment).toMatch(/^<!-- leafline:local -->\n### leafline · `local` · ❌ refused/);
	});

	test("with nothing wrong in it is good", () => {
		const result = review(PASSED);
		expect(result.reasons).toEqual([]);
		expect(toComment(result)).toContain("✅ complies");
		expect(toComment(result)).not.toContain(":::broken");
	});
});

describe("silence is no consent", () => {
	test.each<[string, string[], string]>([
		[
			"events that end early",
			PASSED.filter((line) => !line.includes('"summaryEvent"')),
			"the events of the preview end before its summary",
		],
		["no pack", PASSED.map((line) => line.replace(/"PolicyPacks":\{[^}]*\},/, "")), "no policy pack was run"],
		["a failure without a word", without('"policyEvent"'), "the preview ended as failed"],
		[
			"only a rule that could not run",
			PASSED.concat(CHANGE.filter((line) => line.includes("can't run policy"))),
			"a rule could not run",
		],
	])("%s", (_, input, reason) => {
		expect(review(input)).toMatchObject({ good: false, reasons: [reason] });
	});
});

test("a program that fails says why", () => {
	const result = review(lines("mistake"), "prod");
	expect(result.reasons).toEqual(["the preview failed"]);
	expect(toComment(result)).toContain("leafline:hub.kind: aws is not built yet; use local");
});

describe("hostile texts", () => {
	const says = (message: string) => {
		const event = { policyEvent: { policyName: "x", policyPackName: "p", enforcementLevel: "mandatory", message } };
		return toComment(review([...PASSED, JSON.stringify(event)]));
	};

	test("a message is text, whatever it looks like", () => {
		const comment = says("<img src=x> [a](b) @everyone ```\n# title");
		expect(comment).not.toContain("<img");
		expect(comment).not.toContain("@everyone");
		expect(comment).not.toMatch(/\n# title/);
	});

	test.each([
		"SUAOAEZBSGG72HQA7EKSCW4XPUKS2N6PZ4AWNVXYO6CBWPI3ZBYCXKZFI4",
		"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----",
		"-----BEGIN NATS USER JWT-----\neyJ0eXAiOiJKV1QifQ.e30.x\n------END NATS USER JWT------",
		"password=correcthorse",
		"nats://user:correcthorse@hub:4222",
	])("a secret in a message is taken out: %s", (secret) => {
		const comment = says(`the value ${secret} is wrong`);
		expect(comment).toContain("secret");
		for (const part of secret.match(/[A-Za-z0-9+/]{11,}/g) ?? []) expect(comment).not.toContain(part);
	});

	test("lines that are no events are ignored", () => {
		expect(review(["", "warning: something", "[1]", "null", "{", ...PASSED]).good).toBe(true);
	});

	test("thousands of violations still make a comment that GitHub takes", () => {
		const events = Array.from({ length: 3000 }, (_, index) =>
			JSON.stringify({
				policyEvent: { policyName: `r${index}`, enforcementLevel: "mandatory", message: "x".repeat(200) },
			}),
		);
		const comment = toComment(review([...PASSED, ...events]));
		expect(comment.length).toBeLessThan(65_536);
		expect(comment).toContain("❌ refused");
		expect(comment).toContain("Too long for a comment");
	});
});
