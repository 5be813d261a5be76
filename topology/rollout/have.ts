import { foreign } from "../../config/printable";
import { Malformed, reader } from "./read";

/** How far a device is with the newest order that it took. */
export type HaveState =
	/** Fetching; nothing has changed yet. */
	| "pulling"
	/** Changed over, and not yet known to be good: a power cut now may lead back. */
	| "switched"
	/** As ordered: the release is in force and healthy, or, of `back`, the one before it is. */
	| "good"
	/** It was tried, and was not good: the one before it is in force again. `reason` says why. */
	| "returned"
	/** It was not tried: not signed, of another device, not to be had, for another processor. `reason` says which. */
	| "refused";

export const HAVE_STATES: readonly HaveState[] = ["pulling", "switched", "good", "returned", "refused"];

/** What a device says of itself under `have.<device>`. Only it can be wrong about it: it is shown and counted, no more. */
export interface Have {
	readonly version: 1;
	readonly device: string;
	/** Its clock, milliseconds since 1970. When the hub heard it, the bucket says. */
	readonly time: number;
	/** Release in force. */
	readonly release: number;
	/** SHA-256 of its `manifest.json`. */
	readonly manifest: string;
	/** Versions of what is in force, for example `leafline`, `nats-server`, `node`. */
	readonly versions: Readonly<Record<string, string>>;
	/** Absent before the first order. */
	readonly latest?: {
		/** `order` of the order. */
		readonly order: number;
		readonly release: number;
		readonly state: HaveState;
		/** Bytes to be fetched for it, and how many of them are there. */
		readonly bytes?: number;
		readonly fetched?: number;
		/** One line. */
		readonly reason?: string;
	};
}

/** Most bytes of a `Have`. */
export const HAVE_BYTES = 4_096;

export function haveValue(have: Have): string {
	return JSON.stringify(have);
}

/** Reads what a device wrote. @throws Malformed */
export function readHave(value: Uint8Array | string): Have {
	if (value.length > HAVE_BYTES) throw new Malformed(`have: more than ${HAVE_BYTES} bytes`);
	const fields = reader("have", value);
	if (fields.whole("version") !== 1) throw new Malformed("have: it was written by a newer leafline");
	const latest = fields.has("latest") ? fields.map("latest") : undefined;
	return {
		version: 1,
		device: fields.text("device", 200),
		time: fields.whole("time"),
		release: fields.whole("release"),
		manifest: fields.hash("manifest"),
		versions: fields.texts("versions", 20),
		...(latest && {
			latest: {
				order: latest.whole("order"),
				release: latest.whole("release"),
				state: latest.one("state", HAVE_STATES),
				...(latest.has("bytes") && { bytes: latest.whole("bytes") }),
				...(latest.has("fetched") && { fetched: latest.whole("fetched") }),
				...(latest.has("reason") && { reason: foreign(latest.text("reason", 2_000), 300) }),
			},
		}),
	};
}
