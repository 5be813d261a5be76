import { lines } from "../config/printable";

/**
 * An error that a user can act on: shown by the engine as its message alone. The dynamic provider's host prints
 * `${error}: ${error.stack}` to its console before it answers; the marker lets it drop that line.
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

/** What an error that a user can act on is as text: whoever prints errors itself knows it by that. */
export const MARK = "[leafline user error]";
