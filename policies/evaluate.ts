import { exemptionOrigin, isExpired, speaksOf } from "./exemptions";
import type { Design, Exemption, Origin, Outcome, PolicyConfig, Rule, Severity } from "./model";
import { exemptionExpired } from "./rules/exemptions/exemption-expired";
import { exemptionUnused } from "./rules/exemptions/exemption-unused";

/** What people are shown: a violation, or what cannot be judged yet. */
export interface Finding {
	readonly rule: string;
	readonly area: Rule["area"];
	readonly severity: Severity;
	/** `unknown`: the rule needed a value that exists only after the deployment. Always advisory. */
	readonly kind: "violation" | "unknown";
	readonly origin: Origin;
	/** One sentence, without the remedy. */
	readonly message: string;
	readonly remedy: string;
	/** The rule's page, from the repository's root. */
	readonly page: string;
}

/** How a message of what is not known yet begins. */
export const NOT_KNOWN = "not known until deployed: ";

/** Rules that no exemption reaches: else one could exempt itself from its own end. */
export const NEVER_EXEMPT: readonly string[] = [exemptionExpired.name, exemptionUnused.name];

/**
 * All findings of the rules on a design: mandatory ones first, then by rule and by resource. The same design gives the
 * same findings in the same order, whatever the order of its parts.
 *
 * A rule that throws is a mandatory finding of its own, and the other rules still speak.
 */
export function evaluate(design: Design, config: PolicyConfig, rules: readonly Rule[]): Finding[] {
	const holding = config.exemptions.filter((exemption) => !isExpired(exemption, config.today));
	const used = new Set<Exemption>();
	const findings = rules.flatMap((rule) => {
		const own = holding.filter((exemption) => exemption.rule === rule.name && !NEVER_EXEMPT.includes(rule.name));
		return judge(rule, design, config).filter(({ origin }) => {
			const exempting = own.filter((exemption) => speaksOf(exemption, origin));
			for (const exemption of exempting) {
				used.add(exemption);
			}
			return exempting.length === 0;
		});
	});
	if (rules.includes(exemptionUnused)) {
		findings.push(...unused(holding, used, config));
	}
	return findings.sort(order);
}

/** Severity of a rule under a configuration; `undefined` when it is switched off. */
export function severityOf(rule: Rule, { severity }: Pick<PolicyConfig, "severity">): Severity | undefined {
	const stated = Object.hasOwn(severity, rule.name) ? severity[rule.name] : undefined;
	return stated === "disabled" ? undefined : (stated ?? rule.severity);
}

function judge(rule: Rule, design: Design, config: PolicyConfig): Finding[] {
	const severity = severityOf(rule, config);
	if (severity === undefined) {
		return [];
	}
	try {
		return rule.check(design, config).flatMap((outcome) => finding(rule, severity, outcome));
	} catch (error) {
		const message = `${rule.name} could not run: ${error instanceof Error ? error.message : String(error)}`;
		const remedy =
			"this is a mistake in the rule: report it, and switch the rule off in the pack's severity until then";
		return [
			{ ...about(rule), severity: "mandatory", kind: "violation", origin: { label: rule.name }, message, remedy },
		];
	}
}

function finding(rule: Rule, severity: Severity, outcome: Outcome): Finding[] {
	const { origin } = outcome;
	if (outcome.verdict === "complies") {
		return [];
	}
	if (outcome.verdict === "unknown") {
		const message = `${NOT_KNOWN}${outcome.message}`;
		return [{ ...about(rule), severity: "advisory", kind: "unknown", origin, message, remedy: rule.remedy }];
	}
	return [{ ...about(rule), severity, kind: "violation", origin, message: outcome.message, remedy: rule.remedy }];
}

function unused(holding: readonly Exemption[], used: ReadonlySet<Exemption>, config: PolicyConfig): Finding[] {
	const severity = severityOf(exemptionUnused, config);
	if (severity === undefined) {
		return [];
	}
	return holding
		.filter((exemption) => !used.has(exemption))
		.map((exemption) => ({
			...about(exemptionUnused),
			severity,
			kind: "violation",
			origin: exemptionOrigin(exemption),
			message: `the exemption of ${exemption.resource} from ${exemption.rule} (${exemption.reason}) exempts nothing`,
			remedy: exemptionUnused.remedy,
		}));
}

function about({ name, area }: Rule): Pick<Finding, "rule" | "area" | "page"> {
	return { rule: name, area, page: `docs/policies/${name}.md` };
}

function order(a: Finding, b: Finding): number {
	return (
		Number(a.severity === "advisory") - Number(b.severity === "advisory") ||
		Number(a.kind === "unknown") - Number(b.kind === "unknown") ||
		compare(a.rule, b.rule) ||
		compare(a.origin.label, b.origin.label) ||
		compare(a.origin.urn ?? "", b.origin.urn ?? "") ||
		compare(a.message, b.message)
	);
}

/** By code units, so that no machine's locale changes the order. */
function compare(a: string, b: string): number {
	return a < b ? -1 : Number(a > b);
}
