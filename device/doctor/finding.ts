/** What a look for the cause of trouble has found. */
export interface Finding {
	readonly check: Check;
	/** `unknown`: it could not be looked at here. */
	readonly level: "good" | "warning" | "fault" | "unknown";
	/** One line: what is. */
	readonly text: string;
	/** What to do; of everything that is not good. */
	readonly remedy?: string;
}

export const CHECKS = [
	"files",
	"server",
	"clock",
	"dns",
	"tcp",
	"tls",
	"credentials",
	"login",
	"permissions",
	"domain",
	"space",
	"sync",
	"kernel",
] as const;

export type Check = (typeof CHECKS)[number];

export const good = (check: Check, text: string): Finding => ({ check, level: "good", text });
export const warning = (check: Check, text: string, remedy: string): Finding => ({
	check,
	level: "warning",
	text,
	remedy,
});
export const fault = (check: Check, text: string, remedy: string): Finding => ({ check, level: "fault", text, remedy });
export const unknown = (check: Check, text: string, remedy: string): Finding => ({
	check,
	level: "unknown",
	text,
	remedy,
});

const MARKS: Readonly<Record<Finding["level"], string>> = { good: "✓", warning: "!", fault: "✗", unknown: "?" };

type Line = Pick<Finding, "level" | "text"> & { readonly check: string; readonly remedy?: string | undefined };

/** For people: a line a finding, and below it what to do. */
export function findingLines(findings: readonly Line[]): string[] {
	return findings.flatMap(({ check, level, text, remedy }) => [
		`  ${MARKS[level]} ${check.padEnd(11)}  ${text}`,
		...(remedy === undefined ? [] : [`    ${" ".repeat(11)}  → ${remedy}`]),
	]);
}
