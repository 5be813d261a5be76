import { NOT_KNOWN } from "../../policies/evaluate";
import { plural } from "../format";
import { toMermaid } from "../picture/mermaid";
import { pictureOf } from "../picture/picture";
import { block, code, details, escapeMarkdown, marker, pageLink, withinLimit } from "./markdown";
import { CHANGES, type Review, type Violation } from "./review";

const SIGNS = { create: "+", update: "~", replace: "±", delete: "−" } as const;
const WORDS = { create: "to create", update: "to update", replace: "to replace", delete: "to delete" } as const;

/** Violations of one rule that are shown; a mistake in a class is one of each device's streams. */
const MOST_OF_A_RULE = 3;
const MOST_RESOURCES = 100;
const MOST_ERRORS = 10;

/**
 * A review as one comment: verdict, what changes, each violation with its remedy, the topology.
 *
 * @param baseUrl where the repository's files are shown
 */
export function toComment(review: Review, baseUrl?: string): string {
	return withinLimit([
		`${marker(review.stack)}\n${heading(review)}`,
		counts(review),
		...problems(review),
		...violations(review, baseUrl),
		...picture(review),
		...resources(review),
	]);
}

function heading({ stack, good, reasons }: Review): string {
	const verdict = good ? "✅ complies" : "❌ refused";
	return `### leafline · ${code(stack)} · ${verdict}${good ? "" : `\n\n${reasons.join(", ")}`}`;
}

function counts({ resources, unchanged }: Review): string {
	const changes = CHANGES.filter((change) => resources[change].length > 0);
	if (changes.length === 0) return `No resource changes; ${unchanged} unchanged.`;
	const cells = changes.map((change) => `**${SIGNS[change]} ${resources[change].length}** ${WORDS[change]}`);
	return `${cells.join(" · ")} · ${unchanged} unchanged`;
}

function problems({ notRun, errors }: Review): string[] {
	const list = (title: string, texts: readonly string[]) =>
		texts.length === 0 ? [] : [`#### ${title}\n\n${block(texts.slice(0, MOST_ERRORS).join("\n"))}`];
	return [...list("The preview failed", errors), ...list("Rules that could not run, and so judged nothing", notRun)];
}

function violations({ violations }: Review, baseUrl?: string): string[] {
	const byRule = new Map<string, Violation[]>();
	const open = violations.filter(({ message }) => message.startsWith(NOT_KNOWN));
	for (const found of violations.filter((one) => !open.includes(one))) {
		const key = `${found.mandatory} ${found.rule}`;
		byRule.set(key, [...(byRule.get(key) ?? []), found]);
	}
	const sections = [...byRule.values()].map((found) => ruleSection(found, baseUrl));
	return [...(sections.length > 0 ? ["#### Findings", ...sections] : []), ...notKnown(open, baseUrl)];
}

/** Nothing is to be done about it now: a later preview knows. */
function notKnown(found: readonly Violation[], baseUrl?: string): string[] {
	if (found.length === 0) return [];
	const lines = found.map(({ rule, page, message }) => {
		const name = page === undefined ? code(rule) : pageLink(code(rule), page, baseUrl);
		return `- ${name}: ${escapeMarkdown(message.slice(NOT_KNOWN.length))}`;
	});
	return [details(`⚪ not known until deployed: ${plural(found.length, "finding")}`, lines.join("\n"))];
}

function ruleSection(found: readonly Violation[], baseUrl?: string): string {
	const [first] = found;
	if (first === undefined) return "";
	const { rule, mandatory, remedy, page } = first;
	const name = page === undefined ? code(rule) : pageLink(code(rule), page, baseUrl);
	const lines = found.slice(0, MOST_OF_A_RULE).map(({ message }) => `- ${escapeMarkdown(message)}`);
	const more = found.length > MOST_OF_A_RULE ? [`- and ${found.length - MOST_OF_A_RULE} more`] : [];
	const advice = remedy === undefined ? [] : ["", `**Remedy:** ${escapeMarkdown(remedy)}.`];
	return [`${mandatory ? "🔴 **mandatory**" : "🟡 advisory"} ${name}`, "", ...lines, ...more, ...advice].join("\n");
}

function picture({ before, after, broken }: Review): string[] {
	if (Object.keys(after.hub).length + Object.keys(before.hub).length === 0) return [];
	const legend = "Green is added, red is removed, bold breaks a rule.";
	return [`#### Topology\n\n${block(toMermaid(pictureOf(after, before, broken)), "mermaid")}\n\n${legend}`];
}

function resources({ resources }: Review): string[] {
	const lines = CHANGES.flatMap((change) =>
		resources[change].map(({ name, type }) => `${SIGNS[change]} ${name}  (${type})`),
	);
	if (lines.length === 0) return [];
	const rest = lines.length > MOST_RESOURCES ? [`and ${lines.length - MOST_RESOURCES} more`] : [];
	return [details(plural(lines.length, "resource"), block([...lines.slice(0, MOST_RESOURCES), ...rest].join("\n")))];
}
