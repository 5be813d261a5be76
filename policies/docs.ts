import type { Rule } from "./model";

/** The rules' pages, from nothing but the rules. `node bin/policies/write-docs.js` writes them. */

/** Folder of the pages, from the repository's root. */
export const PAGES = "docs/policies";

const AREAS: Readonly<Record<Rule["area"], string>> = {
	streams: "Streams",
	consumers: "Consumers",
	hub: "The hub's machines and ports",
	identity: "Identity",
	exemptions: "Exemptions",
};

/** Every page by its file name. */
export function pages(rules: readonly Rule[]): Map<string, string> {
	return new Map([
		...rules.map((rule): [string, string] => [`${rule.name}.md`, page(rule)]),
		["README.md", index(rules)],
	]);
}

/** The page of one rule. */
export function page({ name, area, title, severity, why, remedy, neighbours = [], example }: Rule): string {
	const sections = [
		`<!-- Made from policies/rules by: node bin/policies/write-docs.js -->`,
		`# ${title}`,
		`\`${name}\` · ${severity} · [${AREAS[area].toLowerCase()}](README.md#${anchor(AREAS[area])})`,
		sentence(why),
		`## What to do\n\n${sentence(remedy)}`,
		`## Example\n\nRefused:\n\n${fence(example.fails, example.language)}\n\nRepaired:\n\n${fence(example.complies, example.language)}`,
		...(neighbours.length > 0 ? [`## Named elsewhere\n\n${neighbours.map((text) => `- ${text}`).join("\n")}`] : []),
		"## An exception\n\n" +
			"In the pack's settings (`policies/config/<stack>.json`), with a reason and a last day, after which it fails:\n\n" +
			fence(exemption(name), "json"),
	];
	return `${sections.join("\n\n")}\n`;
}

/** The list of all rules. */
export function index(rules: readonly Rule[]): string {
	const areas = (Object.keys(AREAS) as Rule["area"][]).flatMap((area) => {
		const own = rules.filter((rule) => rule.area === area);
		if (own.length === 0) return [];
		const rows = own.map(({ name, title, severity }) => `| [${name}](${name}.md) | ${cell(title)} | ${severity} |`);
		return [`## ${AREAS[area]}\n\n${["| rule | what it sees to | |", "|---|---|---|", ...rows].join("\n")}`];
	});
	return `${[
		"<!-- Made from policies/rules by: node bin/policies/write-docs.js -->",
		"# Policies",
		`${rules.length} rules judge every change before anything is created: \`npm run check -- --stack prod\` without ` +
			"engine or credentials, and the policy pack `policies/` in `pulumi preview`. [How to run them in pull requests](../ci.md).",
		...areas,
	].join("\n\n")}\n`;
}

function exemption(rule: string): string {
	const settings = {
		leafline: {
			exemptions: [{ resource: "name of it", rule, reason: "why it is right here", expires: "2027-01-31" }],
		},
	};
	return JSON.stringify(settings, undefined, 2);
}

/** A word is written with a capital, the name of a setting never. */
function sentence(text: string): string {
	const whole = /^[a-z]+(?=[ ,;]|$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
	return /[.!?)]$/.test(whole) ? whole : `${whole}.`;
}

function fence(text: string, language: string): string {
	return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

function cell(text: string): string {
	return text.replaceAll("|", "\\|");
}

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
	return heading
		.toLowerCase()
		.replace(/[^a-z0-9 -]/g, "")
		.replaceAll(" ", "-");
}
