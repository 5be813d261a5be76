import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Store } from "./store.js";

/** Where files are before they have their names. What a process that was killed left there goes after so long. */
const HALVES = "_leafline/half";
const HALF_IS_OLD = 3_600_000;

/** A file is written under another name first, and gets its own when it is on the disk: nobody sees half of it. */
export async function folderStore(root: string): Promise<Store> {
	const halves = join(root, HALVES);
	await mkdirSynced(halves);
	await clean(halves);
	return {
		create: async (path, content) => {
			const target = join(root, path);
			const half = join(halves, randomUUID());
			await mkdirSynced(dirname(target));
			try {
				await writeSynced(half, content);
				// Not a rename, which takes the place of what is there.
				await link(half, target);
				await syncFolder(dirname(target));
				return true;
			} catch (error) {
				if (isCode(error, "EEXIST")) return false;
				throw error;
			} finally {
				await rm(half, { force: true });
			}
		},
		read: (path) => readFile(join(root, path)),
		list: async (folder) => {
			const names = await readdir(join(root, folder)).catch((error) => {
				if (isCode(error, "ENOENT")) return [];
				throw error;
			});
			return names.sort();
		},
		remove: (path) => rm(join(root, path), { force: true }),
	};
}

async function clean(halves: string): Promise<void> {
	for (const name of await readdir(halves)) {
		const { mtimeMs } = await stat(join(halves, name));
		if (mtimeMs < Date.now() - HALF_IS_OLD) await rm(join(halves, name), { force: true });
	}
}

async function writeSynced(path: string, content: Uint8Array): Promise<void> {
	const file = await open(path, "wx");
	try {
		await file.writeFile(content);
		await file.sync();
	} finally {
		await file.close();
	}
}

/** Makes a folder and those above it, so that a power cut leaves all of them. */
async function mkdirSynced(folder: string): Promise<void> {
	const first = await mkdir(folder, { recursive: true });
	if (first === undefined) return;
	for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(folder: string): Promise<void> {
	const handle = await open(folder, "r");
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;
