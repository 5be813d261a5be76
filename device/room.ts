import * as fs from "node:fs";
import type { DiskRoom } from "../topology/disk-room";

/** What is left on the file system of a folder to whom this process runs as. @throws Error where there is none */
export function diskRoom(folder: string): DiskRoom {
	const { bsize, blocks, bavail, files, ffree } = fs.statfsSync(folder);
	return { bytes: blocks * bsize, freeBytes: bavail * bsize, files, freeFiles: ffree };
}
