import * as fs from "node:fs";
import * as path from "node:path";
import { SERVER_FILES } from "../daemon/layout";

/**
 * `max_file` of a device on this machine: its buffer, as on a real one. While the streams in its store still reserve
 * more, for the buffer was lowered, it keeps what it has: a server whose streams reserve more than `max_file` takes no
 * change of them, not even the one that lowers them, and it has its new configuration before they have theirs. The next
 * update, which finds the streams lowered, then lowers it too.
 *
 * @param dir folder of the device's server, which need not exist
 */
export function localMaxFile(dir: string, bufferBytes: number): number {
	const reserved = reservedBytes(path.join(dir, SERVER_FILES.storeDir, "jetstream"));
	return reserved <= bufferBytes ? bufferBytes : Math.max(reserved, configured(path.join(dir, SERVER_FILES.conf)));
}

/** What the file streams of a store reserve by their `max_bytes`, in all its accounts; 0 where there is no store. */
function reservedBytes(store: string): number {
	const folders = entries(store).flatMap((account) => {
		const streams = path.join(store, account, "streams");
		return entries(streams).map((stream) => path.join(streams, stream));
	});
	return folders.reduce((sum, folder) => sum + reservedBy(path.join(folder, "meta.inf")), 0);
}

/** One stream, as the server describes it beside its messages. What cannot be read, the server does not load either. */
function reservedBy(description: string): number {
	try {
		const { storage, max_bytes: bytes } = JSON.parse(text(description)) as Record<string, unknown>;
		return storage === "file" && typeof bytes === "number" ? Math.max(0, bytes) : 0;
	} catch {
		return 0;
	}
}

function configured(conf: string): number {
	return Number(/^\s*max_file: (\d+)$/m.exec(text(conf))?.[1] ?? 0);
}

function entries(folder: string): string[] {
	return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

/** Empty for what is not there. */
function text(file: string): string {
	return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
}
