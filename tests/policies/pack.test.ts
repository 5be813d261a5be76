import type { ResourceValidationPolicy, StackValidationArgs, StackValidationPolicy } from "@pulumi/policy";
import { expect, test } from "vitest";
import { packPolicies } from "../../policies/adapter/pack";
import type { PolicyConfig, Rule, Severity } from "../../policies/model";
import { PACK_POLICY } from "../../policies/pack-config";
import { rules } from "../../policies/rules";
import { run as runProgram } from "../support/project";

const TYPE = "aws:ebs/volume:Volume";
const URN = `urn:pulumi:test::test::${TYPE}::v`;
const OPTS = { protect: false, ignoreChanges: [], aliases: [], additionalSecretOutputs: [], customTimeouts: {} };

function ruleOn(name: string, severity: Severity, verdict: "violates" | "unknown"): Rule {
	const texts = { title: name, why: "", remedy: "protect it" };
	const example = { fails: "", complies: "", language: "yaml" } as const;
	const check: Rule["check"] = ({ volumes }) =>
		volumes
			.filter(({ encrypted }) => encrypted === false)
			.map(({ origin }) => ({ verdict, origin, message: `${name} of ${origin.label}` }));
	return { name, area: "hub", severity, ...texts, example, check };
}

const own = [
	ruleOn("strict", "mandatory", "violates"),
	ruleOn("lenient", "advisory", "violates"),
	ruleOn("early", "mandatory", "unknown"),
];

/** As the engine does it: first every resource, then the policies of the stack in their order. */
function run(encrypted: boolean, config: Partial<PolicyConfig> = {}) {
	const policies = packPolicies(own) as (ResourceValidationPolicy & StackValidationPolicy)[];
	const seen = { type: TYPE, name: "v", urn: URN, opts: OPTS };
	const report: unknown[] = [];
	const skipped: string[] = [];
	for (const { validateResource } of policies) {
		const validations = [validateResource ?? []].flat();
		for (const validate of validations) validate({ ...seen, props: { encrypted } } as never, () => {});
	}
	// Of a resource that is not created yet its provider has told nothing.
	const resources = [{ ...seen, props: {}, dependencies: [], propertyDependencies: {} }];
	const args = { resources, getConfig: () => config } as unknown as StackValidationArgs;
	for (const { name, validateStack } of policies) {
		if (!validateStack) continue;
		if ((validateStack as { __pulumiType?: string }).__pulumiType) skipped.push(name);
		else validateStack(args, (violation) => report.push(violation));
	}
	return { report, skipped };
}

const finding = (name: string) => ({ message: `${name} of v\nProtect it. See docs/policies/${name}.md.`, urn: URN });
const early = { message: "not known until deployed: early of v", urn: URN, enforcementLevel: "advisory" };

test("every rule is a policy of its own name and level, after the one that judges", () => {
	const names = packPolicies(rules).map(({ name }) => name);
	expect(names.slice(0, 2)).toEqual([`${PACK_POLICY}-resources`, PACK_POLICY]);
	expect(names.slice(2)).toEqual(rules.map(({ name }) => name));
	expect(new Set(names).size).toBe(names.length);
});

test("what the program states is judged, and what is unknown is never mandatory", () => {
	expect(run(false)).toEqual({ report: [finding("strict"), finding("lenient"), early], skipped: [] });
});

test("rules without findings are not shown the stack again", () => {
	expect(run(true)).toEqual({ report: [], skipped: ["strict", "lenient", "early"] });
});

test("a level in the settings goes before the rule's own", () => {
	const { report } = run(false, { severity: { strict: "advisory", lenient: "mandatory", early: "disabled" } });
	expect(report).toEqual([
		{ ...finding("strict"), enforcementLevel: "advisory" },
		{ ...finding("lenient"), enforcementLevel: "mandatory" },
	]);
});

test("npm's dependency solver is there for whoever asks for it, and not before", async () => {
	const source = `
require("./bin/components/lazy-solver.js");
const pulumi = require("@pulumi/pulumi");
const loaded = () => Object.keys(require.cache).filter((file) => file.endsWith("arborist/lib/node.js")).length > 0;
const before = loaded();
const { Arborist } = require(require.resolve("@npmcli/arborist", { paths: [require.resolve("@pulumi/pulumi")] }));
console.log(typeof pulumi.output, before, typeof new Arborist({ path: "." }).loadActual, loaded());
`;
	const { text } = await runProgram(process.execPath, ["-e", source]);
	expect(text).toBe("function false function true\n");
});
