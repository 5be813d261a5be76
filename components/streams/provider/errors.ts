import { lines } from "../../../config/printable";

/**
 * An error that a user can act on: shown by the engine as its message alone. The dynamic provider's host prints
 * `${error}: ${error.stack}` to its console before it answers; the marker lets `muteMarkedErrors()` drop that line.
 */
export class UserError extends Error {
	constructor(message: string) {
		// The last way out to a terminal: what is another's is text already.
		super(lines(message));
		this.name = "UserError";
		this.stack = "";
	}

	override toString(): string {
		return MARK;
	}
}

/** A resource that exists but is not as asked: the engine keeps it in the state and fails the operation. */
export class IncompleteError extends UserError {
	constructor(
		message: string,
		readonly id: string,
		readonly properties: Record<string, unknown>,
		readonly reasons: readonly string[],
	) {
		super(message);
	}
}

const MARK = "[leafline user error]";
let muted = false;

/** Keeps the host from printing user errors a second time, with a stack trace. */
export function muteMarkedErrors(): void {
	if (muted) return;
	muted = true;
	const print = console.error.bind(console);
	console.error = (...args: unknown[]) => {
		if (typeof args[0] === "string" && args[0].startsWith(MARK)) return;
		print(...args);
	};
}
