import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import { resetConsumer } from "../../../jetstream/calls";
import { same } from "../../../jetstream/compare";
import { JetStreamError, NoAnswer } from "../../../jetstream/errors";
import { patternsOf } from "../../../jetstream/origin";
import type { Patience } from "../../../jetstream/patience";
import { lastUnder, streamIdentity } from "../../../jetstream/position";
import { putStream } from "../../../jetstream/put";
import { type Note, noted, readNotes, withoutNotes, writeNotes } from "../../../jetstream/source-notes";
import { limiter } from "../../../system/wait";
import { type Begin, readBegins, writeBegins } from "../../../topology/begin";
import type { StreamConfig, StreamSource } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import { sourceIdentity } from "../../../topology/source-identity";
import { deviceOf } from "./backlog";
import type { Reporter } from "./engine";
import { leaving } from "./source-leaving";
import { originOf, type SourceOrigin } from "./source-origin";
import { certainPlace } from "./source-place";
import { staleSources, withoutProbes } from "./source-probe";
import { newestBehind } from "./source-scan";

/** What a stream is to source now. */
export interface SettledSources {
	readonly sources: readonly StreamSource[];
	/** Metadata that must stay in the stream: notes of what is being moved, and where single sources begin. */
	readonly notes: Readonly<Record<string, string>>;
	/** By device: what could not be moved yet, and why. */
	readonly pending: Readonly<Record<string, string>>;
	/** The stream on the server is not `existing` any more. */
	readonly touched: boolean;
}

/** A source that is put in the place of another one, or back. */
interface Mover {
	readonly wanted: StreamSource;
	readonly live: StreamSource | undefined;
	readonly origin: SourceOrigin;
	readonly note: Note;
}

/** As a `Mover`, before its place is known. */
interface Candidate {
	readonly source: StreamSource;
	readonly old: StreamSource | undefined;
	readonly note: Note | undefined;
	readonly origin: SourceOrigin | string;
}

const ASK_MS = 15_000;

/**
 * Brings the sources of a stream that exists to another identity without loss and without taking anything twice: the
 * old source goes, what it had brought becomes final, and the new one starts behind that. A durable source starts where
 * its consumer stands, which is set; an ordinary one where it is told. Every step can be the last one: the next update
 * goes on from it. A device that cannot be asked stays on its old source.
 */
export async function settleSources(
	way: Control,
	wanted: StreamConfig,
	found: StreamInfo,
	patience: Patience,
	say: Reporter,
): Promise<SettledSources> {
	const live = withoutProbes(found.config.sources ?? []);
	const existing = { ...found, config: { ...found.config, sources: live } };
	const notes = readNotes(found.config.metadata);
	const begins = readBegins(found.config.metadata);
	for (const [name, begin] of await leaving(way, existing, wanted, patience)) begins.set(name, begin);
	const pending: Record<string, string> = {};
	const settled = new Map<string, StreamSource>();
	const movers: Mover[] = [];
	const limited = limiter();
	const look = async (source: StreamSource) => {
		const before = live.filter(({ name }) => name === source.name);
		const own = before.find((each) => sourceIdentity(each) === sourceIdentity(source));
		if (own) return void settled.set(source.name, started(source, own, existing));
		const [old] = before;
		const note = notes.get(source.name);
		// Nothing was ever sourced: there is no place to go on from.
		if (!old && !note && !existing.state.last_seq) return void settled.set(source.name, source);
		const origin = await originOf(way, source, ASK_MS);
		const found =
			typeof origin === "string" ? origin : await place(way, existing, { source, old, note, origin }, patience);
		if (found === undefined) return void settled.set(source.name, source);
		if (typeof found !== "string") return void movers.push(found);
		if (old) settled.set(source.name, old);
		// Without a note nothing is known of where it was, and it starts where its own consumer stands.
		else if (!note) return void settled.set(source.name, source);
		pending[deviceName(source)] = `${wanted.name}: ${found}, and stays as it is sourced now`;
	};
	await Promise.all((wanted.sources ?? []).map((source) => limited(() => look(source))));
	const stale = await staleSources(
		way.api(HUB_DOMAIN),
		existing,
		movers.map(({ wanted: each }) => each),
		patience,
	);
	const moving = movers.filter(({ wanted: each, live: old, note }) => {
		const seq = stale.get(each.name) ?? 0;
		if (seq === 0 || (!old && seq === note.seq)) return true;
		if (old) settled.set(each.name, old);
		pending[deviceName(each)] =
			`${wanted.name}: it was sourced in this way before and the hub still has messages of that time; ` +
			"the server would go on from them. It can be moved when they have aged out";
		return false;
	});
	if (moving.length > 0) {
		say.progress(`moving ${moving.length} sources to where the hub is`);
		await move(way, existing, moving, { settled, pending, notes, begins }, patience);
	}
	const left = new Map([...notes].filter(([name]) => !settled.has(name) && wantsSource(wanted, name)));
	return {
		sources: [...settled.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
		notes: { ...writeBegins(begins), ...writeNotes(left) },
		pending,
		touched: moving.length > 0 || stale.size > 0,
	};
}

/** Where a source has to start; a text why that cannot be told, undefined for where it starts by itself. */
async function place(
	way: Control,
	existing: StreamInfo,
	{ source, old, note, origin }: Candidate,
	patience: Patience,
): Promise<Mover | string | undefined> {
	if (typeof origin === "string") return origin;
	const { created = "" } = origin.info;
	const behind = existing.state.last_seq ?? 0;
	const at = async (): Promise<Pick<Note, "seq" | "behind"> | string | undefined> => {
		if (old) {
			const place = await certainPlace(way, existing, old, origin, patience);
			return typeof place === "string" ? place : { seq: place.seq, behind };
		}
		if (note) return noted(note, origin.info);
		const last = await lastUnder(
			way.api(HUB_DOMAIN),
			existing.config.name,
			destinations(source),
			source.name,
			patience,
		);
		const other = last?.identity !== undefined && last.identity !== streamIdentity(created);
		return last && !other ? { seq: last.seq, behind } : undefined;
	};
	const found = await at();
	if (!found || typeof found === "string") return found;
	// Asked after the hub, which may be ahead of what was known before.
	const again = await originOf(way, source, ASK_MS);
	if (typeof again === "string") return again;
	const { state } = again.info;
	if (found.seq > (state.last_seq ?? 0)) {
		return `the hub has messages of it up to ${found.seq}, and its stream ends at ${state.last_seq ?? 0}`;
	}
	return { wanted: source, live: old, origin, note: { seq: found.seq, behind: found.behind, created } };
}

async function move(
	way: Control,
	existing: StreamInfo,
	movers: readonly Mover[],
	{
		settled,
		pending,
		notes,
		begins,
	}: {
		settled: Map<string, StreamSource>;
		pending: Record<string, string>;
		notes: Map<string, Note>;
		begins: Map<string, Begin>;
	},
	patience: Patience,
): Promise<void> {
	const api = way.api(HUB_DOMAIN);
	const config = existing.config as unknown as StreamConfig;
	const names = new Set(movers.map(({ wanted }) => wanted.name));
	for (const { wanted, note } of movers) notes.set(wanted.name, note);
	const kept = (config.sources ?? []).filter(({ name }) => !names.has(name));
	const metadata = { ...withoutNotes(config.metadata ?? {}), ...writeBegins(begins), ...writeNotes(notes) };
	await putStream(api, { ...config, sources: kept, metadata }, existing, patience);
	const behind = Math.min(...movers.map(({ note }) => note.behind));
	const origins = new Map(
		movers.map(({ wanted, live }) => [
			wanted.name,
			patternsOf([live, wanted].flatMap((it) => (it ? destinations(it) : []))),
		]),
	);
	const newest = await newestBehind(way, config.name, origins, behind, patience);
	const limited = limiter();
	const start = async ({ wanted, live, origin, note }: Mover) => {
		const last = newest.get(wanted.name);
		const own = last && (last.identity === undefined || last.identity === streamIdentity(note.created));
		const seq = Math.max(note.seq, own ? last.seq : 0);
		notes.set(wanted.name, { ...note, seq });
		if (seq > 0) begins.set(wanted.name, { seq, identity: streamIdentity(note.created) });
		try {
			if (wanted.consumer) {
				await resetConsumer(origin.api, wanted.name, wanted.consumer.name, seq + 1, {
					...patience,
					deadline: Date.now() + ASK_MS,
				});
				settled.set(wanted.name, wanted);
			} else settled.set(wanted.name, seq > 0 ? { ...wanted, opt_start_seq: seq + 1 } : wanted);
		} catch (error) {
			if (!(error instanceof JetStreamError)) throw error;
			// Back to the old source, if the server finds the place by a message that it holds; else it waits, sourced by nobody.
			const held = live && (await lastUnder(api, config.name, destinations(live), wanted.name, patience));
			if (live && held?.seq === seq) settled.set(wanted.name, live);
			const why = error instanceof NoAnswer ? "it went away while its source was moved" : error.message;
			pending[deviceName(wanted)] = `${config.name}: ${why}`;
		}
	};
	await Promise.all(movers.map((mover) => limited(() => start(mover))));
}

/**
 * Where an ordinary source starts when the server knows no place: behind what the hub had, until its first message has
 * come. From then on at the start, for a stream that is made anew on the device starts there as well.
 */
function started(wanted: StreamSource, live: StreamSource, { sources }: StreamInfo): StreamSource {
	if (wanted.consumer || same(wanted.opt_start_seq, live.opt_start_seq)) return wanted;
	const known = (sources ?? []).some(({ name, seq }) => name === wanted.name && (seq ?? 0) > 0);
	return known || live.opt_start_seq === undefined ? wanted : { ...wanted, opt_start_seq: live.opt_start_seq };
}

function destinations({ subject_transforms = [] }: StreamSource): string[] {
	return subject_transforms.map(({ dest }) => dest);
}

function deviceName(source: StreamSource): string {
	return deviceOf(source) ?? source.name;
}

function wantsSource({ sources = [] }: StreamConfig, name: string): boolean {
	return sources.some((source) => source.name === name);
}
