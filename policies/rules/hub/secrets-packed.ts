import { gunzipSync } from "node:zlib";
import { parse } from "yaml";

/** A text that stands in another one in some encoding, and where. */
export interface Packed {
	readonly text: string;
	readonly index: number;
}

/** In one line, or wrapped in lines, as an indented block may be. */
const BASE64 = /(?<![A-Za-z0-9+/=])(?:(?:[A-Za-z0-9+/]{32,76}\r?\n[ \t]*)+[A-Za-z0-9+/]*|[A-Za-z0-9+/]{16,})={0,2}/g;

/** Everything that stands in a text in base64 or quoted-printable, compressed or not, as cloud-init takes its files. */
export function packedIn(text: string): Packed[] {
	const runs = [...text.matchAll(BASE64)].map(({ 0: run, index }) => {
		// The word after the last line may be no part of it.
		return { text: fromBase64(run) ?? fromBase64(run.replace(/\n[^\n]*$/, "")), index };
	});
	return [...runs, ...mimeParts(text), ...writtenFiles(text)].filter((part): part is Packed => part.text !== undefined);
}

/** Text of bytes that may be compressed. */
export function unpack(bytes: Buffer): string {
	if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString("utf8");
	try {
		return gunzipSync(bytes, { maxOutputLength: 1 << 20 }).toString("utf8");
	} catch {
		return bytes.toString("utf8");
	}
}

/** @returns `undefined` for what is no text in base64: a word, a hash, a number */
export function fromBase64(packed: string): string | undefined {
	const bare = packed.replace(/\s+/g, "");
	if (bare === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(bare)) return undefined;
	const text = unpack(Buffer.from(bare, "base64"));
	return /[\p{Cc}\ufffd]/u.test(text.replace(/[\t\r\n]/g, "")) ? undefined : text;
}

/** Parts of a MIME message that are encoded; others stand in the text as they are. */
function mimeParts(text: string): { text: string | undefined; index: number }[] {
	const [, quoted, bare] =
		/^content-type:\s*multipart\/[^\n]*?(?:\n[ \t][^\n]*?)*?boundary=(?:"([^"]+)"|(\S+))/im.exec(text) ?? [];
	const boundary = quoted ?? bare;
	if (boundary === undefined) return [];
	let index = 0;
	return text.split(`--${boundary}`).map((part) => {
		const at = index;
		index += part.length + boundary.length + 2;
		const [head = "", ...body] = part.split(/\r?\n\r?\n/);
		const encoding = /^content-transfer-encoding:\s*([\w-]+)/im.exec(head)?.[1]?.toLowerCase();
		const content = body.join("\n\n");
		if (encoding === "base64") return { text: fromBase64(content), index: at };
		return { text: encoding === "quoted-printable" ? fromQuotedPrintable(content) : undefined, index: at };
	});
}

function fromQuotedPrintable(text: string): string {
	const bytes = text
		.replace(/=\r?\n/g, "")
		.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return Buffer.from(bytes, "latin1").toString("utf8");
}

/** Files of a cloud-config that say how they are encoded. */
function writtenFiles(text: string): { text: string | undefined; index: number }[] {
	const start = text.search(/^write_files:/m);
	if (start < 0) return [];
	let files: unknown;
	try {
		files = (parse(text.slice(Math.max(0, text.search(/^#cloud-config/m)))) as { write_files?: unknown } | null)
			?.write_files;
	} catch {
		return [];
	}
	return (Array.isArray(files) ? files : []).flatMap((file: { encoding?: unknown; content?: unknown } | null) => {
		const content = file?.content;
		if (content instanceof Uint8Array) return [{ text: unpack(Buffer.from(content)), index: start }];
		if (typeof content !== "string" || !/^(?:b64|base64|gz|gzip)/.test(String(file?.encoding))) return [];
		return [{ text: fromBase64(content), index: Math.max(start, text.indexOf(content.trim().slice(0, 12))) }];
	});
}
