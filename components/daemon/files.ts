import * as fs from "node:fs";
import * as path from "node:path";
import type { DaemonFile } from "./document";

/** Writes the files that differ, each whole or not at all, and gives their paths. Folders are for the owner alone. */
export function writeFiles(dir: string, files: Readonly<Record<string, DaemonFile>>): string[] {
	const changed: string[] = [];
	for (const [name, { content, mode = 0o600 }] of Object.entries(files)) {
		const target = path.join(dir, name);
		fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
		if (readText(target) === content) {
			fs.chmodSync(target, mode);
			continue;
		}
		replaceFile(target, content, mode);
		changed.push(name);
	}
	return changed;
}

/** Replaces a file in one step; nobody ever reads half of it, or reads it with wider permissions. */
export function replaceFile(target: string, content: string, mode = 0o600): void {
	const draft = `${target}.${process.pid}.new`;
	fs.writeFileSync(draft, content, { mode: 0o600 });
	fs.chmodSync(draft, mode);
	fs.renameSync(draft, target);
}

/** Removes files that an earlier start wrote and this one does not. */
export function removeStale(dir: string, before: readonly string[], now: Readonly<Record<string, DaemonFile>>): void {
	for (const name of before) {
		if (!(name in now)) fs.rmSync(path.join(dir, name), { force: true });
	}
}

function readText(file: string): string | undefined {
	try {
		return fs.readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}
