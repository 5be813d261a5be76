import { type Cursor, isBlank, isLineEnd, isSeparator, isSpace } from "./cursor";

export interface Key {
	readonly name: string;
	/** It is the word that stands before the name of another file. */
	readonly includes: boolean;
}

/** In quotes, without escapes, or bare. @returns `undefined` when the text ends before a quoted one does */
export function readKey(cursor: Cursor): Key | undefined {
	const quote = cursor.peek();
	if (quote !== '"' && quote !== "'") return readBareKey(cursor);
	const name = quoted(cursor, quote);
	return name === undefined ? undefined : { name, includes: false };
}

/** Up to white space or a separator, whatever it begins with. */
export function readBareKey(cursor: Cursor): Key {
	const start = cursor.at;
	cursor.next();
	cursor.skip((char) => !isSpace(char) && !isSeparator(char));
	const name = cursor.since(start);
	return { name, includes: isSpace(cursor.peek()) && name.toLowerCase() === "include" };
}

/** Path of the file that is included, and where it stands. */
export function readIncluded(cursor: Cursor): { path: string; at: number } {
	cursor.skip(isBlank);
	const at = cursor.at;
	const first = cursor.peek();
	if (first === '"' || first === "'") {
		const path = quoted(cursor, first) ?? cursor.fail("the quoted name that begins here does not end", at);
		return { path, at };
	}
	if (/^[[{(\p{Nd}\\\n\r-]/u.test(first)) cursor.fail("the name of a file is missing here");
	cursor.skip((char) => !isLineEnd(char) && !isBlank(char) && !";}'".includes(char));
	const path = cursor.since(at);
	cursor.take("'");
	return { path, at };
}

/** @returns whether there was one */
export function skipComment(cursor: Cursor): boolean {
	if (!cursor.take("#") && !cursor.take("//")) return false;
	cursor.skip((char) => !isLineEnd(char));
	return true;
}

function quoted(cursor: Cursor, quote: string): string | undefined {
	const start = cursor.at + 1;
	const close = cursor.text.indexOf(quote, start);
	if (close < 0) return undefined;
	cursor.at = close + 1;
	return cursor.text.slice(start, close);
}
