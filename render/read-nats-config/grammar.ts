import { type Cursor, isBlank, isSeparator, isSpace } from "./cursor";
import { readBareKey, readIncluded, readKey, skipComment } from "./keys";
import { readScalar } from "./scalars";
import type { ReadMap, ReadValue, TreeBuilder } from "./tree";

/** What a configuration takes from elsewhere. */
export interface Surroundings {
	/** Fails for what is not at hand. */
	include(path: string, at: number): ReadMap;
	/** Fails for what nobody defines. */
	variable(name: string, at: number): ReadValue;
}

/** What parts two entries; blanks and comments may stand before it. The text's end is an empty one. */
interface Gap {
	readonly parts: readonly string[];
	/** Read over, as if it were not there. */
	readonly skips: readonly string[];
	readonly missing: string;
}

const TOP: Gap = { parts: ["\n", "\r", ";", ",", "}", ""], skips: ["/"], missing: "the end of the line" };
const BLOCK: Gap = { parts: ["\n", "\r", ";", ",", "}"], skips: ["/"], missing: "a comma or a }" };
const INNER_BLOCK: Gap = { parts: [";", ",", "}"], skips: ["/", "\n", "\r"], missing: "a }" };
const MAP: Gap = { parts: ["\n", "\r", ";", ",", "/", "}"], skips: [], missing: "a comma or a }" };
const LIST: Gap = { parts: ["\n", "\r", ",", "/", "]"], skips: [], missing: "a comma or a ]" };

/** Thrown where the server stops reading in the middle of something and takes what it has. */
class EndOfText {}

/** Far more than a configuration needs, and far less than the call stack has. */
const DEEPEST = 256;

/**
 * The language as nats-server 2.15.2 reads it (its package `conf`), with what it takes by accident: a reader that
 * understood less would judge another configuration than the one that runs.
 *
 * It is JSON with nearly everything optional. Top level, blocks (braces around the top level, as in JSON), maps and lists
 * differ mainly in what parts their entries.
 */
export class Grammar {
	constructor(
		private readonly cursor: Cursor,
		private readonly tree: TreeBuilder,
		private readonly surroundings: Surroundings,
	) {}

	file(): void {
		try {
			this.top();
		} catch (reached) {
			if (!(reached instanceof EndOfText)) throw reached;
		}
	}

	/** A brace too many is none too many, as long as no entry comes after it in its line. */
	private top(): void {
		const { cursor } = this;
		for (;;) {
			cursor.skip(isSpace);
			if (cursor.peek() === "") return;
			if (cursor.take("{")) this.block(1);
			else if (!skipComment(cursor)) {
				this.entry();
				this.gap(TOP);
			}
		}
	}

	/** The top level in braces. */
	private block(depth: number): void {
		const { cursor } = this;
		if (depth > DEEPEST) this.tooDeep();
		for (;;) {
			cursor.skip(isSpace);
			if (cursor.peek() === "") this.end();
			if (cursor.take("}")) return;
			if (cursor.take("{")) {
				this.block(depth + 1);
				if (this.gapAfterInnerBlock() === "}") return;
			} else if (!skipComment(cursor)) {
				this.entry();
				if (this.gap(BLOCK) === "}") return;
			}
		}
	}

	/** After a comment an entry may follow, after a line's end alone none. */
	private gapAfterInnerBlock(): string {
		this.cursor.skip((char) => isBlank(char) || INNER_BLOCK.skips.includes(char));
		return skipComment(this.cursor) ? "" : this.gap(INNER_BLOCK);
	}

	/** A key with its value, or another file, at the top level and in a block. */
	private entry(): void {
		const { cursor } = this;
		const start = cursor.at;
		if (isSeparator(cursor.peek())) this.misses("a key");
		if (cursor.peek() === "/") this.misses("a key, or another / for a comment,");
		const key = readKey(cursor) ?? this.unendedKey(start);
		if (key.includes) this.include();
		else {
			this.tree.key(key.name);
			cursor.skip(isSpace);
			if (cursor.peek() === "") this.end();
			if (isSeparator(cursor.peek())) cursor.next();
			this.value();
		}
	}

	private unendedKey(start: number): never {
		if (this.cursor.text.length === start + 1) this.end();
		return this.cursor.fail("the quoted key that begins here does not end", start);
	}

	private map(): void {
		const { cursor } = this;
		this.tree.openMap();
		for (;;) {
			cursor.skip(isSpace);
			if (cursor.take("}")) break;
			if (skipComment(cursor)) continue;
			const first = cursor.peek();
			if (first === "" || first === "]" || isSeparator(first)) this.misses("a key or a }");
			if (!this.mapEntry() || this.gap(MAP) === "}") break;
		}
		this.tree.close();
	}

	/** @returns whether it has a value. If not, the map ends here, and its key waits for the next thing that ends */
	private mapEntry(): boolean {
		const { cursor } = this;
		// A slash alone is read over, and whatever comes after it begins a key.
		const key = cursor.take("/") ? readBareKey(cursor) : readKey(cursor);
		if (key === undefined || cursor.peek() === "") return cursor.fail("the text ends within a block");
		if (key.includes) {
			this.include();
			return true;
		}
		this.tree.key(key.name);
		cursor.skip(isSpace);
		if (isSeparator(cursor.peek())) cursor.next();
		cursor.skip(isSpace);
		if (cursor.peek() === ",") this.misses("a value");
		if (cursor.take("}")) return false;
		this.value();
		return true;
	}

	private list(): void {
		const { cursor } = this;
		this.tree.openList();
		for (;;) {
			cursor.skip(isSpace);
			if (skipComment(cursor)) continue;
			if (cursor.take("]")) break;
			if (cursor.peek() === "/" || cursor.peek() === ",") this.misses("a value");
			this.value();
			if (this.gap(LIST) === "]") break;
		}
		this.tree.close();
	}

	private value(): void {
		const { cursor, tree } = this;
		cursor.skip(isBlank);
		if (tree.depth === DEEPEST && "{[".includes(cursor.peek() || "-")) this.tooDeep();
		if (cursor.take("{")) this.map();
		else if (cursor.take("[")) this.list();
		else {
			const scalar = readScalar(cursor);
			if ("end" in scalar) this.end();
			else if ("ignored" in scalar) tree.ignore();
			else tree.set("variable" in scalar ? this.variable(scalar.variable, scalar.at) : scalar.value);
		}
	}

	/** A bcrypt hash needs no quotes. */
	private variable(name: string, at: number): ReadValue {
		if (name.startsWith("2a$")) return `$${name}`;
		return this.tree.lookUp(name) ?? this.surroundings.variable(name, at);
	}

	private include(): void {
		const { path, at } = readIncluded(this.cursor);
		this.tree.include(this.surroundings.include(path, at));
	}

	/** @returns what parts this entry from the next */
	private gap({ parts, skips, missing }: Gap): string {
		const { cursor } = this;
		for (;;) {
			if (skipComment(cursor)) continue;
			const char = cursor.peek();
			const part = parts.includes(char);
			if (!part && !isBlank(char) && !skips.includes(char)) this.misses(missing);
			cursor.next();
			if (part) return char;
		}
	}

	/** Where the text ends: the server takes it unless a key was the last thing, and even then if that was a brace. */
	private end(): never {
		const key = this.tree.danglingKey;
		if (key !== undefined && key !== "}") this.misses("a value");
		throw new EndOfText();
	}

	private tooDeep(): never {
		return this.cursor.fail(`nested more than ${DEEPEST} deep`);
	}

	private misses(what: string): never {
		const ends = this.cursor.peek() === "";
		return this.cursor.fail(ends ? `the text ends where ${what} is missing` : `${what} is missing here`);
	}
}
