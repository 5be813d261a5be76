import { type Document, LineCounter, parseDocument } from "yaml";
import type { Place } from "./errors";
import { DEEPEST, YamlReader } from "./yaml-reader";

export type Path = readonly (string | number)[];

/** Something wrong at a place in a YAML document. `place` stands for mistakes that have no path, as in YAML's grammar. */
export interface Issue {
	readonly path: Path;
	readonly message: string;
	readonly remedy: string;
	readonly place?: Place;
	/** The mistake is the key, not what it holds. */
	readonly atKey?: boolean;
}

/** A YAML document as plain data, and where each part of it stands. */
export interface YamlDocument {
	/**
	 * Objects, arrays, strings, numbers, booleans and null. A number that JavaScript would write otherwise (`0755`,
	 * `1e400`, `8949020000000000001`) is a symbol whose description is the number as it stands in the file: no field takes
	 * it, and messages show it as it was written.
	 */
	readonly value: unknown;
	readonly issues: readonly Issue[];
	/** Such numbers, and texts without quotes that a reader of YAML 1.1 takes for a number or a time. */
	readonly ambiguous: readonly { readonly path: Path; readonly written: string }[];
	/** The nearest part that exists, for a path that does not. */
	locate(path: Path, atKey?: boolean): Place;
}

/** What differs between the files of leafline that are YAML. */
const KINDS = {
	fleet: { deep: "a fleet file needs 5", many: "one file holds one fleet", page: "docs/fleet.md" },
	settings: { deep: "settings need 6", many: "one file holds the settings of one stack", page: "docs/settings.md" },
} as const;

/** Reads YAML 1.2, and maps that are merged into others (`<<: *base`). Never throws: what is wrong is in `issues`. */
export function parseYaml(source: string, kind: keyof typeof KINDS = "fleet"): YamlDocument {
	const { deep, many, page } = KINDS[kind];
	// A byte order mark takes no column.
	const text = source.replace(/^\ufeff/, "");
	const lines = new LineCounter();
	const at = (offset: number): Place => {
		const { line, col } = lines.linePos(offset);
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	};
	const start: Place = { line: 1, column: 1 };
	const refused = (message: string, remedy: string, place = start): YamlDocument => ({
		value: undefined,
		issues: [{ path: [], message, remedy, place }],
		ambiguous: [],
		locate: () => start,
	});

	if (/[\0\ufffd]/.test(text)) return refused("is not a text file", "write YAML in UTF-8");
	// The parser recurses and looks ahead: what nests by the thousand would keep it busy for hours.
	if (nestsTooDeep(text)) return refused(`is nested more than ${DEEPEST} deep`, deep);
	// Its own search for duplicate keys compares each with each; the reader below looks them up.
	const options = { lineCounter: lines, prettyErrors: false, logLevel: "error", uniqueKeys: false } as const;
	let document: Document.Parsed;
	try {
		document = parseDocument(text, options);
	} catch {
		return refused("is not YAML", `see ${page} for an example`);
	}
	const mistakes = [...document.errors, ...document.warnings];
	if (mistakes.length > 0) {
		const issues = mistakes.map((error) => ({
			path: [],
			...explain(error.code, error.message, many),
			place: at(error.pos[0]),
		}));
		return { value: undefined, issues, ambiguous: [], locate: () => start };
	}
	const reader = new YamlReader(at, deep);
	const { value } = reader.read(document.contents, [], 0);
	const locate = (path: Path, atKey?: boolean) => reader.locate(document.contents, path, atKey);
	return { value, issues: reader.issues, ambiguous: reader.ambiguous, locate };
}

function nestsTooDeep(text: string): boolean {
	let depth = 0;
	for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
		depth = bracket === "[" || bracket === "{" ? depth + 1 : Math.max(0, depth - 1);
		if (depth > DEEPEST) return true;
	}
	// `- - - -` nests within a line, and each level of indentation takes a column at least.
	return /^[ ]*(?:[-?:][ ]+){33}/m.test(text) || /^[ ]{256}/m.test(text);
}

/** The parser's own words, which speak of tokens, as somebody who writes such a file would put them. */
function explain(code: string, message: string, many: string): { message: string; remedy: string } {
	const [first = ""] = message.split("\n");
	if (code === "TAB_AS_INDENT") return { message: "a tab indents this line", remedy: "YAML wants spaces" };
	if (code === "MULTIPLE_DOCS") return { message: "a second document starts here", remedy: many };
	// Control characters of a binary file must not reach a terminal.
	const words = first.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
	return { message: `is not YAML: ${words}`, remedy: "check quotes, colons and indentation" };
}
