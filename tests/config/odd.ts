import fc from "fast-check";
import { LineCounter, parseDocument, Scalar, visit } from "yaml";
import { z } from "zod";

/** What people write where a field is, each as it stands in the file; some of it is right in some fields. */
export const ODD: readonly string[] = [
	..."5GB 5Gi 128b 20mbit 0755 007 1_000/s 1_000 1:30 2026-01-31 31.12.2999 yes on off NO ~ null {} [] [1] {a: 1}".split(
		" ",
	),
	..."-1 0 -0 1.5 1.50 1,5 +5 1e3 1e400 .inf -.inf .nan 0x1F 0b11 0o17 70000 65535.5 9007199254740993".split(" "),
	..."true FALSE constructor __proto__ toString ../../etc /data/../etc // . / a.b a..b tls://hub hub:7422 *.x".split(
		" ",
	),
	..."|| |5 GB |>|*|a b|5|true|{}|[|http://u:p@h|%s|\\|$HOME".split("|").map((text) => `'${text}'`),
	"'{\"a\":1}'",
	'"5\\u00a0GB"',
	'"١٢"',
	'"😀"',
	'"a\\nb"',
	'"\\e[2J"',
	'"\\u202e"',
	"!!str 5",
	"!!str 0755",
	"'[a, b]'",
	"[a, a]",
	"[[1]]",
	"[null]",
	"[{}]",
	"{ secure: 5 }",
	"['', ' ']",
	"x".repeat(300),
];

/** Any text, quoted so that it is one. */
export const anyText = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => JSON.stringify(text));

type Schema = { readonly [key: string]: unknown } & {
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: Schema | boolean;
	readonly anyOf?: readonly Schema[];
	readonly items?: Schema;
};

/** Every place of a schema where a value stands; names that users choose are those of the sample. */
export function fieldsOf(type: z.ZodType, sample: unknown): (string | number)[][] {
	const found: (string | number)[][] = [];
	const walk = (schema: Schema, value: unknown, path: (string | number)[]) => {
		if (path.length > 0) found.push(path);
		const map = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
		for (const [name, inner] of Object.entries(schema.properties ?? {})) walk(inner, map[name], [...path, name]);
		if (typeof schema.additionalProperties === "object") {
			const [name = "x"] = Object.keys(map);
			walk(schema.additionalProperties, map[name], [...path, name]);
		}
		const items = schema.items ?? schema.anyOf?.find(({ items }) => items)?.items;
		if (items) walk(items, Array.isArray(value) ? value[0] : undefined, [...path, 0]);
	};
	walk(z.toJSONSchema(type, { io: "input", unrepresentable: "any" }) as Schema, sample, []);
	return found;
}

/** A file with another value at a path, and where that value then stands. */
export function withValue(text: string, path: readonly (string | number)[], value: string) {
	const document = parseDocument(text);
	const stand = "STANDS-HERE";
	if (path.at(-1) === 0) document.setIn(path.slice(0, -1), [stand]);
	else document.setIn(path, new Scalar(stand));
	// Between brackets, a comma would end the value.
	visit(document, {
		Collection: (_, node) => {
			node.flow = false;
		},
	});
	const changed = document.toString({ lineWidth: 0 }).replace(stand, () => value);
	const lines = new LineCounter();
	const read = parseDocument(changed, { lineCounter: lines });
	const node = read.getIn(path, true) as { range?: [number, number, number] } | undefined;
	const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
	return { text: changed, place: { line, column: col } };
}

/** The words of a library, or of JavaScript, in place of ours. */
export const RAW =
	/invalid|expected|received|undefined|NaN|\[object|zod|symbol\(|regex|pattern|too (small|big):|Infinity/i;
