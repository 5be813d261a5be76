/**
 * Writer for nats-server's configuration language. Every string is quoted, so that none is taken for something else:
 * unquoted, `007` is a number, `1e5` five hundred quadrillion, `true` a boolean and `$HOME` a variable.
 */

export type ConfValue = string | number | boolean | readonly ConfValue[] | ConfMap;

/** Entries that are undefined are left out. */
export interface ConfMap {
	readonly [key: string]: ConfValue | undefined;
}

/**
 * The text of a configuration file, in the order of the tree's keys.
 *
 * @param comment lines to stand above it
 * @throws RangeError for what the language cannot say: a number that is not finite or no safe integer where it is
 *         whole, a lone surrogate, a key with both kinds of quotes or a line break
 */
export function renderNatsConfig(tree: ConfMap, comment?: string): string {
	// A NUL would end the file there.
	const header = (comment?.replaceAll("\0", "").split(/\r\n|\r|\n/) ?? []).map((line) => `# ${line}`.trimEnd());
	return [...header, ...entries(tree, "")].map((line) => `${line}\n`).join("");
}

function entries(map: ConfMap, indent: string): string[] {
	return Object.entries(map).flatMap(([key, value]) =>
		value === undefined ? [] : [`${indent}${confKey(key)}: ${confValue(value, indent)}`],
	);
}

function confValue(value: ConfValue, indent: string): string {
	if (typeof value === "string") {
		return confString(value);
	}
	if (typeof value === "number") {
		return confNumber(value);
	}
	if (typeof value === "boolean") {
		return String(value);
	}
	const inner = `${indent}  `;
	if (isList(value)) {
		const items = value.map((item) => `${inner}${confValue(item, inner)}`);
		return items.length === 0 ? "[]" : `[\n${items.join(",\n")}\n${indent}]`;
	}
	const lines = entries(value, inner);
	return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${indent}}`;
}

function isList(value: ConfMap | readonly ConfValue[]): value is readonly ConfValue[] {
	return Array.isArray(value);
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** In double quotes. The language knows `\xXX` for one byte: enough for control characters, of which NUL ends a file. */
function confString(text: string): string {
	if (/\p{Cs}/u.test(text)) {
		throw new RangeError("a configuration cannot hold half of a surrogate pair");
	}
	// A byte order mark is no control character, but the server skips one where a file begins.
	const escaped = text.replace(/[\\"\p{Cc}]/gu, (char) => ESCAPES[char] ?? bytes(char));
	return `"${escaped}"`;
}

function bytes(char: string): string {
	return Array.from(new TextEncoder().encode(char), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

/** The language has neither exponents nor signs other than minus. */
function confNumber(value: number): string {
	if (Number.isSafeInteger(value)) {
		return String(value + 0);
	}
	const text = String(value);
	if (!/^-?\d+\.\d+$/.test(text)) {
		throw new RangeError(`a configuration cannot hold the number ${value}`);
	}
	return text;
}

/** Quoted keys know no escapes: what stands between the quotes is the key. */
function confKey(key: string): string {
	if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) && key.toLowerCase() !== "include") {
		return key;
	}
	const quote = key.includes('"') ? "'" : '"';
	if (key === "" || key.includes(quote) || /[\p{Cc}\p{Cs}]/u.test(key)) {
		throw new RangeError(`a configuration cannot hold the key ${JSON.stringify(key)}`);
	}
	return `${quote}${key}${quote}`;
}

/** A duration as the server reads it, in milliseconds. */
export function confDuration(ms: number): string {
	return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
