import type {
	Policies,
	PolicyResource,
	ReportViolation,
	StackValidationArgs,
	StackValidationPolicy,
} from "@pulumi/policy";
import { evaluate, type Finding } from "../evaluate";
import type { PolicyConfig, Rule } from "../model";
import { CONFIG_SCHEMA, readConfig, stackOf } from "./config";
import { isJudged, toDesign } from "./design";
import { type Resource, resourceOf, withOrigins } from "./resource";

/** The policy that holds the settings of the pack, and judges for all the others. */
export const PACK_POLICY = "leafline";

/**
 * The rules as policies of one pack: each under its own name, so that it can be made advisory or disabled as any other
 * policy, and all over one design. Resources are collected as the program states them, because a stack as a whole shows
 * a policy only what their providers have answered, which in a first preview is nothing.
 */
export function packPolicies(rules: readonly Rule[]): Policies {
	const stated = new Map<string, Resource>();
	const findings = new Map<string, Finding[]>();
	const judge = ({ resources, getConfig }: StackValidationArgs) => {
		const seen = resources.filter(({ type }) => isJudged(type));
		const design = toDesign(seen.map((resource) => withOrigins(inputsOf(resource, stated), resource)));
		const config = readConfig(getConfig<Partial<PolicyConfig>>(), stackOf(resources[0]?.urn));
		findings.clear();
		for (const finding of evaluate(design, config, rules)) {
			findings.set(finding.rule, [...(findings.get(finding.rule) ?? []), finding]);
		}
	};
	return [
		{
			name: `${PACK_POLICY}-resources`,
			description: "Collects the resources that the other policies judge.",
			enforcementLevel: "mandatory",
			validateResource: (seen) => {
				if (isJudged(seen.type)) {
					stated.set(seen.urn, resourceOf(seen));
				}
			},
		},
		{
			name: PACK_POLICY,
			description: "Holds the settings of the pack. Disabled, it disables the pack.",
			enforcementLevel: "mandatory",
			configSchema: CONFIG_SCHEMA,
			validateStack: judge,
		},
		...rules.map((rule) => rulePolicy(rule, () => findings.get(rule.name) ?? [])),
	];
}

function inputsOf(resource: PolicyResource, stated: ReadonlyMap<string, Resource>): Resource {
	return stated.get(resource.urn) ?? resourceOf(resource);
}

function rulePolicy(rule: Rule, own: () => readonly Finding[]): StackValidationPolicy {
	const validateStack = (_args: StackValidationArgs, report: ReportViolation) => {
		for (const finding of own()) {
			reportFinding(rule, finding, report);
		}
	};
	return {
		name: rule.name,
		description: rule.title,
		enforcementLevel: rule.severity,
		remediationSteps: rule.remedy,
		validateStack: onlyWhen(() => own().length > 0, validateStack),
	};
}

/**
 * `@pulumi/policy` unpacks the whole stack for every policy anew, and skips a policy that is for a type of resource
 * which the stack does not have. A rule with nothing to report names such a type: 10,000 resources are then unpacked
 * once, and not once a rule. Were the property ignored, the rules would only take longer.
 */
function onlyWhen(
	hasFindings: () => boolean,
	validate: StackValidationPolicy["validateStack"],
): StackValidationPolicy["validateStack"] {
	return Object.defineProperty(validate, "__pulumiType", {
		get: () => (hasFindings() ? undefined : "leafline:policies:Violation"),
	});
}

/** A violation at a level that is not the policy's own. `@pulumi/policy` takes it as an object; its types lag behind. */
type ReportAt = (violation: { message: string; urn?: string; enforcementLevel?: string }) => void;

function reportFinding(
	rule: Rule,
	{ message, remedy, page, origin, severity, kind }: Finding,
	report: ReportViolation,
) {
	const text = kind === "unknown" ? message : `${message}\n${capital(remedy)}. See ${page}.`;
	(report as unknown as ReportAt)({
		message: text,
		...(origin.urn !== undefined && { urn: origin.urn }),
		...(severity !== rule.severity && { enforcementLevel: severity }),
	});
}

function capital(sentence: string): string {
	return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
