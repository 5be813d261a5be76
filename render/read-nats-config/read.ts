import { posix } from "node:path";
import { Cursor, NatsConfigError } from "./cursor";
import { Grammar } from "./grammar";
import { FROM_ENVIRONMENT, type ReadMap, type ReadValue, TreeBuilder } from "./tree";

export { FROM_ENVIRONMENT, NatsConfigError, type ReadMap, type ReadValue };

export interface ReadOptions {
	/** Text of a file that is included, by its path from the folder of the first one. @default none is at hand */
	readonly include?: (path: string) => string | undefined;
	/** The server's environment. @default unknown: what is taken from it is `FROM_ENVIRONMENT` */
	readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Reads a configuration as nats-server 2.15.2 does, for whoever judges one of which only the text is there. Keys are as
 * they are written: the server does not mind upper and lower case in those that it knows.
 *
 * @returns a number for every number, exact up to 2^53; times as text
 * @throws NatsConfigError with line and column for what the server would not take, and for what it might: a file that is
 *         not at hand, a NUL, more than 256 blocks in each other
 */
export function readNatsConfig(text: string, options: ReadOptions = {}): ReadMap {
	return read(text, options, { files: [], variables: [] });
}

/** Files and variables that are being read now: none of them may ask for itself. */
interface Reading {
	readonly files: readonly string[];
	readonly variables: readonly string[];
}

function read(text: string, options: ReadOptions, reading: Reading): ReadMap {
	const cursor = new Cursor(text);
	const nul = text.indexOf("\0");
	// The server ends there, or not, depending on what is around it.
	if (nul >= 0) cursor.fail("a NUL is no text", nul);
	const tree = new TreeBuilder();
	const include = (name: string, at: number): ReadMap => {
		// From the folder of the file that includes it. An absolute path too, as the server has it.
		const path = posix.join(posix.dirname(reading.files.at(-1) ?? ""), name);
		const again = reading.files.includes(path);
		const included = again ? undefined : options.include?.(path);
		if (included === undefined) {
			const why = again ? "which includes itself" : "which is not at hand";
			return cursor.fail(`another file is included here, ${why}: write its content in its place`, at);
		}
		return inside(cursor, at, "the file that is included here", () =>
			read(included, options, { files: [...reading.files, path], variables: [] }),
		);
	};
	const variable = (name: string, at: number): ReadValue => {
		if (name === "") return cursor.fail("a variable has a name: write quotes around a text", at);
		if (options.environment === undefined) return FROM_ENVIRONMENT;
		const value = reading.variables.includes(name) ? undefined : own(options.environment, name);
		const pk = own(
			value === undefined
				? {}
				: inside(cursor, at, "this variable", () =>
						read(`pk=${value}`, options, { ...reading, variables: [...reading.variables, name] }),
					),
			"pk",
		);
		return pk ?? cursor.fail("nothing defines this variable", at);
	};
	new Grammar(cursor, tree, { include, variable }).file();
	return tree.root();
}

function own<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
	return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** A mistake elsewhere has its place here, where that is asked for. */
function inside<T>(cursor: Cursor, at: number, what: string, task: () => T): T {
	try {
		return task();
	} catch (error) {
		if (!(error instanceof NatsConfigError)) throw error;
		return cursor.fail(`${what} cannot be read: ${error.message}`, at);
	}
}
