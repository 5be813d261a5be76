import type { ConfMap, ConfValue } from "./nats-config";

/**
 * Reads what `renderNatsConfig` writes, and nothing else of the server's language: strings in double quotes, numbers
 * without units, keys that are followed by a colon. For whoever judges a configuration of which only the text is there.
 *
 * @throws SyntaxError with the line, for everything that the writer would not have written
 */
export function readNatsConfig(text: string): ConfMap {
	return new Reader(text).file();
}

const BARE_KEY = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /-?\d+(?:\.\d+)?(?=[\s,\]}]|$)/y;
const WORD = /(?:true|false)(?=[\s,\]}]|$)/y;
const SPACE = /\s*(?:#[^\n]*\s*)*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", '"': '"' };

class Reader {
	private at = 0;

	constructor(private readonly text: string) {}

	file(): ConfMap {
		const tree = this.entries("");
		if (this.at < this.text.length) this.fail("the end of the file");
		return tree;
	}

	/** Up to a closing brace, or the end of the file. */
	private entries(end: string): ConfMap {
		const found: [string, ConfValue][] = [];
		for (;;) {
			this.take(SPACE);
			if (this.at >= this.text.length || this.text[this.at] === end) return Object.fromEntries(found);
			const key = this.key();
			this.expect(":");
			this.take(SPACE);
			found.push([key, this.value()]);
		}
	}

	private key(): string {
		const quote = this.text[this.at];
		if (quote !== '"' && quote !== "'") return this.take(BARE_KEY) ?? this.fail("a key");
		const close = this.text.indexOf(quote, this.at + 1);
		if (close < 0) this.fail("the end of a key");
		const key = this.text.slice(this.at + 1, close);
		this.at = close + 1;
		return key;
	}

	private value(): ConfValue {
		switch (this.text[this.at]) {
			case '"':
				return this.string();
			case "[":
				return this.list();
			case "{": {
				this.expect("{");
				const map = this.entries("}");
				this.expect("}");
				return map;
			}
			default: {
				const word = this.take(WORD);
				if (word !== undefined) return word === "true";
				return Number(this.take(NUMBER) ?? this.fail("a value"));
			}
		}
	}

	private list(): ConfValue[] {
		const items: ConfValue[] = [];
		this.expect("[");
		this.take(SPACE);
		while (this.text[this.at] !== "]") {
			if (items.length > 0) this.expect(",");
			this.take(SPACE);
			items.push(this.value());
			this.take(SPACE);
		}
		this.expect("]");
		return items;
	}

	private string(): string {
		const start = this.at + 1;
		let end = start;
		while (this.text[end] !== '"') {
			if (end >= this.text.length) this.fail("the end of a text");
			end += this.text[end] === "\\" ? 2 : 1;
		}
		const raw = this.text.slice(start, end);
		const read = raw.replace(/((?:\\x[0-9a-f]{2})+)|\\(.)/gs, (_, hex: string | undefined, char: string) =>
			hex === undefined ? (ESCAPES[char] ?? this.fail("an escape")) : bytes(hex),
		);
		this.at = end + 1;
		return read;
	}

	private expect(char: string): void {
		if (this.text[this.at] !== char) this.fail(`${char}`);
		this.at++;
	}

	private take(pattern: RegExp): string | undefined {
		pattern.lastIndex = this.at;
		const found = pattern.exec(this.text)?.[0];
		this.at += found?.length ?? 0;
		return found;
	}

	private fail(wanted: string): never {
		const line = this.text.slice(0, this.at).split("\n").length;
		throw new SyntaxError(`line ${line} has no ${wanted} where a configuration of leafline has one`);
	}
}

function bytes(hex: string): string {
	return Buffer.from(hex.replaceAll("\\x", ""), "hex").toString("utf8");
}
