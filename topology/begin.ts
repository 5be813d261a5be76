/**
 * Where a hub stream begins with a source of which it holds nothing; in its metadata, for leafline's nats-server and for
 * ourselves (`toolchain/go/nats-server/change/source_place.go` reads the same).
 *
 * A consumer on a device has its acknowledgements from whatever the hub had at that time. A hub that lost its newest
 * messages, or was made anew, does not have them any more, so it begins behind what it holds. Unless it was told that it
 * has more, by another source of the same stream: before the source was moved, or was taken away and put back.
 */
export const BEGIN = "leafline.begin";

/** Sources begin at the first message. */
export const BEGIN_FIRST = "first";

/** Behind which message of a source, of the device's stream with this identity (`stream.identity()` of nats-server 2.15). */
export interface Begin {
	readonly seq: number;
	readonly identity: string;
}

type Metadata = Readonly<Record<string, string>>;

/** Metadata by name of the sourced stream. */
export function writeBegins(begins: ReadonlyMap<string, Begin>): Record<string, string> {
	return Object.fromEntries([...begins].map(([name, { seq, identity }]) => [`${BEGIN}.${name}`, `${seq} ${identity}`]));
}

export function readBegins(metadata: unknown): Map<string, Begin> {
	const begins = new Map<string, Begin>();
	for (const [key, text] of Object.entries((metadata ?? {}) as Metadata)) {
		const [, seq, identity] = /^(\d+) (\w+)$/.exec(text) ?? [];
		if (isBegin(key) && identity !== undefined) {
			begins.set(key.slice(BEGIN.length + 1), { seq: Number(seq), identity });
		}
	}
	return begins;
}

/** Whether metadata says where one source begins. */
export function isBegin(key: string): boolean {
	return key.startsWith(`${BEGIN}.`);
}

/** Whether sources of which a stream holds nothing, and says nothing, begin at their first message. */
export function beginsFirst(metadata: unknown): boolean {
	return ((metadata ?? {}) as Metadata)[BEGIN] === BEGIN_FIRST;
}
