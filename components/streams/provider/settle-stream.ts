import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import { streamInfo } from "../../../jetstream/calls";
import { compareStream, same } from "../../../jetstream/compare";
import type { Patience } from "../../../jetstream/patience";
import { putStream } from "../../../jetstream/put";
import { UserError } from "../../../system/user-error";
import { sleep } from "../../../system/wait";
import { some } from "../../../topology/format";
import type { StreamConfig, StreamSource } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import { counted } from "./edge-reports";
import type { Reporter } from "./engine";
import { settleSources } from "./move-sources";
import { refusedIdentity } from "./stream-guard";
import { full, type StreamProps } from "./stream-props";

/** What differs in the end from what was asked for, for the state. */
export interface Settled {
	/** As they are on the server. */
	readonly sources: Readonly<Record<string, StreamSource>>;
	/** By device: sources that are not yet as asked, and why. */
	readonly pending: Readonly<Record<string, string>>;
}

/** How long an update waits for the first message of each source that was given a place to start. */
const FIRST_MESSAGE_MS = 8_000;

/**
 * Makes a stream as asked, or brings one that exists to it.
 * @throws UserError when the place in a source would be lost
 */
export async function settleStream(
	way: Control,
	wanted: StreamProps,
	existing: StreamInfo | undefined,
	patience: Patience,
	say: Reporter,
): Promise<Settled> {
	const config = full(wanted);
	if (!existing) {
		await putStream(way.api(HUB_DOMAIN), config, undefined, patience);
		return { sources: wanted.sources ?? {}, pending: {} };
	}
	const live = byName(existing.config.sources ?? []);
	const refused = wanted.allowDataLoss ? undefined : refusedIdentity(wanted.config.name, live, wanted.sources ?? {});
	if (refused) throw new UserError(refused);
	const { pending, touched, ...settled } = await settleSources(way, config, existing, patience, say);
	const sources = await put(way, config, touched ? undefined : existing, settled, patience);
	const waiting = Object.keys(pending);
	if (waiting.length > 0) {
		const reasons = [...new Set(Object.values(pending))].join("; ");
		say.warn(`${counted(waiting.length)} sourced as before and tried again: ${some(waiting)} (${reasons})`);
	}
	return { sources: byName(sources), pending };
}

async function put(
	way: Control,
	config: StreamConfig,
	known: StreamInfo | undefined,
	{ sources, notes }: { sources: readonly StreamSource[]; notes: Readonly<Record<string, string>> },
	patience: Patience,
): Promise<readonly StreamSource[]> {
	const api = way.api(HUB_DOMAIN);
	const existing = known ?? (await streamInfo(api, config.name, patience));
	const { sources: _, ...rest } = config;
	const body = (list: readonly StreamSource[]): StreamConfig => ({
		...rest,
		...(list.length > 0 && { sources: [...list] }),
		metadata: { ...rest.metadata, ...notes },
	});
	if (!existing || !known || compareStream(body(sources), existing.config).length > 0) {
		await putStream(api, body(sources), existing, patience);
	}
	const final = new Map((config.sources ?? []).map((source) => [source.name, source]));
	const asked = (source: StreamSource) => final.get(source.name) ?? source;
	const told = sources.filter((source) => onlyStart(source, asked(source)));
	if (told.length === 0) return sources;
	const come = await firstMessages(way, config.name, told, patience);
	const relaxed = sources.map((source) => (come.has(source.name) ? asked(source) : source));
	if (come.size > 0) await putStream(api, body(relaxed), await streamInfo(api, config.name, patience), patience);
	return relaxed;
}

/** Differs only in where it was told to start. */
function onlyStart(is: StreamSource, asked: StreamSource): boolean {
	const { opt_start_seq: from, ...one } = is;
	const { opt_start_seq: to, ...other } = asked;
	return from !== to && same(one, other);
}

/** Those of the sources that have brought a message; waits a moment for all of them. */
async function firstMessages(
	way: Control,
	name: string,
	sources: readonly StreamSource[],
	patience: Patience,
): Promise<ReadonlySet<string>> {
	const deadline = Date.now() + FIRST_MESSAGE_MS;
	for (;;) {
		const info = await streamInfo(way.api(HUB_DOMAIN), name, patience);
		const come = new Set((info?.sources ?? []).flatMap(({ name: each, seq }) => (seq ? [each] : [])));
		const known = sources.filter((source) => come.has(source.name));
		if (known.length === sources.length || Date.now() >= deadline) return new Set(known.map((source) => source.name));
		await sleep(250);
	}
}

function byName(sources: readonly StreamSource[]): Record<string, StreamSource> {
	return Object.fromEntries(sources.map((source) => [source.name, source]));
}
