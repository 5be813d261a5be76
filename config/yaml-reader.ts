import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { Issue, Path } from "./document";
import type { Place } from "./errors";

/** What a node holds, and of how many parts it is made. */
interface Read {
	readonly value: unknown;
	readonly parts: number;
}

/** Parts of a document, those behind aliases counted as often as they are named. */
const MOST_PARTS = 200_000;

/** Maps that are merged into one, as far as places are looked up. */
const MOST_MERGED = 1000;

/** How deep maps and lists may stand in each other. */
export const DEEPEST = 32;

/** Turns the nodes of a YAML document into plain data, and finds the place of each part. */
export class YamlReader {
	readonly issues: Issue[] = [];
	/** Values that YAML 1.1 and 1.2 do not read alike, as they are written. */
	readonly ambiguous: { readonly path: Path; readonly written: string }[] = [];
	private readonly pairs = new WeakMap<YAMLMap, Map<string | undefined, Pair>>();
	private readonly anchors = new Map<string, Read & { readonly node: Node }>();
	private readonly targets = new WeakMap<object, Node>();

	/** @param deepRemedy what to say of a document that nests too deep */
	constructor(
		private readonly at: (offset: number) => Place,
		private readonly deepRemedy: string,
	) {}

	/** Aliases share the value that they name, so that they cost nothing until somebody walks through it. */
	read(node: unknown, path: Path, depth: number): Read {
		if (depth > DEEPEST) return this.refuse(path, `is nested more than ${DEEPEST} deep`, this.deepRemedy);
		if (isAlias(node)) {
			const anchor = this.anchors.get(node.source);
			if (anchor) {
				this.targets.set(node, anchor.node);
				return anchor;
			}
			const message = `alias *${node.source} names nothing that stands before it`;
			return this.refuse(path, message, `put &${node.source} at the value`);
		}
		let result: Read;
		if (isMap(node)) result = this.readMap(node, path, depth);
		else if (isSeq(node)) result = this.readList(node.items, path, depth);
		else result = { value: this.readScalar(node, path), parts: 1 };
		if (result.parts > MOST_PARTS) result = this.refuse(path, `has more than ${MOST_PARTS} parts`, "use fewer aliases");
		const anchor = (node as Node | null)?.anchor;
		if (anchor) this.anchors.set(anchor, { node: node as Node, ...result });
		return result;
	}

	/** Follows a path through the document, aliases and merged maps included. */
	locate(root: unknown, path: Path, atKey = false): Place {
		let node = this.resolve(root);
		let place: Place = this.at((node as Node | null)?.range?.[0] ?? 0);
		for (const [index, step] of path.entries()) {
			if (isMap(node)) {
				const pair = this.pairsOf(node).get(String(step));
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
	private pairsOf(map: YAMLMap): Map<string | undefined, Pair> {
		const known = this.pairs.get(map);
		if (known) return known;
		const pairs = new Map([...map.items].reverse().map((item) => [keyOf(item.key), item]));
		// Before the merged maps are looked at, for one may name the map that it stands in.
		this.pairs.set(map, pairs);
		for (const merged of this.mergedInto(map)) {
			for (const [key, pair] of this.pairsOf(merged)) if (!pairs.has(key)) pairs.set(key, pair);
		}
		return pairs;
	}

	private mergedInto(map: YAMLMap): YAMLMap[] {
		const named = map.items.filter(({ key }) => keyOf(key) === "<<").map(({ value }) => this.resolve(value));
		const nodes = named.flatMap((node) => (isSeq(node) ? node.items.map((item) => this.resolve(item)) : [node]));
		return nodes.filter(isMap).slice(0, MOST_MERGED);
	}

	private readMap({ items }: YAMLMap, path: Path, depth: number): Read {
		const value: Record<string, unknown> = {};
		const places = new Map<string, Place>();
		const merged: unknown[] = [];
		let parts = 1;
		for (const item of items) {
			const key = keyOf(item.key);
			const inner = [...path, key ?? "?"];
			const { place = { line: 1, column: 1 } } = this.placeOf(item.key);
			const first = key === undefined ? undefined : places.get(key);
			if (key === undefined || key === "__proto__") {
				this.issues.push({ path: inner, message: "cannot be a key", remedy: "write a plain word", place });
			} else if (first) {
				const message = `stands here twice, first on line ${first.line}`;
				this.issues.push({ path: inner, message, remedy: "keep one of the two", place });
			} else {
				places.set(key, place);
				const read = this.read(item.value, inner, depth + 1);
				parts += read.parts;
				if (key === "<<") merged.push(...this.mapsIn(read.value, inner, place));
				else value[key] = read.value;
			}
		}
		// Whoever names a big map a thousand times is refused by the caller, before anything is copied.
		if (parts > MOST_PARTS) return { value, parts };
		// What stands in the map itself goes before what is merged into it, and of that the first before the others.
		return { value: Object.assign({}, ...merged.reverse(), value), parts };
	}

	private mapsIn(value: unknown, path: Path, place: Place): unknown[] {
		const maps = Array.isArray(value) ? value : [value];
		if (maps.every((map) => typeof map === "object" && map !== null && !Array.isArray(map))) return maps;
		// What could not be read has its message already.
		if (!maps.includes(undefined)) {
			this.issues.push({ path, message: "merges what is no map", remedy: "name a map, for example <<: *base", place });
		}
		return [];
	}

	private readList(items: readonly unknown[], path: Path, depth: number): Read {
		const read = items.map((item, index) => this.read(item, [...path, index], depth + 1));
		return { value: read.map((item) => item.value), parts: read.reduce((sum, item) => sum + item.parts, 1) };
	}

	/** A number that would be written otherwise is a symbol that says how it was written: see `YamlDocument.value`. */
	private readScalar(node: unknown, path: Path): unknown {
		if (!isScalar(node)) return null;
		const { value, source = "", type } = node;
		const odd = typeof value === "number" && String(value) !== source;
		if (odd || (type === "PLAIN" && typeof value === "string" && isReadOtherwise(value))) {
			this.ambiguous.push({ path, written: source });
		}
		return odd ? Symbol(source) : value;
	}

	private placeOf(node: unknown): { place?: Place } {
		const range = (node as Node | null)?.range;
		return range ? { place: this.at(range[0]) } : {};
	}

	private refuse(path: Path, message: string, remedy: string): Read {
		this.issues.push({ path, message, remedy });
		return { value: undefined, parts: 1 };
	}

	private resolve(node: unknown): unknown {
		return isAlias(node) ? this.targets.get(node) : node;
	}
}

/** A key as it was written: `001` is the name 001, and not the number 1. */
function keyOf(key: unknown): string | undefined {
	if (!isScalar(key) || key.value === null) return undefined;
	return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

/** A text that is a number or a time to the engine's own reader (gopkg.in/yaml.v3), which knows YAML 1.1 as well. */
function isReadOtherwise(text: string): boolean {
	const number = /^[-+]?(0b[01_]+|0x[\da-f_]+|0o?[0-7_]+|\d[\d_]*(\.[\d_]*)?(e[-+]?\d+)?)$/i;
	return number.test(text) || /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?$/.test(text);
}
