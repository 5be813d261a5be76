import { createHash } from "node:crypto";
import * as fs from "node:fs";
import type { FileEntry } from "../render/bundle/manifest";

/** What the release in force has the same of takes no room, and no time on the link. */
export function linkable(file: string, { sha256, bytes }: FileEntry): boolean {
	const stat = fs.lstatSync(file, { throwIfNoEntry: false });
	if (stat?.isFile() !== true || stat.size !== bytes) return false;
	try {
		return hashOfFile(file) === sha256;
	} catch {
		// Another account's: it is compared by whoever may.
		return false;
	}
}

/** SHA-256, hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}

/** SHA-256, hexadecimal. No link is followed. */
export function hashOfFile(file: string): string {
	const open = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
	try {
		return hashAlong(open, Number.MAX_SAFE_INTEGER, () => {});
	} finally {
		fs.closeSync(open);
	}
}

const PIECE = 256 * 1024;

/** SHA-256 of at most so many bytes; one more of them makes it another one. */
export function hashAlong(open: number, most: number, each: (part: Buffer) => void): string {
	const hash = createHash("sha256");
	const buffer = Buffer.alloc(PIECE);
	for (let left = most; ; ) {
		const read = fs.readSync(open, buffer, 0, PIECE, null);
		if (read === 0) return hash.digest("hex");
		if (read > left) return "";
		left -= read;
		hash.update(buffer.subarray(0, read));
		each(buffer.subarray(0, read));
	}
}
