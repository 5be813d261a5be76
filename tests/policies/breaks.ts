import { expect } from "vitest";
import { evaluate, type Finding } from "../../policies/evaluate";
import type { Design, DesignStream, PolicyConfig } from "../../policies/model";
import { rules } from "../../policies/rules";
import { compliantDesign, policyConfig, withStream } from "./fixture";

/** What a broken design must be told: by one rule, once, in these words. */
export interface Broken {
	readonly rule: string;
	/** Label of the thing that the finding belongs to. */
	readonly at: string;
	readonly message: string;
	readonly severity?: "advisory";
}

/** The design breaks exactly one rule, once. */
export function expectBroken(
	design: Design,
	{ rule, at, message, severity }: Broken,
	config: Partial<PolicyConfig> = {},
) {
	expect(brief(evaluate(design, policyConfig(config), rules))).toEqual([
		{ rule, at, message, severity: severity ?? "mandatory", kind: "violation" },
	]);
}

export function expectCompliant(design: Design, config: Partial<PolicyConfig> = {}) {
	expect(brief(evaluate(design, policyConfig(config), rules))).toEqual([]);
}

/** Nothing is claimed, and nothing crashes: only advisory findings of what is not known. */
export function expectUnknown(design: Design, message: string) {
	const findings = evaluate(design, policyConfig(), rules);
	expect(findings.filter(({ kind, severity }) => kind !== "unknown" || severity !== "advisory")).toEqual([]);
	expect(findings.map((finding) => finding.message)).toContain(`not known until deployed: ${message}`);
}

export function brief(findings: readonly Finding[]) {
	return findings.map(({ rule, origin, message, severity, kind }) => ({
		rule,
		at: origin.label,
		message,
		severity,
		kind,
	}));
}

/** The compliant design with fields of one stream's configuration changed. */
export function changed(name: string, config: Record<string, unknown>, rest: Partial<DesignStream> = {}): Design {
	return withStream(compliantDesign(), name, () => ({ ...rest, config }));
}

/** The compliant design with further streams of someone else. */
export function added(...streams: readonly DesignStream[]): Design {
	const design = compliantDesign();
	return { ...design, streams: [...design.streams, ...streams] };
}

/** A stream of another tool, which complies with everything. */
export function foreign(name: string, domain: string, config: Record<string, unknown> = {}): DesignStream {
	return {
		origin: { label: name },
		domain,
		side: "foreign",
		critical: false,
		config: {
			name,
			retention: "limits",
			storage: "file",
			discard: "old",
			num_replicas: 1,
			max_msgs: -1,
			max_bytes: 1024 ** 2,
			max_age: 0,
			...config,
		},
		consumers: {},
	};
}

/** An ordinary source of a stream in another domain, as it should be. */
export function source(name: string, domain: string, prefix = `deliver.${domain}`) {
	return { name, opt_start_seq: 1, external: { api: `$JS.${domain}.API`, deliver: prefix } };
}
