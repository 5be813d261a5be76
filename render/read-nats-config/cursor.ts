/** A configuration that nats-server would not take, or that cannot be known from its text alone. */
export class NatsConfigError extends SyntaxError {
	override readonly name = "NatsConfigError";

	/**
	 * @param line from 1
	 * @param column in characters, from 1
	 * @param problem never quotes the text, for a password may stand there
	 */
	constructor(
		readonly line: number,
		readonly column: number,
		readonly problem: string,
	) {
		super(`line ${line}, column ${column}: ${problem}`);
	}
}

/** White space as Go's `unicode.IsSpace` has it. */
const SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u;
const DIGIT = /^\p{Nd}$/u;

export const isSpace = (char: string): boolean => SPACE.test(char);
export const isBlank = (char: string): boolean => char === " " || char === "\t";
export const isLineEnd = (char: string): boolean => char === "\n" || char === "\r";
export const isDigit = (char: string): boolean => DIGIT.test(char);
export const isSeparator = (char: string): boolean => char === "=" || char === ":";

/** A text and how far it has been read. A character is a code point, and empty where the text ends. */
export class Cursor {
	/** Index of the next character. */
	at = 0;

	constructor(readonly text: string) {}

	peek(): string {
		const code = this.text.codePointAt(this.at);
		return code === undefined ? "" : String.fromCodePoint(code);
	}

	next(): string {
		const char = this.peek();
		this.at += char.length;
		return char;
	}

	/** Whether the text goes on with these characters; they are read then. */
	take(words: string): boolean {
		const there = this.text.startsWith(words, this.at);
		if (there) this.at += words.length;
		return there;
	}

	skip(wanted: (char: string) => boolean): void {
		for (let char = this.peek(); char !== "" && wanted(char); char = this.peek()) this.at += char.length;
	}

	/** Text from an index to where it has been read. */
	since(start: number): string {
		return this.text.slice(start, this.at);
	}

	/** @param at index of what is wrong. @default the next character */
	fail(problem: string, at = this.at): never {
		const before = this.text.slice(0, at);
		const lineStart = before.lastIndexOf("\n") + 1;
		throw new NatsConfigError(before.split("\n").length, [...before.slice(lineStart)].length + 1, problem);
	}
}
