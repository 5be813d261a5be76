import { printable } from "./printable";
import { hideSecrets } from "./secrets";
import { quote } from "./words";

/** What is wrong with a fleet file or a stack's settings. `topology/` reports its findings in the same shape. */
export interface Problem {
	/** Path in the document, for example `["classes", "can", "rate"]`; empty for the document itself. */
	readonly path: readonly (string | number)[];
	/** Names the value: `2000 has no unit`. */
	readonly message: string;
	/** What to do about it: `write 2000/s`. */
	readonly remedy: string;
	readonly document: "fleet" | "settings";
	/** The mistake is the key, not what it holds. */
	readonly atKey?: boolean;
}

/** Line and column count from 1. */
export interface Place {
	readonly line: number;
	readonly column: number;
}

/** A problem and where it stands; without a place it concerns the file as a whole. */
export interface LocatedProblem extends Problem {
	readonly file: string;
	readonly place?: Place;
}

/** Problems shown at most; whoever has more wants to see the first ones first. */
const MOST_SHOWN = 50;

/** A fleet file or settings that cannot be used. Its message is meant for users: no stack trace is needed with it. */
export class ConfigError extends Error {
	override readonly name = "ConfigError";

	constructor(readonly problems: readonly LocatedProblem[]) {
		super(formatProblems(problems));
	}
}

/**
 * One line a problem, as compilers print it: `fleets/x.yaml:12:9  classes.can.rate: 2000 has no unit; write 2000/s`.
 * In the order of the files and their lines, 50 at most.
 */
export function formatProblems(problems: readonly LocatedProblem[]): string {
	const lines = [...problems].sort(byPlace).map((problem) => {
		const place = problem.place ? `:${problem.place.line}:${problem.place.column}` : "";
		const path = problem.path.length > 0 ? `${formatPath(problem.path)}: ` : "";
		const remedy = problem.remedy ? `; ${problem.remedy}` : "";
		return printable(`${problem.file}${place}  ${path}${hideSecrets(`${problem.message}${remedy}`)}`);
	});
	const more = lines.length - MOST_SHOWN;
	return [...lines.slice(0, MOST_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** `classes.can.rate`; list items as `[0]`, keys that are no plain word in quotes. */
export function formatPath(path: readonly (string | number)[]): string {
	return path
		.map((step, index) => {
			if (typeof step === "number") return `[${step}]`;
			const word = /^[\w:-]{1,64}$/.test(step) ? hideSecrets(step) : quote(step);
			return index === 0 ? word : `.${word}`;
		})
		.join("");
}

/** In the order of the files and their lines. */
export function byPlace(a: LocatedProblem, b: LocatedProblem): number {
	if (a.file !== b.file) return a.file < b.file ? -1 : 1;
	const [left, right] = [a.place ?? { line: 0, column: 0 }, b.place ?? { line: 0, column: 0 }];
	return left.line - right.line || left.column - right.column;
}
