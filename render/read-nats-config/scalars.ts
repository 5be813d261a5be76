import { type Cursor, isBlank, isDigit, isLineEnd } from "./cursor";
import { isMoment, readFloat, readInteger } from "./numbers";

/** What stands for one value that is no block and no list. */
export type Scalar =
	| { readonly value: string | number | boolean }
	| { readonly variable: string; readonly at: number }
	/** A unit that is none: the server takes no value from it. */
	| { readonly ignored: true }
	/** The text ends where a quoted one has just begun: the server ends there, and says nothing. */
	| { readonly end: true };

const BOOLEANS: Readonly<Record<string, boolean>> = {
	true: true,
	yes: true,
	on: true,
	false: false,
	no: false,
	off: false,
};
const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", '"': '"', "\\": "\\" };
const UNIT = /^[kmgtpe]$/i;

/** Reads one scalar from where it begins. */
export function readScalar(cursor: Cursor): Scalar {
	const start = cursor.at;
	const first = cursor.peek();
	if (first === "'") return single(cursor);
	if (first === '"') return double(cursor);
	if (first === "(") return block(cursor);
	if (first === ".") cursor.fail("a number begins with a digit: write 0 before the point, or quotes around a text");
	if (isLineEnd(first)) cursor.fail("a value is missing: it stands in the same line as its separator");
	if (first === "-") {
		cursor.next();
		if (!isDigit(cursor.peek())) cursor.fail("a digit follows the minus sign: write quotes around a text");
		return number(cursor, start);
	}
	return isDigit(first) ? number(cursor, start) : bare(cursor, start);
}

/** Nothing is special in it, not even a line's end. */
function single(cursor: Cursor): Scalar {
	const start = cursor.at;
	const close = cursor.text.indexOf("'", start + 1);
	if (close < 0) return unended(cursor, start, start + 1);
	cursor.at = close + 1;
	return { value: cursor.text.slice(start + 1, close) };
}

function double(cursor: Cursor): Scalar {
	const start = cursor.at;
	cursor.next();
	const parts = new Parts(cursor);
	for (;;) {
		const char = cursor.next();
		if (char === "") return unended(cursor, start, parts.from);
		if (char === "\\") parts.escape();
		else if (char === '"') return { value: parts.join(cursor.at - 1) };
	}
}

function unended(cursor: Cursor, start: number, from: number): Scalar {
	if (from === cursor.text.length) return { end: true };
	cursor.fail("the quoted text that begins here does not end", start);
}

/** In parentheses, of which the closing one has a line to itself. At the very end of a file it is part of the text. */
function block(cursor: Cursor): Scalar {
	const start = cursor.at;
	const close = /(?<=\n)\)(?=\n|$)/g;
	close.lastIndex = start + 1;
	const found = close.exec(cursor.text);
	if (found === null) cursor.fail("the block of text that begins here does not end: its ) has a line to itself", start);
	cursor.at = found.index + 1;
	const end = cursor.at === cursor.text.length ? cursor.at : found.index;
	return { value: cursor.text.slice(start + 1, end) };
}

/** A number, a time or an address; with anything else in it a text that begins with a digit. */
function number(cursor: Cursor, start: number): Scalar {
	const negative = cursor.text[start] === "-";
	cursor.skip(isDigit);
	const char = cursor.peek();
	if (char === ".") return float(cursor, start);
	if (UNIT.test(char)) {
		cursor.next();
		cursor.skip((one) => /^[bi]$/i.test(one));
		return endsNumber(cursor.peek()) ? integer(cursor, start) : bare(cursor, start);
	}
	if (negative) return integer(cursor, start);
	if (char === "-") return moment(cursor, start);
	if (endsNumber(char)) return integer(cursor, start);
	// Whatever it is, it has no meaning of its own any more: neither as an escape nor as a bracket.
	cursor.next();
	return bare(cursor, start);
}

/** A list's end is not among them: `[1]` is a list that begins with the text `1]`. */
function endsNumber(char: string): boolean {
	return char === "" || isLineEnd(char) || isBlank(char) || char === "}" || char === ";" || char === ",";
}

function integer(cursor: Cursor, start: number): Scalar {
	const value = readInteger(cursor.since(start));
	if (value === undefined) cursor.fail("this is no whole number of 64 bits", start);
	return value === "ignored" ? { ignored: true } : { value };
}

function float(cursor: Cursor, start: number): Scalar {
	cursor.next();
	if (!isDigit(cursor.peek())) cursor.fail("a digit follows the point: write quotes around a text");
	cursor.skip(isDigit);
	if (cursor.take(".")) {
		cursor.skip((char) => isDigit(char) || char === "." || char === ":" || char === "-");
		return { value: cursor.since(start) };
	}
	const value = readFloat(cursor.since(start));
	if (value === undefined) cursor.fail("this is no number of 64 bits", start);
	return { value };
}

/** As text: nothing that the server can be told is a time. */
function moment(cursor: Cursor, start: number): Scalar {
	const text = cursor.text.slice(start, start + "2026-01-31T00:00:00Z".length);
	if (!isMoment(text)) cursor.fail("this is no time such as 2026-01-31T00:00:00Z: write quotes around a text", start);
	cursor.at = start + text.length;
	return { value: text };
}

/** Without quotes: a boolean, a variable, or a text. An apostrophe ends it, and belongs to nothing. */
function bare(cursor: Cursor, start: number): Scalar {
	const parts = new Parts(cursor, start);
	for (;;) {
		const char = cursor.peek();
		if (endsNumber(char) || char === "]") break;
		cursor.next();
		if (char === "\\") parts.escape();
		else if (char === "'") return { value: parts.join(cursor.at - 1) };
	}
	const text = parts.join(cursor.at);
	if (parts.escaped) return { value: text };
	const boolean = Object.hasOwn(BOOLEANS, text.toLowerCase()) ? BOOLEANS[text.toLowerCase()] : undefined;
	if (boolean !== undefined) return { value: boolean };
	return text.startsWith("$") ? { variable: text.slice(1), at: start } : { value: text };
}

/** A text with escapes in it. `\xXX` is one byte, and several of them may be one character. */
class Parts {
	escaped = false;
	private readonly bytes: Buffer[] = [];

	constructor(
		private readonly cursor: Cursor,
		/** Where the part begins that has no escapes. */
		public from = cursor.at,
	) {}

	/** After the backslash. */
	escape(): void {
		const { cursor } = this;
		const start = cursor.at - 1;
		this.bytes.push(Buffer.from(cursor.text.slice(this.from, start)));
		const char = cursor.next();
		const hex = char === "x" ? /^[0-9a-fA-F]{2}/.exec(cursor.text.slice(cursor.at, cursor.at + 2))?.[0] : undefined;
		const plain = ESCAPES[char];
		if (hex !== undefined) {
			this.bytes.push(Buffer.from(hex, "hex"));
			cursor.at += 2;
		} else if (plain !== undefined) {
			this.bytes.push(Buffer.from(plain));
		} else {
			cursor.fail('this is no escape: there are \\xXX, \\t, \\n, \\r, \\" and \\\\', start);
		}
		this.escaped = true;
		this.from = cursor.at;
	}

	join(end: number): string {
		const rest = this.cursor.text.slice(this.from, end);
		return this.escaped ? Buffer.concat([...this.bytes, Buffer.from(rest)]).toString("utf8") : rest;
	}
}
