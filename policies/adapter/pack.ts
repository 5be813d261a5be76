import type {
	Policies,
	PolicyResource,
	ReportViolation,
	StackValidationArgs,
	StackValidationPolicy,
} from "@pulumi/policy";
import { formatPath } from "../../config/errors";
import { evaluate, type Finding } from "../evaluate";
import type { Rule } from "../model";
import { COLLECTING_POLICY, PACK_PAGE, PACK_POLICY, readPackSettings } from "../pack-config";
import { CONFIG_SCHEMA, stackOf } from "./config";
import { isJudged, toDesign } from "./design";
import { type Resource, resourceOf, withOrigins } from "./resource";

/**
 * The rules as policies of one pack: each under its own name, so that it can be made advisory or disabled as any other
 * policy, and all over one design. Resources are collected as the program states them, because a stack as a whole shows
 * a policy only what their providers have answered, which in a first preview is nothing.
 *
 * @param configuration what the engine has said to all policies of the pack, where that is known
 */
export function packPolicies(
	rules: readonly Rule[],
	configuration: () => Record<string, unknown> | undefined = () => undefined,
): Policies {
	const collected = new Map<string, Resource>();
	const findings = new Map<string, Finding[]>();
	const judge = ({ resources, getConfig }: StackValidationArgs, report: ReportViolation) => {
		findings.clear();
		const stated = configuration() ?? { [PACK_POLICY]: getConfig() };
		const { config, problems } = readPackSettings(stated, rules, stackOf(resources[0]?.urn));
		for (const { path, message, remedy } of problems) {
			report(`${formatPath(path)}: ${message}\n${sentence(remedy)} See ${PACK_PAGE}.`);
		}
		if (config === undefined) return;
		const seen = resources.filter(({ type }) => isJudged(type));
		const design = toDesign(seen.map((resource) => withOrigins(inputsOf(resource, collected), resource)));
		for (const finding of evaluate(design, config, rules)) {
			findings.set(finding.rule, [...(findings.get(finding.rule) ?? []), finding]);
		}
	};
	return [
		{
			name: COLLECTING_POLICY,
			description: "Collects the resources that the other policies judge.",
			enforcementLevel: "mandatory",
			validateResource: (seen) => {
				if (isJudged(seen.type)) {
					collected.set(seen.urn, resourceOf(seen));
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

function inputsOf(resource: PolicyResource, collected: ReadonlyMap<string, Resource>): Resource {
	return collected.get(resource.urn) ?? resourceOf(resource);
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
	const text = kind === "unknown" ? message : `${message}\n${sentence(remedy)} See ${page}.`;
	(report as unknown as ReportAt)({
		message: text,
		...(origin.urn !== undefined && { urn: origin.urn }),
		...(severity !== rule.severity && { enforcementLevel: severity }),
	});
}

function sentence(words: string): string {
	return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.?!…]$/.test(words) ? "" : "."}`;
}
