import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import { nextMessage, streamInfo } from "../../../jetstream/calls";
import { JetStreamError } from "../../../jetstream/errors";
import type { Patience } from "../../../jetstream/patience";
import { limiter, sleep } from "../../../system/wait";
import type { StreamSource } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import { placeIn } from "./source-place";
import { everSourced, type StreamProps } from "./stream-props";

/** What a device holds and the hub does not have. */
export interface Backlog {
	/** Name of the stream on the device. */
	readonly stream: string;
	readonly messages: number;
}

const AGAIN_MS = 300;
/** What is on its way arrives, and a backlog gets less: a source that does neither for so long is waited for no more. */
const STILL_MS = 1_000;

/** What can be said of sources that are to go. */
export interface Backlogs {
	/** Those whose device had something when it was asked that did not come to the hub in a moment. */
	readonly held: readonly Backlog[];
	/** Those whose device does not tell: offline, without an answer, or with one that cannot be used. */
	readonly silent: readonly string[];
	/** Those whose stream is not on its device: nobody knows whether the hub has what it held. */
	readonly missing: readonly string[];
}

/** The sources that an update takes away, without those of devices that the fleet file gives up. */
export function removedSources(
	old: Pick<StreamProps, "sources" | "gone">,
	next: Pick<StreamProps, "sources" | "lost">,
): StreamSource[] {
	const lost = new Set(next.lost);
	return Object.entries(everSourced(old)).flatMap(([name, source]) =>
		next.sources?.[name] || lost.has(deviceOf(source) ?? "") ? [] : [source],
	);
}

/** Devices that an update takes away, given up or not. */
export function removedDevices(old: StreamProps, next: StreamProps): string[] {
	return removedSources(old, { sources: next.sources }).flatMap((source) => deviceOf(source) ?? []);
}

/** The device that a source takes from; undefined for a stream of the hub itself. */
export function deviceOf({ external }: Pick<StreamSource, "external">): string | undefined {
	return external?.api.split(".")[1];
}

/** What is known of one source. */
type Look =
	| { readonly is: "drained" | "silent" | "missing" }
	/** @param upTo what was there at the first look; what came since is none of this update's business */
	| { readonly is: "held"; readonly messages: number; readonly upTo: number; readonly next: number };

/**
 * What the devices of these sources have and the hub has not. Messages are looked for and not computed from sequences:
 * a device that came back from a power cut has skipped some hundred thousand of them, which never were messages.
 * @param sources of the hub's stream `name`
 */
export async function backlogs(
	way: Control,
	name: string,
	sources: readonly StreamSource[],
	withinMs: number,
): Promise<Backlogs> {
	const deadline = Date.now() + withinMs;
	const patience = { deadline, timeoutsMs: [2_000] };
	const leaves = await way.leaves();
	const limited = limiter();
	// A stream of the hub's own has no device to be asked.
	let open = sources.filter((source) => deviceOf(source) !== undefined);
	const looks = new Map<string, Look>();
	for (let moved = Date.now(); ; await sleep(AGAIN_MS)) {
		const hub = await streamInfo(way.api(HUB_DOMAIN), name, patience).catch(silence);
		const look = async (source: StreamSource): Promise<void> => {
			const before = looks.get(source.name);
			const away = leaves && !leaves.has(deviceOf(source) ?? "");
			const now = away || hub === "silent" ? SILENT : await lookAt(way, hub, source, before, patience);
			if (now.is !== "held" || before?.is !== "held" || now.next !== before.next) moved = Date.now();
			looks.set(source.name, now);
		};
		await Promise.all(open.map((source) => limited(() => look(source))));
		open = open.filter((source) => looks.get(source.name)?.is === "held");
		const now = Date.now();
		if (open.length === 0 || !hub || now - moved >= STILL_MS || now + AGAIN_MS >= deadline) break;
	}
	const named = (kind: Look["is"]) => [...looks].flatMap(([stream, look]) => (look.is === kind ? [stream] : []));
	const held = [...looks].flatMap(([stream, look]) =>
		look.is === "held" ? [{ stream, messages: look.messages }] : [],
	);
	return { held, silent: named("silent"), missing: named("missing") };
}

const SILENT: Look = { is: "silent" };

function silence(error: unknown): "silent" {
	if (error instanceof JetStreamError) return "silent";
	throw error;
}

async function lookAt(
	way: Control,
	hub: StreamInfo | undefined,
	source: StreamSource,
	before: Look | undefined,
	patience: Patience,
): Promise<Look> {
	const api = way.api(deviceOf(source) ?? "");
	const { name: stream } = source;
	try {
		const here = await streamInfo(api, stream, patience);
		if (!here) return { is: "missing" };
		const { messages, last_seq: last } = here.state;
		const upTo = before?.is === "held" ? before.upTo : last;
		const place = hub ? await placeIn(way, hub, source, { api, info: here }, patience) : undefined;
		// Not certain: nobody can say yet which of its messages those are.
		const position = place?.proven ? place.seq : 0;
		// A stream that ends before what the hub has was made anew or has gone back: which of its messages the hub has, nobody knows.
		const behind = position > last ? 0 : position;
		const found = await Promise.all(
			filtersOf(source).map((subject) => nextMessage(api, stream, behind + 1, patience, subject)),
		);
		const next = Math.min(...found.map((message) => message?.seq ?? Number.POSITIVE_INFINITY));
		if (next > upTo) return { is: "drained" };
		return { is: "held", messages: Math.min(messages, upTo - next + 1), upTo, next };
	} catch (error) {
		return { is: silence(error) };
	}
}

/** What the hub takes of a stream: all that a durable consumer of ours delivers, else what the source itself says. */
function filtersOf({ consumer, filter_subject, subject_transforms = [] }: StreamSource): readonly string[] {
	const sources = subject_transforms.map(({ src }) => src || ">");
	return consumer || sources.length === 0 ? [filter_subject || ">"] : sources;
}
