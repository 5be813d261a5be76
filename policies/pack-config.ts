import { z } from "zod";
import type { Issue } from "../config/document";
import { choice, count, judged, listOf, say, section, text, type Wrong } from "../config/fields";
import { toIssues } from "../config/issues";
import { isFields, mapOf } from "../config/loose";
import { show, suggest } from "../config/words";
import { DEVICE_SERVER_FLOOR, HUB_SERVER_FLOOR } from "../topology/server-floors";
import { NEVER_EXEMPT } from "./evaluate";
import { isDay } from "./exemptions";
import type { PolicyConfig, Rule, Severity } from "./model";

/** The policy that holds the settings of the pack, and judges for all the others. */
export const PACK_POLICY = "leafline";

/** The one that collects what is judged. */
export const COLLECTING_POLICY = `${PACK_POLICY}-resources`;

/** Where the settings are explained, from the repository's root. */
export const PACK_PAGE = "docs/ci.md";

/** The settings for a stack, or everything that is wrong with them. */
export interface PackSettings {
	/** Absent if there are problems. */
	readonly config?: PolicyConfig;
	readonly problems: readonly Issue[];
}

/**
 * Reads what `pulumi preview --policy-pack-config` takes: the settings of the pack under its own name, a level under a
 * rule's, and under `all` that of every rule which has none. Check and engine both read by this, and judge alike.
 *
 * A level under a rule's own name goes before one in `severity`: the engine does not ask a policy that is disabled.
 */
export function readPackSettings(
	file: unknown,
	rules: readonly Pick<Rule, "name" | "severity">[],
	stack: string,
	today = new Date(),
): PackSettings {
	if (!isFields(file)) {
		const message = `${show(file)} is not a map`;
		return { problems: [{ path: [], message, remedy: `write for example { "${PACK_POLICY}": {} }` }] };
	}
	const names = rules.map(({ name }) => name);
	const own = settingsOf(names).safeParse(isFields(file[PACK_POLICY]) ? file[PACK_POLICY] : {});
	const problems = [
		...Object.entries(file).flatMap(([name, given]) => entryProblems(name, given, file, names)),
		...(own.success ? [] : toIssues(own.error).map((issue) => ({ ...issue, path: [PACK_POLICY, ...issue.path] }))),
	];
	if (problems.length > 0 || !own.success) return { problems };
	const everywhere = levelOf(file.all);
	const off = (levelOf(file[PACK_POLICY]) ?? everywhere) === "disabled";
	const severity = Object.fromEntries(
		rules.flatMap((rule) => {
			const stated = off ? "disabled" : (levelOf(file[rule.name]) ?? everywhere);
			const level = stated === undefined || stated === rule.severity ? own.data.severity?.[rule.name] : stated;
			return level === undefined ? [] : [[rule.name, level] as const];
		}),
	);
	return { config: withDefaults({ ...own.data, severity }, stack, today), problems: [] };
}

/** The settings for a stack, where each that is not stated has its default. */
export function withDefaults(stated: Partial<PolicyConfig>, stack: string, today = new Date()): PolicyConfig {
	return {
		allowedPorts: stated.allowedPorts ?? [],
		minimumServer: stated.minimumServer ?? DEVICE_SERVER_FLOOR,
		maximumWindow: stated.maximumWindow ?? 10_000,
		production: stated.production ?? isProduction(stack),
		severity: stated.severity ?? {},
		exemptions: stated.exemptions ?? [],
		today: today.toISOString().slice(0, 10),
	};
}

export function isProduction(stack: string): boolean {
	return ["prod", "production"].includes(stack.toLowerCase());
}

const Level = choice(["mandatory", "advisory", "disabled"], "How much a violation matters.");
const RuleLevel = section({ enforcementLevel: Level.exactOptional() }, "The level of a rule.");

/** What is wrong with one entry of the file; the pack's own is read apart. */
function entryProblems(
	name: string,
	given: unknown,
	file: Readonly<Record<string, unknown>>,
	rules: string[],
): Issue[] {
	// The engine takes these out: environments of Pulumi ESC.
	if (name === "environments") return [];
	if (name === COLLECTING_POLICY && (levelOf(given) ?? "mandatory") === (levelOf(file.all) ?? "mandatory")) return [];
	if (![PACK_POLICY, "all", ...rules].includes(name)) {
		const remedy = suggest(name, rules, "see docs/policies/README.md");
		return [{ path: [name], message: "unknown rule", remedy, atKey: true }];
	}
	if (name === PACK_POLICY && isFields(given)) return [];
	const result = isFields(given) ? RuleLevel.safeParse(given) : Level.safeParse(given);
	return result.success ? [] : toIssues(result.error).map((issue) => ({ ...issue, path: [name, ...issue.path] }));
}

function levelOf(given: unknown): Severity | "disabled" | undefined {
	const level = isFields(given) ? given.enforcementLevel : given;
	return Level.safeParse(level).data;
}

function settingsOf(rules: readonly string[]) {
	const rule = (name: string): Wrong | undefined => {
		if (NEVER_EXEMPT.includes(name)) return { message: `${show(name)} has no exemptions`, remedy: "take this one out" };
		if (rules.includes(name)) return undefined;
		return { message: `${show(name)} is no rule`, remedy: suggest(name, rules, "see docs/policies/README.md") };
	};
	const Exemption = section(
		{
			resource: text(/\S/, "a resource", "hub_debug", "Label or URN of the resource, `*` for any text."),
			rule: judged(rule, "production-hub-is-replicated", "The rule."),
			reason: text(/\S/, "a reason", "until the importer is replaced", "Why."),
			expires: judged(dayProblem, "2027-01-31", "Last day on which it holds."),
		},
		"An exemption.",
	);
	return section(
		{
			enforcementLevel: Level.exactOptional(),
			allowedPorts: listOf(count(1, 65_535, "A port."), "443", "Public ports besides the leaf port.").exactOptional(),
			minimumServer: text(
				/^\d+\.\d+\.\d+$/,
				"a version",
				DEVICE_SERVER_FLOOR,
				`Oldest nats-server; of the hub ${HUB_SERVER_FLOOR} at least.`,
			).exactOptional(),
			maximumWindow: count(1, 10_000_000, "Most messages that a window may have on the way.").exactOptional(),
			production: z
				.boolean({
					error: ({ input }) =>
						say(input === null ? "is empty" : `${show(input)} is neither true nor false`, "write true or false"),
				})
				.exactOptional(),
			severity: levels(rules).exactOptional(),
			exemptions: z
				.array(Exemption, {
					error: ({ input }) => say(input === null ? "is empty" : `${show(input)} is not a list`, "write [] for none"),
				})
				.exactOptional(),
		},
		"The settings of the pack.",
	);
}

function levels(rules: readonly string[]) {
	const error = ({ input }: { input?: unknown }) =>
		say(
			input === null ? "is empty" : `${show(input)} is not a map`,
			"write for example { subject-ids-come-late: disabled }",
		);
	return z.record(z.string(), Level, { error }).check(({ value, issues }) => {
		for (const name of Object.keys(mapOf(value)).filter((name) => !rules.includes(name))) {
			const message = say("unknown rule", suggest(name, rules, "see docs/policies/README.md"));
			issues.push({ code: "custom", path: [name], message, input: value[name], params: { atKey: true } });
		}
	});
}

function dayProblem(given: string): Wrong | undefined {
	if (isDay(given)) return undefined;
	const [, day = "", month = "", year = ""] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(given) ?? [];
	const meant = year === "" ? given.slice(0, 10).replaceAll("/", "-") : [year, month, day].map(padded).join("-");
	return { message: `${show(given)} is not a day`, remedy: `write ${isDay(meant) ? meant : "for example 2027-01-31"}` };
}

function padded(part: string): string {
	return part.padStart(2, "0");
}
