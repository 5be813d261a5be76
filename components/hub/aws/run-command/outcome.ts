import type { Invocation } from "./model";

/** How a command stands. */
export type Outcome = "running" | "succeeded" | Failure;

/**
 * `failed`: the script ended with another code than 0 · `stopped`: it took longer than the document allows ·
 * `undelivered`: the node's agent never took it · `cancelled`: by a person · `refused`: the node's agent would not.
 */
export type Failure = "failed" | "stopped" | "undelivered" | "cancelled" | "refused";

const FAILURES: Readonly<Record<string, Failure>> = {
	Failed: "failed",
	ExecutionTimedOut: "stopped",
	TimedOut: "stopped",
	DeliveryTimedOut: "undelivered",
	Undeliverable: "undelivered",
	Terminated: "undelivered",
	Cancelled: "cancelled",
	Canceled: "cancelled",
	AccessDenied: "refused",
	InvalidPlatform: "refused",
};

/** Reads the finer of the two states, for only that tells a script that hung from one that never arrived. */
export function outcomeOf({ status, details }: Pick<Invocation, "status" | "details">): Outcome {
	if (status === "Success") return "succeeded";
	if (["Pending", "InProgress", "Delayed", "Cancelling"].includes(status)) return "running";
	return FAILURES[details.replaceAll(" ", "")] ?? FAILURES[status] ?? "failed";
}

/** What Run Command adds to a script's own words. */
const NOISE = [/^failed to run commands: exit status \d+$/, /^-+ERROR-+$/];

/** The node's own words, line by line, without blanks at their ends. */
export function nodeLines({ stdout, stderr }: Pick<Invocation, "stdout" | "stderr">): string[] {
	return `${stdout}\n${stderr}`
		.split(/\r?\n/)
		.map((line) => line.trimEnd())
		.filter((line) => line !== "" && !NOISE.some((form) => form.test(line)));
}
