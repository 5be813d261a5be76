import type { z } from "zod";
import type { Issue, Path } from "./document";
import { nearest } from "./words";

/**
 * zod's issues, each with its path and taken apart into message and remedy. A missing field whose misspelt name stands
 * beside it is reported once, as the misspelling.
 */
export function toIssues(error: z.ZodError): Issue[] {
	const unknown = error.issues.flatMap((issue) =>
		issue.code === "unrecognized_keys" ? issue.keys.map((key) => ({ parent: issue.path as Path, key })) : [],
	);
	return error.issues.flatMap((issue): Issue[] => {
		const path = issue.path as Path;
		if (issue.code === "unrecognized_keys") {
			const texts = issue.message.split("\n\n");
			return issue.keys.map((key, index) => ({ path: [...path, key], ...split(texts[index] ?? ""), atKey: true }));
		}
		const found = split(issue.message);
		const name = path.at(-1);
		const misspelt =
			found.message === "is missing" &&
			unknown.some(({ parent, key }) => same(parent, path.slice(0, -1)) && nearest(key, [String(name)]) !== undefined);
		const atKey = issue.code === "custom" && issue.params?.atKey === true;
		return misspelt ? [] : [{ path, ...found, ...(atKey && { atKey }) }];
	});
}

function split(text: string): { message: string; remedy: string } {
	const [message = "", remedy = ""] = text.split("\n");
	return { message, remedy };
}

function same(a: Path, b: Path): boolean {
	return a.length === b.length && a.every((step, index) => step === b[index]);
}
