import { folderStore } from "./folder.js";

/** Where the files go. All that exactly-once rests on is `create`. */
export interface Store {
	/**
	 * Makes a file that is visible at once and whole, or not at all.
	 * @returns whether it was made; false if there is one of that name, which stays as it is
	 */
	create(path: string, content: Uint8Array): Promise<boolean>;
	/** @throws if there is none */
	read(path: string): Promise<Uint8Array>;
	/** Names of the files directly in a folder, sorted; none if it is not there. */
	list(folder: string): Promise<string[]>;
	remove(path: string): Promise<void>;
}

/** @param target a folder, or `s3://bucket/prefix` */
export async function openStore(target: string): Promise<Store> {
	if (!target.startsWith("s3://")) return folderStore(target);
	// The client of S3 takes most of the time that the program needs to begin.
	const { s3Store } = await import("./s3.js");
	return s3Store(target);
}
