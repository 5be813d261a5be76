import * as fs from "node:fs";
import * as path from "node:path";
import { isRunning, type ProcessId } from "../../system/process";
import type { DaemonDocument } from "./document";

/** The daemon's own files in its folder, besides those of the document. */
export const RECORD_FILE = "daemon.record";
export const LOG_FILE = "daemon.log";

/** What is known of a daemon that was started. Holds nothing secret. */
export interface DaemonRecord extends ProcessId, RecordFacts {
	/** Absolute path of its folder. */
	readonly dir: string;
}

export interface RecordFacts {
	readonly name: string;
	readonly generation: number;
	/** `restartHash()` of the document that it runs. */
	readonly hash: string;
	readonly ports: readonly number[];
	/** Paths of the files that were written for it. */
	readonly files: readonly string[];
	/** Command to be run in its folder when it has ended. @default none */
	readonly after?: readonly string[];
	/** How it is started again as it is. @default not at all */
	readonly again?: Again;
}

export interface Again extends Pick<DaemonDocument, "ready" | "readyTimeoutMs"> {
	/** Absolute, with the step before it. */
	readonly command: readonly string[];
}

/**
 * Three lines: pid, start time, facts as JSON. The new process writes them itself, before it becomes the daemon, so
 * that no crash can leave a daemon that nobody knows.
 */
export function readRecord(dir: string): DaemonRecord | undefined {
	try {
		const [pid, started, facts] = fs.readFileSync(path.join(dir, RECORD_FILE), "utf8").split("\n");
		if (pid === undefined || started === undefined || facts === undefined) return undefined;
		return { ...(JSON.parse(facts) as RecordFacts), pid: Number(pid), started, dir: path.resolve(dir) };
	} catch {
		return undefined;
	}
}

/** Records of all daemons in the folders of `root`, by the name of the folder. */
export function readRecords(root: string): Record<string, DaemonRecord> {
	const records: Record<string, DaemonRecord> = {};
	let folders: string[];
	try {
		folders = fs.readdirSync(root).sort();
	} catch {
		return {};
	}
	for (const folder of folders) {
		const record = readRecord(path.join(root, folder));
		if (record) records[folder] = record;
	}
	return records;
}

/** Files that were written for a daemon and are gone. */
export function missingFiles({ dir, files }: Pick<DaemonRecord, "dir" | "files">): string[] {
	return files.filter((file) => !fs.existsSync(path.join(dir, file)));
}

/**
 * Generation of a daemon: the same while it runs, one more when it died or lost a file, so that a resource that holds it among its
 * inputs changes exactly when there is something to start. A daemon without a record gets the time in seconds, which
 * no earlier generation can be, even if somebody removed the folder.
 */
export function generation(dir: string): number {
	const record = readRecord(dir);
	if (!record) return Math.floor(Date.now() / 1000);
	return isRunning(record) && missingFiles(record).length === 0 ? record.generation : record.generation + 1;
}
