/** How big an answer may be. */
export interface Bounds {
	readonly bytes: number;
	/** Lists and maps within each other. */
	readonly depth: number;
	/** Values, those within lists and maps included. */
	readonly values: number;
}

/** A device has a handful of streams; 256 of them fill a page of some 400 kB. */
export const DEVICE_BOUNDS: Bounds = { bytes: 4 << 20, depth: 32, values: 200_000 };

/** A page of the hub's streams with all their sources, or the 100,000 subjects that one answer may count. */
export const HUB_BOUNDS: Bounds = { bytes: 64 << 20, depth: 32, values: 4_000_000 };

/** Why bytes are no JSON that can be worked with. Says nothing of what is in them. */
export class Unreadable extends Error {}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = Buffer.from('"\\,[]{}');

/** @throws Unreadable */
export function readJson(bytes: Uint8Array, bounds: Bounds): unknown {
	if (bytes.length === 0) throw new Unreadable("it is empty");
	if (bytes.length > bounds.bytes)
		throw new Unreadable(`it has ${bytes.length} bytes, and ${bounds.bytes} are the most`);
	measure(bytes, bounds);
	try {
		return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
	} catch {
		throw new Unreadable("it is no JSON");
	}
}

/** Before anything is made of it: a megabyte of brackets is a hundred of memory, or the end of the stack. */
function measure(bytes: Uint8Array, bounds: Bounds): void {
	let depth = 0;
	let values = 1;
	let quoted = false;
	for (let i = 0; i < bytes.length; i++) {
		const byte = bytes[i];
		if (quoted) {
			if (byte === BACKSLASH) i++;
			else if (byte === QUOTE) quoted = false;
		} else if (byte === QUOTE) quoted = true;
		else if (byte === OPEN_LIST || byte === OPEN_MAP) {
			values++;
			if (++depth > bounds.depth) throw new Unreadable(`it is nested more than ${bounds.depth} deep`);
		} else if (byte === CLOSE_LIST || byte === CLOSE_MAP) depth--;
		else if (byte === COMMA) values++;
		if (values > bounds.values) throw new Unreadable(`it has more than ${bounds.values} values`);
	}
}
