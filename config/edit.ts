import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

/** A place in the text, and what comes there in the place of what is there up to `end`. */
interface Splice {
	readonly start: number;
	readonly end: number;
	readonly text: string;
}

/**
 * Sets one field of a YAML file and leaves every other character as it is: comments, order, quotes.
 * @param path keys from the top; maps that are missing are made
 * @param value a text that needs no quotes, or a number
 * @returns undefined where it cannot be done so, as within an alias; then a person has to write it
 */
export function setField(text: string, path: readonly string[], value: string | number): string | undefined {
	const document = parseDocument(text, { logLevel: "silent" });
	if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
	const splice = spliceFor(text, document.contents, path, String(value));
	if (splice === undefined) return undefined;
	const edited = text.slice(0, splice.start) + splice.text + text.slice(splice.end);
	const after = parseDocument(edited, { logLevel: "silent" });
	if (after.errors.length > 0) return undefined;
	const wanted = withField(document.toJS(), path, value);
	return isDeepStrictEqual(after.toJS(), wanted) ? edited : undefined;
}

function spliceFor(text: string, map: YAMLMap, path: readonly string[], value: string): Splice | undefined {
	const [key = "", ...rest] = path;
	const pair = map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
	if (pair === undefined) return addition(text, map, `${key}: ${nested(rest, value)}`);
	if (isMap(pair.value) && rest.length > 0) return spliceFor(text, pair.value, rest, value);
	if (!isScalar(pair.value)) return undefined;
	const { range } = pair.value;
	// A key with nothing behind it ends right at its colon.
	if (!range || (rest.length > 0 && pair.value.value !== null)) return undefined;
	const space = text[range[0] - 1] === ":" ? " " : "";
	return { start: range[0], end: range[1], text: `${space}${nested(rest, value)}` };
}

/** `{ retired: lost }`, or the value itself. */
function nested(path: readonly string[], value: string): string {
	return path.reduceRight((inner, key) => `{ ${key}: ${inner} }`, value);
}

function addition(text: string, map: YAMLMap, entry: string): Splice | undefined {
	const [from, to] = map.range ?? [0, 0];
	const last = map.items.at(-1);
	if (map.flow) {
		const end = last === undefined ? from + 1 : endOf(text, last);
		if (end === undefined) return undefined;
		const closing = last === undefined ? to : end;
		return { start: end, end: closing, text: last === undefined ? ` ${entry} }` : `, ${entry}` };
	}
	const [first] = map.items;
	const end = last && endOf(text, last);
	if (end === undefined || !isScalar(first?.key) || !first.key.range) return undefined;
	const column = first.key.range[0] - (text.lastIndexOf("\n", first.key.range[0] - 1) + 1);
	// Behind a comment on the same line.
	const line = text.indexOf("\n", end);
	const carriage = line > 0 && text[line - 1] === "\r" ? "\r" : "";
	const at = line < 0 ? text.length : line - carriage.length;
	return { start: at, end: at, text: `${carriage}\n${" ".repeat(column)}${entry}` };
}

/** Where an entry ends, without the blank and the comments behind it. */
function endOf(text: string, { key, value }: Pair): number | undefined {
	const node = value ?? key;
	const range = typeof node === "object" && node !== null && "range" in node ? (node.range as number[] | null) : null;
	if (!range) return undefined;
	// A block map's own end is behind the blank lines and comments that follow it: its last entry tells better.
	if (isMap(node) && !node.flow && node.items.length > 0) return endOf(text, node.items.at(-1) as Pair);
	return text.slice(0, range[1]).trimEnd().length;
}

function withField(value: unknown, [key = "", ...rest]: readonly string[], set: unknown): unknown {
	const map = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
	return { ...map, [key]: rest.length === 0 ? set : withField(map[key], rest, set) };
}
