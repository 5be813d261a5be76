import { gunzipSync } from "node:zlib";
import { foreign } from "../../config/printable";
import { type Have, haveValue } from "../../topology/rollout/have";
import { askOwn, askPart, askWant, CHUNK_BYTES, releasesInbox, tellHave } from "../../topology/rollout/names";
import { type Link, type LinkOptions, openLink } from "./link";

/** What a device asks the hub for, as itself. Every method throws an Error of one line when no answer comes. */
export interface Releases {
	/** What lies under `want.<device>`; undefined for nothing. */
	want(): Promise<Buffer | undefined>;
	/**
	 * One chunk of a file, as it is in the file; undefined where the hub has none.
	 * @param n from 0
	 */
	chunk(place: "own" | "part", sha256: string, n: number): Promise<Chunk | undefined>;
	/** Writes `have.<device>`. */
	tell(have: Have): Promise<void>;
	close(): void;
}

export interface Chunk {
	readonly data: Buffer;
	/** Bytes that came over the link for it. */
	readonly wire: number;
}

export interface ReleasesOptions extends Omit<LinkOptions, "url" | "name" | "inbox"> {
	readonly device: string;
	/** As in `leaf.conf`. The first that lets it in is taken, beginning anywhere. */
	readonly urls: readonly string[];
}

/** @throws Error with one line, of the node that was tried last */
export async function openReleases({ urls, device, ...options }: ReleasesOptions): Promise<Releases> {
	const first = Math.floor(Math.random() * urls.length);
	let last = new Error("leaf.conf names no hub");
	for (const [i] of urls.entries()) {
		const url = urls[(first + i) % urls.length] ?? "";
		try {
			return releasesOn(
				await openLink({ ...options, url, name: `${device}/releases`, inbox: releasesInbox(device) }),
				device,
			);
		} catch (error) {
			last = error as Error;
		}
	}
	throw last;
}

function releasesOn(link: Link, device: string): Releases {
	const get = async (subject: string) => {
		const { status, description, data } = await link.ask(subject);
		if (status === NOT_FOUND) return undefined;
		// What was deleted is an empty value.
		if (status === 200 && data.length === 0) return undefined;
		if (status !== 200) throw new Error(`the hub answers ${status} ${foreign(description, 100)}`);
		return data;
	};
	return {
		want: () => get(askWant(device)),
		async chunk(place, sha256, n) {
			const data = await get(place === "own" ? askOwn(device, sha256, n) : askPart(sha256, n));
			return data && { data: unpacked(data), wire: data.length };
		},
		async tell(have) {
			const { data } = await link.ask(tellHave(device), haveValue(have));
			const { error } = JSON.parse(data.toString()) as { error?: { description?: unknown } };
			if (error) throw new Error(`the hub does not take it: ${foreign(String(error.description), 100)}`);
		},
		close: () => link.close(),
	};
}

const NOT_FOUND = 404;

/** A hub that is not to be trusted must not make a device run out of memory. */
function unpacked(data: Buffer): Buffer {
	try {
		return gunzipSync(data, { maxOutputLength: CHUNK_BYTES });
	} catch {
		throw new Error("a chunk of the hub is damaged");
	}
}
