import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { syncFolder, writeSynced } from "../system/synced";
import { DeviceError } from "./spec";

/**
 * Replaces a file so that after a power cut either the old text is there or the new one, whole.
 * @param writer who else writes this file at the same time has another name, and so a draft of its own
 */
export function replaceSynced(file: string, text: string, writer: string): void {
	const draft = `${file}.${writer}.new`;
	writeSynced(draft, text, "w");
	fs.renameSync(draft, file);
	syncFolder(path.dirname(file));
}

/**
 * Puts everything on disk that was written to the file system of a folder: nats-server does not sync all that it writes,
 * not even when it ends. Node has no call for it.
 * @throws DeviceError
 */
export function syncFileSystem(folder: string): void {
	const { status, error, stderr } = spawnSync("sync", ["-f", folder], { encoding: "utf8" });
	if (status !== 0) throw new DeviceError(`${folder} cannot be synced: ${error?.message ?? stderr.trim()}`);
}

/**
 * What a stream's files look like, to see whether they are those that were left: names and sizes of the blocks, and the
 * whole index, which the server writes when it ends. Undefined when the store does not have the stream.
 */
export function fingerprint(storeDir: string, stream: string): string | undefined {
	const folder = streamFolder(storeDir, stream);
	if (folder === undefined) return undefined;
	const hash = createHash("sha256");
	for (const name of fs.readdirSync(folder).sort()) {
		const file = path.join(folder, name);
		hash.update(`${name} ${fs.statSync(file).size}\n`);
		if (name === "index.db") hash.update(fs.readFileSync(file));
	}
	return hash.digest("hex");
}

/** Whether the store holds anything of the stream. */
export function hasStream(storeDir: string, stream: string): boolean {
	return streamFolder(storeDir, stream) !== undefined;
}

/** Whether nothing at all is left of a stream, as behind its deletion; what a power cut leaves is a folder without a description. */
export function isRemoved(storeDir: string, stream: string): boolean {
	const root = path.join(storeDir, "jetstream");
	if (!fs.existsSync(root)) return false;
	const accounts = fs.readdirSync(root);
	return accounts.length > 0 && !accounts.some((account) => fs.existsSync(path.join(root, account, "streams", stream)));
}

/** `<store_dir>/jetstream/<account>/streams/<stream>/msgs` (nats-server 2.15, server/filestore.go). */
export function streamFolder(storeDir: string, stream: string): string | undefined {
	const root = path.join(storeDir, "jetstream");
	if (!fs.existsSync(root)) return undefined;
	return fs
		.readdirSync(root)
		.map((account) => path.join(root, account, "streams", stream, "msgs"))
		.find((folder) => fs.existsSync(folder));
}
