import { foreign, printable } from "../../config/printable";

/** GitHub's Markdown, for texts of which some parts come from the files of others, or from devices. All pure. */

/** A marker by which a comment is found again and updated in place. */
export function marker(stack: string): string {
	return `<!-- leafline:${stack.replace(/[^A-Za-z0-9_.-]/g, "")} -->`;
}

/** Characters of a text of others; a comment has 65,536 in all. */
const LONGEST = 4_000;

/** A text that means nothing but itself: no markup, no mention, no reference, no link, no second line. */
export function escapeMarkdown(text: string): string {
	return foreign(text, LONGEST)
		.replace(/&/g, "&amp;")
		.replace(/</g, "&lt;")
		.replace(/([\\`*_{}[\]|~>])/g, "\\$1")
		.replace(/^([#+=-]|\d+(?=[.)]))/, "\u200b$1")
		.replace(/([@#])(?=\w)/g, "$1\u200b")
		.replace(/\bGH-(?=\d)/gi, "GH-\u200b")
		.replace(/(\w):\/\//g, "$1:\u200b//")
		.replace(/\b(mailto|xmpp):/gi, "$1\u200b:")
		.replace(/\bwww\./gi, "www\u200b.");
}

/** In a code span; what could end it is left out. */
export function code(text: string): string {
	return `\`${foreign(text.replace(/[`|]+/g, " "))}\``;
}

/** As a block of text that nothing in it can end. */
export function block(given: string, language = "text"): string {
	const text = given
		.split("\n")
		.map((line) => printable(line.replace(/[\t\r]/g, " ")))
		.join("\n");
	const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
	const fence = "`".repeat(longest + 1);
	return `${fence}${language}\n${text}\n${fence}`;
}

export function details(summary: string, body: string): string {
	return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** To a page of the repository: absolute where it is known where its files are shown. */
export function pageLink(text: string, page: string, baseUrl?: string): string {
	return `[${text}](${baseUrl === undefined ? page : `${baseUrl.replace(/\/+$/, "")}/${page}`})`;
}

/** GitHub takes 65,536 characters. Sections that come last are the first to go, and it says so. */
export function withinLimit(sections: readonly string[], most = 60_000): string {
	const kept = [...sections];
	let cut = false;
	while (kept.length > 1 && kept.join("\n\n").length > most) {
		kept.pop();
		cut = true;
	}
	return `${[...kept, ...(cut ? ["_Too long for a comment: the rest is in the run's log._"] : [])].join("\n\n")}\n`;
}
