import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Patience } from "../../../jetstream/patience";
import { lastUnder, streamIdentity, toldPosition } from "../../../jetstream/position";
import { limiter } from "../../../system/wait";
import type { Begin } from "../../../topology/begin";
import type { StreamConfig, StreamSource } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import { originOf } from "./source-origin";
import { certainPlace } from "./source-place";
import { withoutProbes } from "./source-probe";

const ASK_MS = 15_000;

/**
 * Where a stream is with the sources that are about to go, so that one that comes back goes on there: the server forgets
 * it, and what the stream holds of it ages. Of which stream that is the newest message says, or else the device; where
 * neither does, what the device still holds is sent again when it comes back.
 */
export async function leaving(
	way: Control,
	found: StreamInfo,
	wanted: StreamConfig,
	patience: Patience,
): Promise<ReadonlyMap<string, Begin>> {
	const stay = new Set((wanted.sources ?? []).map(({ name }) => name));
	const begins = new Map<string, Begin>();
	const limited = limiter();
	const byDevice = async (source: StreamSource) => {
		const origin = await originOf(way, source, ASK_MS);
		const place = typeof origin === "string" ? origin : await certainPlace(way, found, source, origin, patience);
		if (typeof origin === "string" || typeof place === "string" || place.seq === 0) return;
		begins.set(source.name, { seq: place.seq, identity: streamIdentity(origin.info.created ?? "") });
	};
	const look = async (source: StreamSource) => {
		const { name, subject_transforms = [] } = source;
		const destinations = subject_transforms.map(({ dest }) => dest);
		const last = await lastUnder(way.api(HUB_DOMAIN), found.config.name, destinations, name, patience);
		const told = toldPosition(found, name);
		if (last?.identity !== undefined) begins.set(name, { seq: Math.max(told, last.seq), identity: last.identity });
		else if (told > 0) await byDevice(source);
	};
	const going = withoutProbes(found.config.sources ?? []).filter(({ name }) => !stay.has(name));
	await Promise.all(going.map((source) => limited(() => look(source))));
	return begins;
}
