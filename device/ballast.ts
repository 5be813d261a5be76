import * as fs from "node:fs";
import { ownFile } from "./own-file";

/**
 * A little of the disk that is kept for the hour in which it is full: what says how far streams have gone must be
 * written then as well. It is given up for the write that needs it, and taken again with what that write has freed.
 */
const SIZE = 16 << 10;

export function ballastFile(storeDir: string): string {
	return ownFile(storeDir, "ballast");
}

/** Runs `write` once more on the room of the ballast, if there is no other. @throws what `write` throws */
export function withBallast(storeDir: string, write: () => void): void {
	const file = ballastFile(storeDir);
	try {
		write();
	} catch (error) {
		if (!isOutOfRoom(error) || !fs.existsSync(file)) throw error;
		fs.rmSync(file);
		write();
	}
	takeBallast(file);
}

/** Never throws: there is none on a disk that is full already, or cannot be written. */
function takeBallast(file: string): void {
	try {
		if ((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= SIZE) return;
		// Not by truncate: a file of holes has no room of its own.
		fs.writeFileSync(file, Buffer.alloc(SIZE, 1), { mode: 0o600 });
	} catch {
		// With the next write.
	}
}

function isOutOfRoom(error: unknown): boolean {
	const { code } = error as NodeJS.ErrnoException;
	return code === "ENOSPC" || code === "EDQUOT";
}

/** Whether it is the disk that is full, or read-only. */
export function takesNothing(error: unknown): boolean {
	return isOutOfRoom(error) || isReadOnly(error);
}

export function isReadOnly(error: unknown): boolean {
	return (error as NodeJS.ErrnoException).code === "EROFS";
}
