import { OutputsError } from "../contract/versions";

export { messageOf } from "../system/message";

/** A mistake or a failure that the user can do something about: shown as it is, without a stack trace. */
export class UserError extends Error {
	override readonly name = "UserError";
}

/** The user had enough: exit code 130, as a shell has it for Ctrl-C. */
export class Interrupted extends UserError {}

/** What to print for an error; internal ones keep their stack where `LEAFLINE_DEBUG` is set. */
export function explain(error: unknown): string {
	if (!(error instanceof Error)) return `leafline: ${String(error)}`;
	const expected = error instanceof UserError || error instanceof OutputsError || error.name === "ConfigError";
	if (!expected && process.env.LEAFLINE_DEBUG) return error.stack ?? error.message;
	return `leafline: ${error.message}`;
}
