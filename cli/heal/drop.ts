import * as fs from "node:fs";
import * as path from "node:path";
import type { Api } from "../../jetstream/api";
import { deleteMessage, nextMessage } from "../../jetstream/calls";
import type { Patience } from "../../jetstream/patience";
import { syncFolder, writeSynced } from "../../system/synced";
import { messageOf, UserError } from "../errors";

/**
 * Takes a message away that the hub cannot take, once all of it is in a file: as JSON with `stream`, `subject`, `seq`,
 * `time`, and `hdrs` and `data` in Base64.
 * @returns the file, `<stream>-<seq>.json`, which only its owner may read
 * @throws UserError when it cannot be written: then the message stays where it is
 */
export async function dropMessage(
	api: Api,
	stream: string,
	seq: number,
	folder: string,
	patience: () => Patience,
): Promise<string> {
	const message = await nextMessage(api, stream, seq, patience());
	if (message?.seq !== seq) throw new UserError(`message ${seq} of ${stream} is gone already`);
	const file = path.join(folder, `${stream}-${seq}.json`);
	try {
		keep(file, `${JSON.stringify({ stream, ...message }, null, "\t")}\n`);
	} catch (error) {
		throw new UserError(`message ${seq} of ${stream} cannot be saved, and stays: ${messageOf(error)}`);
	}
	await deleteMessage(api, stream, seq, patience());
	return file;
}

/** On disk before anything is deleted. A file that is there holds what somebody has saved, and is not replaced. */
function keep(file: string, text: string): void {
	if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === text) return;
	writeSynced(file, text, "wx");
	syncFolder(path.dirname(file));
}
