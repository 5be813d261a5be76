import { isAbsolute, relative, resolve } from "node:path";
import { ConfigError, type LocatedProblem, type Place, type Problem } from "../../config/errors";
import { openFleet, type ParsedFleet } from "../../config/fleet";
import { locateProblems } from "../../config/report";
import { parseSettings } from "../../config/settings";
import { evaluate, type Finding } from "../../policies/evaluate";
import { fromTopology } from "../../policies/from-topology";
import type { Rule, Severity } from "../../policies/model";
import { rules as allRules } from "../../policies/rules";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { readPackConfig } from "./pack-config";
import { readStackSettings } from "./settings";

/** Name of what is no rule's finding: a fleet file or settings that are refused, or a plan that cannot hold. */
export const DESIGN_HOLDS = "design-holds";
export const DESIGN_PAGE = "docs/fleet.md";

/** A finding with its place in the documents. */
export interface LocatedFinding {
	readonly rule: string;
	readonly severity: Severity;
	readonly kind: Finding["kind"];
	/** What it is about, for example `truck-001_can on truck-001`. */
	readonly label: string;
	readonly message: string;
	readonly remedy: string;
	readonly page: string;
	/** Path from the project's folder. */
	readonly file: string;
	/** Absent where the file as a whole is meant. */
	readonly place?: Place;
}

export interface CheckReport {
	readonly stack: string;
	/** The rules that were asked. */
	readonly rules: readonly Rule[];
	readonly findings: readonly LocatedFinding[];
	/** Absent when the fleet or the settings are refused. */
	readonly topology?: Topology;
	readonly good: boolean;
}

export interface CheckOptions {
	/** The project's folder. */
	readonly root: string;
	readonly stack: string;
	/** Fleet file instead of the one in the settings, from the project's folder. */
	readonly fleet?: string | undefined;
	/** Settings of the pack. @default `policies/config/<stack>.json`, if there is one */
	readonly policyConfig?: string | undefined;
	/** @default all */
	readonly rules?: readonly Rule[];
}

/**
 * Judges what a stack's settings and its fleet file lead to, without engine or credentials.
 *
 * @throws UserError when there is no such stack, or the pack's settings cannot be used
 */
export function check({ root, stack, fleet, policyConfig, rules = allRules }: CheckOptions): CheckReport {
	const config = readPackConfig(root, stack, policyConfig);
	const { file: settingsFile, raw, problems: broken } = readStackSettings(root, stack);
	const refuse = (problems: readonly LocatedProblem[]) => report(stack, rules, problems.map(problemFinding));
	if (broken.length > 0) return refuse(broken);
	const parsed = parseSettings(stack, fleet === undefined ? raw : { ...raw, fleet });
	// Places in the settings are looked up in the file itself.
	const at = (problems: readonly Problem[], opened?: ParsedFleet) =>
		locateProblems(problems, { settingsFile: resolve(root, settingsFile), ...(opened && { fleet: opened }) }).map(
			(problem) => ({ ...problem, file: fromRoot(root, problem.file) }),
		);
	if (parsed.settings === undefined) return refuse(at(parsed.problems));
	try {
		const opened = openFleet(resolve(root, parsed.settings.fleet));
		const { topology, problems } = plan(opened.fleet, parsed.settings);
		if (topology === undefined) return refuse(at(problems, opened));
		const found = evaluate(fromTopology(topology), config, rules);
		const places = at(found.map(asProblem), opened);
		const findings = found.map((finding, index) => ruleFinding(finding, places[index]));
		return report(stack, rules, findings, topology);
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return refuse(error.problems.map((problem) => ({ ...problem, file: fromRoot(root, problem.file) })));
	}
}

function report(stack: string, rules: readonly Rule[], findings: LocatedFinding[], topology?: Topology): CheckReport {
	const good = !findings.some(({ severity }) => severity === "mandatory");
	return { stack, rules, findings, good, ...(topology && { topology }) };
}

function problemFinding({ path, message, remedy, file, place }: LocatedProblem): LocatedFinding {
	const label = path.join(".");
	return {
		rule: DESIGN_HOLDS,
		severity: "mandatory",
		kind: "violation",
		label,
		message: label === "" ? message : `${label}: ${message}`,
		remedy,
		page: DESIGN_PAGE,
		file,
		...(place && { place }),
	};
}

function asProblem({ origin, message, remedy }: Finding): Problem {
	return { ...(origin.place ?? { document: "fleet", path: [] }), message, remedy };
}

function ruleFinding(finding: Finding, located: LocatedProblem | undefined): LocatedFinding {
	const { rule, severity, kind, origin, message, remedy, page } = finding;
	const place = located?.place && { place: located.place };
	return { rule, severity, kind, label: origin.label, message, remedy, page, file: located?.file ?? "", ...place };
}

function fromRoot(root: string, file: string): string {
	const path = relative(root, resolve(root, file));
	return path.startsWith("..") || isAbsolute(path) ? file : path.split("\\").join("/");
}

/** Findings of one rule on one line: a mistake in a class is the mistake of each of its devices' streams. */
export interface FindingGroup {
	readonly first: LocatedFinding;
	/** How many there are besides the first. */
	readonly more: number;
}

export function groupFindings(findings: readonly LocatedFinding[]): FindingGroup[] {
	const groups = new Map<string, { first: LocatedFinding; more: number }>();
	for (const finding of findings) {
		const { rule, severity, kind, file, place } = finding;
		const own = rule === DESIGN_HOLDS ? finding.message : "";
		const key = JSON.stringify([rule, severity, kind, file, place?.line, place?.column, own]);
		const group = groups.get(key);
		if (group) group.more++;
		else groups.set(key, { first: finding, more: 0 });
	}
	return [...groups.values()];
}
