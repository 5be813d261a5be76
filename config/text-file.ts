import { readFileSync, statSync } from "node:fs";
import { ConfigError, type Problem } from "./errors";

/** A fleet of 10,000 devices in ranges takes some lines; what is bigger than this is none of leafline's files. */
const MOST_BYTES = 4 * 1024 * 1024;

/** What is said of a file that cannot be used. */
export interface TextFile {
	/** As messages name it. */
	readonly file: string;
	readonly document: Problem["document"];
	/** Remedy where there is no such file. */
	readonly missing: string;
	/** With its article: `a fleet file`. */
	readonly what: string;
	/** Remedy where there is too much in it. */
	readonly shorter: string;
}

/** @throws ConfigError with why the file cannot be read */
export function readTextFile(path: string, { file, document, missing, what, shorter }: TextFile): string {
	const refused = (message: string, remedy: string) => new ConfigError([{ path: [], message, remedy, document, file }]);
	try {
		const stat = statSync(path);
		if (stat.isDirectory()) throw refused("is a folder", "name a file in it");
		if (!stat.isFile()) throw refused("is not a file", "name a file");
		if (stat.size > MOST_BYTES) {
			const megabytes = Math.round(stat.size / 1e5) / 10;
			throw refused(`has ${megabytes} MB`, `${what} has 4 MB at most; ${shorter}`);
		}
		return readFileSync(path, "utf8");
	} catch (error) {
		if (error instanceof ConfigError) throw error;
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" || code === "ENOTDIR") throw refused("does not exist", missing);
		if (code === "ELOOP") throw refused("is a link that leads back to itself", "name the file that is meant");
		if (code === "ENAMETOOLONG") throw refused("has too long a path", "name a shorter one");
		throw refused(`cannot be read (${code ?? "unknown error"})`, "check its permissions");
	}
}
