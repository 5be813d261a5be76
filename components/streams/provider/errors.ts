import { MARK, UserError } from "../../../system/user-error";

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
