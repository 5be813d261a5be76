import { hideSecrets } from "./secrets";

/** How messages put things: values, choices, and the word that somebody probably meant. */

/** A value as messages show it. */
export function show(value: unknown): string {
	if (value === undefined) return "nothing";
	// A number as it was written: see `YamlDocument.value`.
	if (typeof value === "symbol") return shorten(value.description ?? "");
	if (Array.isArray(value)) return `a list of ${value.length}`;
	if (typeof value === "object" && value !== null) return "a map";
	return typeof value === "string" ? quote(value) : String(value);
}

/** A text in quotes, not longer than a line can take, and without the secrets that are in it. */
export function quote(text: string): string {
	// Hidden before it is cut: a part of a secret does not look like one.
	return JSON.stringify(shorten(hideSecrets(text.slice(0, 4096))));
}

function shorten(text: string): string {
	return text.length > 64 ? `${text.slice(0, 60)}…` : text;
}

/** `a`, `a or b`, `a, b or c`. */
export function oneOf(words: readonly string[]): string {
	return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** `did you mean x?`, or what there is. */
export function suggest(name: string, known: readonly string[], none: string): string {
	const meant = nearest(name, known);
	if (meant) return `did you mean ${meant}?`;
	if (known.length === 0) return none;
	return `known: ${known.slice(0, 8).join(", ")}${known.length > 8 ? ", …" : ""}`;
}

/**
 * The word that someone probably meant.
 * @returns undefined when none is near enough to be worth saying
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
	const typed = word.slice(0, 64).toLowerCase();
	let best: string | undefined;
	let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
	for (const candidate of known) {
		if (Math.abs(candidate.length - typed.length) >= least) continue;
		const edits = distance(typed, candidate.toLowerCase());
		if (edits < least) [best, least] = [candidate, edits];
	}
	return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function distance(a: string, b: string): number {
	let beforeLast: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (let row = 1; row <= a.length; row++) {
		const current = [row];
		for (let column = 1; column <= b.length; column++) {
			const same = a[row - 1] === b[column - 1];
			let edits = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
			const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
			if (swapped) edits = Math.min(edits, at(beforeLast, column - 2) + 1);
			current.push(edits);
		}
		[beforeLast, last] = [last, current];
	}
	return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
	return row[column] ?? Number.POSITIVE_INFINITY;
}
