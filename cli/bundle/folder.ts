import { chmodSync, copyFileSync, linkSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BUNDLE, modeOf, OWN } from "../../render/bundle/layout";
import type { Content, Files } from "./content";
import type { DeviceBundle } from "./device";

/** Every file of a bundle by its path. */
export function wholeBundle({ files, manifest, signature }: DeviceBundle): Files {
	return { ...files, [BUNDLE.manifest]: manifest, [BUNDLE.signature]: signature };
}

/** Contents that are looked for again, or thousands of groups would fill the memory. */
const MOST_KNOWN = 256;

/** Most links that a file may have on ext4. */
const MOST_LINKS = 60_000;

/**
 * Writes bundles as folders. What several have in common lies on the disk once: hard links, where the file system has
 * them, so that thousands of bundles take neither the time nor the room of as many device programs.
 */
export class Folders {
	private readonly written = new Map<string, { readonly path: string; readonly links: number }>();

	write(dir: string, files: Files): void {
		const folders = new Set<string>();
		for (const [name, content] of Object.entries(files)) {
			const path = join(dir, name);
			const folder = dirname(path);
			if (!folders.has(folder)) {
				mkdirSync(folder, { recursive: true });
				folders.add(folder);
			}
			const mode = modeOf(name);
			if (OWN.includes(name)) writeOne(path, content, mode);
			else this.putShared(path, content, mode);
		}
	}

	private putShared(path: string, content: Content, mode: number): void {
		const key = `${content.sha256} ${mode}`;
		const known = this.written.get(key);
		const linked = known && known.links < MOST_LINKS && tryLink(known.path, path);
		if (!linked) writeOne(path, content, mode);
		this.written.delete(key);
		this.written.set(key, linked ? { ...known, links: known.links + 1 } : { path, links: 1 });
		const [oldest = ""] = this.written.keys();
		if (this.written.size > MOST_KNOWN) this.written.delete(oldest);
	}
}

function writeOne(path: string, content: Content, mode: number): void {
	if ("text" in content) writeFileSync(path, content.text, { mode });
	else copyFileSync(content.file, path);
	chmodSync(path, mode);
}

function tryLink(from: string, to: string): boolean {
	try {
		linkSync(from, to);
		return true;
	} catch {
		return false;
	}
}
