import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { FileEntry } from "../../render/bundle/manifest";

/** What a file of a bundle holds: a text, or a file that is copied as it is. */
export type Content = TextContent | (FileEntry & { readonly file: string });

export type TextContent = FileEntry & { readonly text: Buffer };

/** By path in the bundle. */
export type Files = Readonly<Record<string, Content>>;

export function textContent(text: string): TextContent {
	const bytes = Buffer.from(text);
	return { text: bytes, bytes: bytes.length, sha256: sha256(bytes) };
}

/** @param known its sha256, where that was looked at already */
export function fileContent(file: string, known?: string): Content {
	return { file, bytes: statSync(file).size, sha256: known ?? sha256(readFileSync(file)) };
}

export function bytesOf(content: Content): Buffer {
	return "text" in content ? content.text : readFileSync(content.file);
}

export function entriesOf(files: Files): Record<string, FileEntry> {
	return Object.fromEntries(Object.entries(files).map(([name, { sha256, bytes }]) => [name, { sha256, bytes }]));
}

/** By `hash`, which makes no object that outlives it: 10,000 bundles have 100,000 of them. */
function sha256(bytes: Buffer): string {
	return hash("sha256", bytes, "hex");
}
