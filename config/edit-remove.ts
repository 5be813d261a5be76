import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

/**
 * Takes one field out of a YAML file, with the maps around it that would be left empty, and leaves every other character
 * as it is.
 * @param path keys from the top
 * @returns the text as it was where there is no such field; undefined where it cannot be done so, as within an alias
 */
export function removeField(text: string, path: readonly string[]): string | undefined {
	const document = parseDocument(text, { logLevel: "silent" });
	if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
	const value: unknown = document.toJS();
	const wanted = without(value, path);
	if (isDeepStrictEqual(wanted, value)) return text;
	const cut = cutFor(text, document.contents, path);
	if (cut === undefined) return undefined;
	const edited = text.slice(0, cut[0]) + text.slice(cut[1]);
	const after = parseDocument(edited, { logLevel: "silent" });
	if (after.errors.length > 0) return undefined;
	return isDeepStrictEqual(after.toJS(), wanted) ? edited : undefined;
}

type Cut = readonly [start: number, end: number];

function cutFor(text: string, map: YAMLMap, [key = "", ...rest]: readonly string[]): Cut | undefined {
	const index = map.items.findIndex((item) => isScalar(item.key) && String(item.key.value) === key);
	const pair = map.items[index];
	if (pair === undefined) return undefined;
	if (rest.length > 0 && isMap(pair.value) && (pair.value.items.length > 1 || !isOnly(pair.value, rest))) {
		return cutFor(text, pair.value, rest);
	}
	return map.flow ? flowCut(text, map, index) : blockCut(text, map, index);
}

/** Whether nothing would be left of a map. */
function isOnly(map: YAMLMap, [key = "", ...rest]: readonly string[]): boolean {
	const [pair] = map.items;
	if (map.items.length !== 1 || !isScalar(pair?.key) || String(pair.key.value) !== key) return false;
	return rest.length === 0 || (isMap(pair.value) && isOnly(pair.value, rest));
}

function flowCut(text: string, map: YAMLMap, index: number): Cut | undefined {
	const [start, next] = [startOf(map.items[index]), startOf(map.items[index + 1])];
	if (start === undefined) return undefined;
	if (next !== undefined) return [start, next];
	const before = index > 0 ? endOf(map.items[index - 1]) : undefined;
	const end = endOf(map.items[index]);
	if (end === undefined) return undefined;
	return before === undefined ? [start, end] : [text.slice(0, before).trimEnd().length, end];
}

/** Its lines, with what stands behind it on the last one. */
function blockCut(text: string, map: YAMLMap, index: number): Cut | undefined {
	const [start, end] = [startOf(map.items[index]), lastOf(map.items[index])];
	if (start === undefined || end === undefined) return undefined;
	const line = text.lastIndexOf("\n", start - 1) + 1;
	if (text.slice(line, start).trim() !== "") return undefined;
	const newline = text.indexOf("\n", end);
	return [line, newline < 0 ? text.length : newline + 1];
}

function startOf(pair: Pair | undefined): number | undefined {
	return rangeOf(pair?.key)?.[0];
}

function endOf(pair: Pair | undefined): number | undefined {
	return pair && rangeOf(pair.value ?? pair.key)?.[1];
}

/** A block map's own end is behind what follows it: its last entry tells better. */
function lastOf(pair: Pair | undefined): number | undefined {
	const value = pair?.value;
	if (isMap(value) && !value.flow && value.items.length > 0) return lastOf(value.items.at(-1) as Pair);
	return endOf(pair);
}

function rangeOf(node: unknown): readonly number[] | undefined {
	return typeof node === "object" && node !== null && "range" in node ? (node.range as number[]) : undefined;
}

function without(value: unknown, [key = "", ...rest]: readonly string[]): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) return value;
	const { [key]: inner, ...others } = value as Record<string, unknown>;
	if (rest.length === 0) return others;
	const left = without(inner, rest);
	const isEmpty = typeof left === "object" && left !== null && Object.keys(left).length === 0;
	return isEmpty && !isDeepStrictEqual(left, inner) ? others : { ...(value as object), [key]: left };
}
