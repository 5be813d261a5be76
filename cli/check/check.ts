import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { readDesign } from "../../components/design";
import { byPlace, ConfigError, formatPath, type LocatedProblem, type Place, type Problem } from "../../config/errors";
import { foreign } from "../../config/printable";
import { readStackFile, type StackFile, stackFiles } from "../../config/stack-file";
import { suggest } from "../../config/words";
import { evaluate, type Finding } from "../../policies/evaluate";
import { fromTopology } from "../../policies/from-topology";
import type { Rule, Severity } from "../../policies/model";
import { PACK_PAGE, PACK_POLICY } from "../../policies/pack-config";
import { rules as allRules } from "../../policies/rules";
import type { Topology } from "../../topology/model";
import { UserError } from "../errors";
import { readPackConfig } from "./pack-config";
import { compareRecorded, localState, type RecordedFinding, readRecorded } from "./recorded";

/** Characters of a message, which may name several things. */
const LONGEST = 4_000;

/** Name of what is no rule's finding: a fleet file or settings that are refused, or a plan that cannot hold. */
export const DESIGN_HOLDS = "design-holds";
export const FLEET_PAGE = "docs/fleet.md";
const SETTINGS_PAGE = "docs/settings.md";

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
	/** What `pulumi stack export` wrote: what an update would do to streams that run. @default that of a local stack */
	readonly state?: string | undefined;
	/** @default all */
	readonly rules?: readonly Rule[];
}

/**
 * Judges what a stack's settings and its fleet file lead to, without engine or credentials.
 *
 * @throws UserError when there is no such stack, or the settings of the pack or the state cannot be used
 */
export function check({ root, stack: given, fleet, policyConfig, state, rules = allRules }: CheckOptions): CheckReport {
	// As the engine takes it: with or without its organization and project.
	const stack = /^([\w-][\w.-]*\/){0,2}([\w.-]{1,100})$/.exec(given)?.[2];
	if (stack === undefined) throw new UserError(`${JSON.stringify(given)} is no name of a stack`);
	const stateFile = state === undefined ? localState(root, stack) : resolve(root, state);
	const recorded = stateFile === undefined ? undefined : readRecorded(stateFile);
	const refuse = (problems: readonly LocatedProblem[]) =>
		report(stack, rules, [...problems].sort(byPlace).map(problemFinding));
	try {
		const pack = readPackConfig(root, stack, rules, policyConfig);
		const { file, raw, region, problems: broken } = readStack(root, stack);
		if (broken.length > 0) return refuse(broken);
		const source = { root, stack, settingsFile: file, region };
		const design = readDesign({ ...source, raw: fleet === undefined ? raw : { ...raw, fleet } });
		const refused = [...design.problems].sort(byPlace).map(problemFinding);
		// The rules have nothing to judge, and nobody could ask them.
		if (design.topology === undefined || pack.config === undefined) {
			return report(stack, rules, [...[...pack.problems].sort(byPlace).map(packFinding), ...refused]);
		}
		const found = evaluate(fromTopology(design.topology), pack.config, rules);
		const places = design.locate(found.map(asProblem));
		const findings = found.map((finding, index) => ruleFinding(finding, places[index]));
		const running = recorded === undefined ? [] : compareRecorded(recorded, design.topology);
		const where = design.locate(running.map(asSourcing));
		const all = [...findings, ...running.map((finding, index) => recordedFinding(finding, where[index]))];
		return report(stack, rules, all, design.topology);
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return refuse(error.problems);
	}
}

/** @throws UserError when the stack has no settings */
function readStack(root: string, stack: string): StackFile {
	const file = readStackFile(root, stack);
	if (file) return file;
	const known = readdirSync(root).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
	const [expected] = stackFiles(stack);
	const remedy = suggest(stack, known, "pulumi stack init makes one");
	throw new UserError(`there is no stack ${stack}: ${join(root, expected)} does not exist; ${remedy}`);
}

function report(stack: string, rules: readonly Rule[], findings: LocatedFinding[], topology?: Topology): CheckReport {
	const good = !findings.some(({ severity }) => severity === "mandatory");
	return { stack, rules, findings: findings.map(plain), good, ...(topology && { topology }) };
}

/** Names in them come from files of others; what is written of them, in whatever form, is one line of text. */
function plain(finding: LocatedFinding): LocatedFinding {
	const { label, message, remedy } = finding;
	return { ...finding, label: foreign(label), message: foreign(message, LONGEST), remedy: foreign(remedy, LONGEST) };
}

function problemFinding(problem: LocatedProblem): LocatedFinding {
	const { path, message, remedy, file, place } = problem;
	const label = formatPath(path);
	return {
		rule: DESIGN_HOLDS,
		severity: "mandatory",
		kind: "violation",
		label,
		message: label === "" ? message : `${label}: ${message}`,
		remedy,
		page: problem.document === "settings" ? SETTINGS_PAGE : FLEET_PAGE,
		file,
		...(place && { place }),
	};
}

function packFinding(problem: LocatedProblem): LocatedFinding {
	return { ...problemFinding(problem), rule: PACK_POLICY, page: PACK_PAGE };
}

function asSourcing({ message, remedy }: RecordedFinding): Problem {
	return { document: "settings", path: ["sourcing"], message, remedy };
}

function recordedFinding(found: RecordedFinding, located: LocatedProblem | undefined): LocatedFinding {
	const { stream, severity, message, remedy } = found;
	const place = located?.place && { place: located.place };
	const shown = { rule: DESIGN_HOLDS, severity, kind: "violation", label: stream, message, remedy } as const;
	return { ...shown, page: "docs/settings.md", file: located?.file ?? "", ...place };
}

function asProblem({ origin, message, remedy }: Finding): Problem {
	return { ...(origin.place ?? { document: "fleet", path: [] }), message, remedy };
}

function ruleFinding(finding: Finding, located: LocatedProblem | undefined): LocatedFinding {
	const { rule, severity, kind, origin, message, remedy, page } = finding;
	const place = located?.place && { place: located.place };
	return { rule, severity, kind, label: origin.label, message, remedy, page, file: located?.file ?? "", ...place };
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
		const own = rule === DESIGN_HOLDS || rule === PACK_POLICY ? finding.message : "";
		const key = JSON.stringify([rule, severity, kind, file, place?.line, place?.column, own]);
		const group = groups.get(key);
		if (group) group.more++;
		else groups.set(key, { first: finding, more: 0 });
	}
	return [...groups.values()];
}
