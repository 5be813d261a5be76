import type { Rule } from "../../policies/model";
import type { HubPart, Snapshot } from "../picture/snapshot";
import type { Part, Policy, ReviewEvent } from "./events";

/** What a preview says, as data for a comment. */
export interface Review {
	readonly stack: string;
	/** The change may be merged. */
	readonly good: boolean;
	/** Why not, a sentence each; empty when good. */
	readonly reasons: readonly string[];
	readonly resources: Readonly<Record<Change, readonly ResourceChange[]>>;
	readonly unchanged: number;
	readonly violations: readonly Violation[];
	/** Policies that the engine could not run: they judged nothing, so nothing complies. */
	readonly notRun: readonly string[];
	readonly errors: readonly string[];
	readonly before: Snapshot;
	readonly after: Snapshot;
	/** Names in the picture that break a mandatory rule. */
	readonly broken: ReadonlySet<string>;
}

export const CHANGES = ["create", "update", "replace", "delete"] as const;
export type Change = (typeof CHANGES)[number];

export interface ResourceChange {
	readonly name: string;
	readonly type: string;
}

export interface Violation {
	readonly rule: string;
	readonly mandatory: boolean;
	/** Name of the resource, or of the stack. */
	readonly resource: string;
	readonly message: string;
	/** Absent for rules of other packs. */
	readonly remedy?: string;
	readonly page?: string;
}

/** What the engine says last of a run that was refused; the reasons are elsewhere. */
const SAYS_NOTHING = /^(preview|update) failed$/;

/**
 * @param events in the order of the engine
 * @param stack where the events name none, as when the program failed at once
 */
export function reviewOf(events: readonly ReviewEvent[], rules: readonly Rule[], stack?: string): Review {
	const resources = events.filter((event) => event.kind === "resource");
	const policies = events.filter((event) => event.kind === "policy").map(({ policy }) => policy);
	const diagnostics = events.filter((event) => event.kind === "diagnostic");
	const summary = events.find((event) => event.kind === "summary");
	const byName = new Map(rules.map((rule) => [rule.name, rule]));
	const notRun = policies.filter(couldNotRun).map(({ message }) => message.trim());
	const violations = policies.filter((policy) => !couldNotRun(policy)).map((policy) => violation(policy, byName));
	const errors = diagnostics
		.filter(({ severity, message }) => severity === "error" && !SAYS_NOTHING.test(message))
		.map(({ message }) => message);
	const mandatory = violations.filter((found) => found.mandatory).length;
	const reasons = [
		...(mandatory > 0 ? [`${mandatory} mandatory ${mandatory === 1 ? "violation" : "violations"}`] : []),
		...(notRun.length > 0 ? [`${notRun.length === 1 ? "a rule" : `${notRun.length} rules`} could not run`] : []),
		...(errors.length > 0 ? ["the preview failed"] : []),
		...missing(summary, mandatory + notRun.length + errors.length > 0),
	];
	const changed = (wanted: Change) =>
		resources
			.filter(({ op, type }) => op === wanted && isOwn(type))
			.map(({ urn, type }) => ({ name: nameOf(urn), type }));
	return {
		stack: stack ?? stackOf(resources[0]?.urn ?? policies[0]?.urn) ?? "unknown",
		good: reasons.length === 0,
		reasons,
		resources: {
			create: changed("create"),
			update: changed("update"),
			replace: changed("replace"),
			delete: changed("delete"),
		},
		unchanged: resources.filter(({ op, type }) => op === "same" && isOwn(type)).length,
		violations: violations.sort((a, b) => Number(b.mandatory) - Number(a.mandatory)),
		notRun,
		errors,
		before: snapshot(resources, "before"),
		after: snapshot(resources, "after"),
		broken: new Set(violations.filter((found) => found.mandatory).flatMap(namesIn)),
	};
}

/** Silence is no consent: events that end early, a preview without the pack, or one that failed for no known reason. */
function missing(summary: Extract<ReviewEvent, { kind: "summary" }> | undefined, explained: boolean): string[] {
	if (summary === undefined) return ["the events of the preview end before its summary"];
	const reasons = summary.packs.length === 0 ? ["no policy pack was run"] : [];
	return summary.result === "succeeded" || explained ? reasons : [...reasons, `the preview ended as ${summary.result}`];
}

/** What the engine says when a rule touches a value that is not known yet; the rule's level is then advisory. */
function couldNotRun({ message }: Policy): boolean {
	return /can't run policy|could not run:/.test(message);
}

function violation({ name, level, message, urn }: Policy, rules: ReadonlyMap<string, Rule>): Violation {
	const rule = rules.get(name);
	const page = `docs/policies/${name}.md`;
	const said = message.split("\n").map((line) => line.trim());
	// The engine puts the policy's description before a message, and our pack the remedy after it.
	const own = said.filter((line) => line !== "" && line !== rule?.title && !(rule && line.endsWith(`See ${page}.`)));
	return {
		rule: name,
		mandatory: level === "mandatory",
		resource: nameOf(urn ?? ""),
		message: own.join(" "),
		...(rule && { remedy: rule.remedy, page }),
	};
}

/** Every word of a message may be a device, a stream or a group; the picture ignores the rest. */
function namesIn({ message, resource }: Violation): string[] {
	return [resource, ...(message.match(/[A-Za-z0-9_-]+/g) ?? [])];
}

function snapshot(
	resources: readonly Extract<ReviewEvent, { kind: "resource" }>[],
	side: "before" | "after",
): Snapshot {
	const parts = resources
		// The two halves of a replacement are in its own step.
		.filter(({ op }) => op !== "create-replacement" && op !== "delete-replaced")
		.flatMap(({ parts }): Part[] => (parts[side] ? [parts[side]] : []));
	const groups: Record<string, { devices: string[] }> = {};
	const fed = new Map<string, string[]>();
	for (const part of parts) {
		if (part.kind !== "edge") continue;
		groups[part.group] = { devices: [...(groups[part.group]?.devices ?? []), ...part.devices] };
		for (const kind of part.downlinks) fed.set(kind, [...(fed.get(kind) ?? []), ...part.devices]);
	}
	const hub: Record<string, HubPart> = {};
	for (const part of parts) {
		if (part.kind === "hub") hub[part.name] = { ...part.part, feeds: fed.get(part.part.class) ?? [] };
	}
	return { groups, hub };
}

/** The stack and the engine's providers are no resources of anybody's. */
function isOwn(type: string): boolean {
	return type !== "pulumi:pulumi:Stack" && !type.startsWith("pulumi:providers:");
}

function nameOf(urn: string): string {
	return urn.split("::").slice(3).join("::");
}

function stackOf(urn: string | undefined): string | undefined {
	return urn?.startsWith("urn:pulumi:") ? urn.split("::")[0]?.slice("urn:pulumi:".length) : undefined;
}
