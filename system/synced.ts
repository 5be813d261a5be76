import * as fs from "node:fs";
import * as path from "node:path";

/**
 * Makes a file whose content is on disk; `syncFolder` puts its name there as well.
 * @param flags `w` replaces one that is there, `wx` fails
 * @param mode @default its owner's alone
 */
export function writeSynced(file: string, text: string, flags: "w" | "wx", mode = 0o600): void {
	fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
	const open = fs.openSync(file, flags, mode);
	try {
		fs.writeFileSync(open, text);
		fs.fsyncSync(open);
	} finally {
		fs.closeSync(open);
	}
}

/** Puts on disk which files a folder has. */
export function syncFolder(folder: string): void {
	const open = fs.openSync(folder, "r");
	try {
		fs.fsyncSync(open);
	} finally {
		fs.closeSync(open);
	}
}
