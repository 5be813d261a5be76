import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { streamInfo } from "../../../jetstream/calls";
import { ApiError } from "../../../jetstream/errors";
import { isUnder, type Origin, readSourceHeader, SOURCE_HEADER } from "../../../jetstream/origin";
import { type Patience, persist } from "../../../jetstream/patience";
import { sleep } from "../../../system/wait";
import { HUB_DOMAIN } from "../../../topology/names";
import { adminApi } from "../../../topology/permissions";

const NO_SUCH_SEQUENCE = Number.MAX_SAFE_INTEGER;
const STABLE_MS = 250;
const BATCH = 5_000;
const EXPIRES_MS = 2_000;

/**
 * The newest message of each source, by its name with the subjects that it writes, that a stream got behind a sequence of its own; called when none of them is sourced
 * any more, to learn how far each came. Waits until what was under way has been stored.
 */
export async function newestBehind(
	way: Control,
	stream: string,
	origins: ReadonlyMap<string, readonly string[]>,
	behind: number,
	patience: Patience,
): Promise<ReadonlyMap<string, Origin>> {
	const newest = new Map<string, Origin>();
	let from = behind;
	let quiet = false;
	for (;;) {
		await stored(way.api(HUB_DOMAIN), stream, patience);
		const info = await streamInfo(way.api(HUB_DOMAIN), stream, patience);
		const last = info?.state.last_seq ?? 0;
		const found = last > from ? await scan(way, stream, from, last) : [];
		const own = found.filter(({ stream: from, subject }) => isUnder(subject, origins.get(from) ?? []));
		for (const origin of own) newest.set(origin.stream, origin);
		// Twice nothing of them, a moment apart, from a server that no longer sources them.
		if (own.length === 0 && quiet && !sources(info, origins)) return newest;
		quiet = own.length === 0;
		from = Math.max(from, last);
		await sleep(STABLE_MS);
	}
}

function sources(info: StreamInfo | undefined, names: ReadonlyMap<string, unknown>): boolean {
	return (info?.config.sources ?? []).some(({ name }) => names.has(name));
}

/**
 * Comes back when everything is stored that a stream's leader has taken so far. Removing a message that no stream can
 * have goes the same way as messages do, through the log of a replicated stream, and is answered when its turn has come.
 */
async function stored(api: Api, stream: string, patience: Patience): Promise<void> {
	const body = { seq: NO_SUCH_SEQUENCE, no_erase: true };
	try {
		await persist((timeout) => api.ask(`STREAM.MSG.DELETE.${stream}`, body, timeout), patience);
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
	}
}

type Found = Origin & { readonly subject: string };

async function scan(way: Control, stream: string, behind: number, last: number): Promise<Found[]> {
	const jetstream = way.hub.jetstream({ apiPrefix: adminApi(HUB_DOMAIN) });
	const consumer = await jetstream.consumers.get(stream, { opt_start_seq: behind + 1, headers_only: true });
	const found: Found[] = [];
	for (;;) {
		let seen = 0;
		let at = 0;
		let pending = 0;
		for await (const message of await consumer.fetch({ max_messages: BATCH, expires: EXPIRES_MS })) {
			const origin = readSourceHeader(message.headers?.values(SOURCE_HEADER).at(-1) ?? "");
			if (origin) found.push({ ...origin, subject: message.subject });
			seen++;
			at = message.seq;
			pending = message.info.pending;
			if (at >= last || pending === 0) break;
		}
		if (seen === 0 || at >= last || pending === 0) return found;
	}
}
