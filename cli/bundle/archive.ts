import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { modeOf } from "../../render/bundle/layout";
import { bytesOf, type Files } from "./content";

/** In every archive, whenever it was made: 1 January 1980, the oldest that all archive formats can say. */
const MTIME = new Date(315_532_800_000);
/** How a tar ends. */
const END = 1024;

/**
 * Makes `.tar.gz` files whose bytes follow from their contents alone. What all have in common is compressed once: a gzip
 * file may consist of several, one behind the other (RFC 1952).
 */
export class Archives {
	private readonly common = new Map<string, Buffer>();

	/** @param common files that are the same in many archives */
	async make(files: Files, common: Files): Promise<Buffer> {
		const key = JSON.stringify(Object.entries(common).map(([name, { sha256 }]) => [name, sha256]));
		const first = this.common.get(key) ?? gzipSync((await tar(common)).subarray(0, -END), { level: 9 });
		this.common.set(key, first);
		const own = Object.fromEntries(Object.entries(files).filter(([name]) => !Object.hasOwn(common, name)));
		return Buffer.concat([first, gzipSync(await tar(own))]);
	}
}

async function tar(files: Files): Promise<Buffer> {
	const stream = pack();
	const parts: Buffer[] = [];
	const read = (async () => {
		for await (const part of stream) parts.push(part as Buffer);
	})();
	for (const [name, content] of Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))) {
		const header = { name, mode: modeOf(name), mtime: MTIME, uid: 0, gid: 0, uname: "root", gname: "root" };
		stream.entry(header, bytesOf(content));
	}
	stream.finalize();
	await read;
	return Buffer.concat(parts);
}
