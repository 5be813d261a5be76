/**
 * Text of others: what devices and servers answer, what stands in files and in the engine's events. None of it may give
 * a terminal an order, begin a line in a journal, turn the direction of a line or hide a part of it.
 */

/**
 * Controls, marks of direction and of joining, what has no width or no character yet, halves of pairs, and the
 * separators of lines and paragraphs. No `g`: it is used in both ways.
 */
const ODD = "\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}";
const EACH = new RegExp(`[${ODD}]`, "gu");
const RUNS = new RegExp(`[\\s${ODD}]+`, "gu");

/** More marks on one letter than any script has: they reach over the lines above and below. */
const STACKED = /(\p{M}{4})\p{M}+/gu;

/** Characters of a text that others wrote, unless told otherwise. */
const LONGEST = 500;

/** Whatever cannot be seen, or is more than text, shown as its number: for files, whose author is to find it. */
export function printable(text: string): string {
	return text.replace(EACH, (odd) => `\\u{${(odd.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The text of somebody who may mean ill, on one line, and no longer than `most` characters. @default 500 */
export function foreign(text: string, most = LONGEST): string {
	// What is cut off need not be looked at: a megabyte costs no more than a line.
	const plain = text
		.slice(0, 8 * most)
		.replace(RUNS, " ")
		.replace(STACKED, "$1")
		.trim();
	return plain.length > most || text.length > 8 * most ? `${plain.slice(0, most).replace(/\p{Cs}$/u, "")}…` : plain;
}

/** leafline's own lines may name several such texts. */
const LONGEST_LINE = 4_000;

/** As `foreign`, for a text of several lines that leafline itself has put together of such parts. */
export function lines(text: string): string {
	return text
		.split("\n")
		.map((line) => foreign(line, LONGEST_LINE))
		.join("\n");
}
