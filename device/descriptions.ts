import * as fs from "node:fs";
import * as path from "node:path";
import { streamFolder, syncFileSystem } from "./disk";
import { ownFile } from "./own-file";

/** The description of a stream, and its checksum (nats-server 2.15, server/filestore.go). */
const FILES = ["meta.inf", "meta.sum"];

/**
 * The gate changes the descriptions of full streams. nats-server writes one into two files, and a stream whose files do
 * not go together it leaves out at its next start, with all its messages. So what was there is kept until the gate has
 * come to its end.
 */
export function keepDescriptions(storeDir: string, streams: readonly string[]): void {
	for (const stream of streams) {
		const messages = streamFolder(storeDir, stream);
		if (messages === undefined) continue;
		const folder = path.dirname(messages);
		const kept = path.join(keptIn(storeDir), stream);
		if (fs.existsSync(kept)) continue;
		fs.rmSync(`${kept}.new`, { recursive: true, force: true });
		fs.mkdirSync(`${kept}.new`, { recursive: true, mode: 0o700 });
		copy(folder, `${kept}.new`);
		syncFileSystem(storeDir);
		fs.renameSync(`${kept}.new`, kept);
	}
}

/** Whether a gate has not come to its end. */
export function keepsDescriptions(storeDir: string): boolean {
	return fs.existsSync(keptIn(storeDir));
}

/**
 * Only to streams that the server leaves out: the limit of any other may be wider, and with its own one the server would
 * drop the oldest messages for those that move it on. None of these are there while a description is written.
 */
export function putDescriptionsBack(storeDir: string, streams: readonly string[]): void {
	for (const stream of streams) {
		const [messages, kept] = [streamFolder(storeDir, stream), path.join(keptIn(storeDir), stream)];
		if (messages !== undefined && fs.existsSync(kept)) copy(kept, path.dirname(messages));
	}
	syncFileSystem(storeDir);
}

export function dropDescriptions(storeDir: string): void {
	fs.rmSync(keptIn(storeDir), { recursive: true, force: true });
}

function keptIn(storeDir: string): string {
	return ownFile(storeDir, "descriptions");
}

function copy(from: string, to: string): void {
	for (const file of FILES) {
		if (fs.existsSync(path.join(from, file))) fs.copyFileSync(path.join(from, file), path.join(to, file));
	}
}
