import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatProblems } from "../../config/errors";
import { parseFleet } from "../../config/fleet";

/** A fleet file without mistakes, which tests break in one place each. */
export const COMPLIANT = readFileSync(join(__dirname, "fixtures/compliant.yaml"), "utf8");

/** The whole text of what is said about the compliant file after one replacement. */
export function complaint(from: string, to: string): string {
	const parts = COMPLIANT.split(from);
	if (parts.length !== 2) throw new Error(`"${from}" stands in the fixture ${parts.length - 1} times`);
	return complaintOf(parts.join(to));
}

/** The whole text of what is said about a fleet file. */
export function complaintOf(text: string): string {
	return formatProblems(parseFleet(text, "x.yaml").problems);
}
