import {
	type Document,
	isAlias,
	isMap,
	isScalar,
	isSeq,
	LineCounter,
	type Node,
	type Pair,
	parseDocument,
	type YAMLMap,
} from "yaml";
import type { Place } from "./errors";

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
	/** Objects, arrays, strings, numbers, booleans and null. */
	readonly value: unknown;
	readonly issues: readonly Issue[];
	/** The nearest part that exists, for a path that does not. */
	locate(path: Path, atKey?: boolean): Place;
}

/** Parts of a document, those behind aliases counted as often as they are named. */
const MOST_PARTS = 200_000;
const DEEPEST = 32;

/** Reads YAML 1.2. Never throws: what is wrong is in `issues`. */
export function parseYaml(text: string): YamlDocument {
	const lines = new LineCounter();
	const at = (offset: number): Place => {
		const { line, col } = lines.linePos(offset);
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	};
	const start: Place = { line: 1, column: 1 };
	const refused = (message: string, remedy: string, place = start): YamlDocument => ({
		value: undefined,
		issues: [{ path: [], message, remedy, place }],
		locate: () => start,
	});

	if (/[\0\ufffd]/.test(text)) return refused("is not a text file", "write YAML in UTF-8");
	// The parser recurses and looks ahead: what nests by the thousand would keep it busy for hours.
	if (nestsTooDeep(text)) return refused(`is nested more than ${DEEPEST} deep`, "a fleet file needs 5");
	// Its own search for duplicate keys compares each with each; the reader below looks them up.
	const options = { lineCounter: lines, prettyErrors: false, logLevel: "error", uniqueKeys: false } as const;
	let document: Document.Parsed;
	try {
		document = parseDocument(text, options);
	} catch {
		return refused("is not YAML", "see docs/fleet.md for an example");
	}
	const mistakes = [...document.errors, ...document.warnings];
	if (mistakes.length > 0) {
		const issues = mistakes.map((error) => ({
			path: [],
			...explain(error.code, error.message),
			place: at(error.pos[0]),
		}));
		return { value: undefined, issues, locate: () => start };
	}
	const reader = new Reader(at);
	const value = reader.read(document.contents, [], 0).value;
	return { value, issues: reader.issues, locate: (path, atKey) => reader.locate(document.contents, path, atKey) };
}

class Reader {
	readonly issues: Issue[] = [];
	private readonly pairs = new WeakMap<YAMLMap, Map<string | undefined, Pair>>();
	private readonly anchors = new Map<string, { node: Node; value: unknown; parts: number }>();

	constructor(private readonly at: (offset: number) => Place) {}

	/** Aliases share the value that they name, so that they cost nothing until somebody walks through it. */
	read(node: unknown, path: Path, depth: number): { value: unknown; parts: number } {
		if (depth > DEEPEST) return this.refuse(path, `is nested more than ${DEEPEST} deep`, "a fleet file needs 5");
		if (isAlias(node)) {
			const anchor = this.anchors.get(node.source);
			if (anchor) return anchor;
			return this.refuse(
				path,
				`alias *${node.source} names nothing that stands before it`,
				`put &${node.source} at the value`,
			);
		}
		let result: { value: unknown; parts: number };
		if (isMap(node)) result = this.readMap(node.items, path, depth);
		else if (isSeq(node)) result = this.readList(node.items, path, depth);
		else result = { value: isScalar(node) ? node.value : null, parts: 1 };
		if (result.parts > MOST_PARTS) result = this.refuse(path, `has more than ${MOST_PARTS} parts`, "use fewer aliases");
		const anchor = (node as Node | null)?.anchor;
		if (anchor) this.anchors.set(anchor, { node: node as Node, ...result });
		return result;
	}

	/** Follows a path through the document, aliases included. */
	locate(root: unknown, path: Path, atKey = false): Place {
		let node = this.resolve(root);
		let place: Place = this.at((node as Node | null)?.range?.[0] ?? 0);
		for (const [index, step] of path.entries()) {
			if (isMap(node)) {
				const pair = this.pairOf(node, String(step));
				if (!pair) return place;
				// A map or list may start on the line after its key, so there the key is the better place.
				const onKey = !isScalar(pair.value) || pair.value.value === null || (atKey && index === path.length - 1);
				const shown = (onKey ? pair.key : pair.value) as Node;
				place = this.at(shown.range?.[0] ?? 0);
				node = this.resolve(pair.value);
			} else if (isSeq(node)) {
				const item = node.items[Number(step)] as Node | undefined;
				if (!item) return place;
				place = this.at(item.range?.[0] ?? 0);
				node = this.resolve(item);
			} else return place;
		}
		return place;
	}

	/** By an index made at first use, for thousands of mistakes may stand in one map. */
	private pairOf(map: YAMLMap, key: string): Pair | undefined {
		let pairs = this.pairs.get(map);
		if (!pairs) {
			pairs = new Map([...map.items].reverse().map((item) => [keyOf(item.key), item]));
			this.pairs.set(map, pairs);
		}
		return pairs.get(key);
	}

	private readMap(items: readonly Pair[], path: Path, depth: number): { value: unknown; parts: number } {
		const value: Record<string, unknown> = {};
		const places = new Map<string, Place>();
		let parts = 1;
		for (const item of items) {
			const key = keyOf(item.key);
			const inner = [...path, key ?? "?"];
			if (key === undefined || key === "__proto__" || key === "<<") {
				const remedy = key === "<<" ? "write the fields out; an alias for a whole map works" : "write a plain word";
				this.issues.push({ path: inner, message: "cannot be a key", remedy, ...this.placeOf(item.key) });
				continue;
			}
			const first = places.get(key);
			const { place = { line: 1, column: 1 } } = this.placeOf(item.key);
			if (first) {
				const message = `stands here twice, first on line ${first.line}`;
				this.issues.push({ path: inner, message, remedy: "keep one of the two", place });
				continue;
			}
			places.set(key, place);
			const read = this.read(item.value, inner, depth + 1);
			value[key] = read.value;
			parts += read.parts;
		}
		return { value, parts };
	}

	private readList(items: readonly unknown[], path: Path, depth: number): { value: unknown; parts: number } {
		const read = items.map((item, index) => this.read(item, [...path, index], depth + 1));
		return { value: read.map((item) => item.value), parts: read.reduce((sum, item) => sum + item.parts, 1) };
	}

	private placeOf(node: unknown): { place?: Place } {
		const range = (node as Node | null)?.range;
		return range ? { place: this.at(range[0]) } : {};
	}

	private refuse(path: Path, message: string, remedy: string): { value: undefined; parts: number } {
		this.issues.push({ path, message, remedy });
		return { value: undefined, parts: 1 };
	}

	private resolve(node: unknown): unknown {
		return isAlias(node) ? this.anchors.get(node.source)?.node : node;
	}
}

/** A key as it was written: `001` is the name 001, and not the number 1. */
function keyOf(key: unknown): string | undefined {
	if (!isScalar(key) || key.value === null) return undefined;
	return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
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

/** The parser's own words, which speak of tokens, as somebody who writes a fleet file would put them. */
function explain(code: string, message: string): { message: string; remedy: string } {
	const [first = ""] = message.split("\n");
	if (code === "TAB_AS_INDENT") return { message: "a tab indents this line", remedy: "YAML wants spaces" };
	if (code === "MULTIPLE_DOCS") return { message: "a second document starts here", remedy: "one file holds one fleet" };
	// Control characters of a binary file must not reach a terminal.
	const words = first.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
	return { message: `is not YAML: ${words}`, remedy: "check quotes, colons and indentation" };
}
