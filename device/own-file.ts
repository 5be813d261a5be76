import * as path from "node:path";

/** A file or folder of the device program's own in a server's store: with the data or not at all. */
export function ownFile(storeDir: string, name: string): string {
	return path.join(storeDir, "leafline", name);
}
