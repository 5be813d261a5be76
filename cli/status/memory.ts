import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import type { LeaflineOutput } from "../../contract/outputs";
import { lastCut } from "../fleet/notes/cut";
import { JOURNAL_KEY, memoryKey, type Remembered } from "../fleet/remembered";
import { type EdgeStreamFacts, type Facts, lostFrom, type SourceFacts, waitingFor } from "../fleet/seen";

/**
 * What one look leaves for the next, also for that of another day: since when a position stands still, and that a
 * device's store was seen to have gone back, which nobody can see any more once the device is past the hub again.
 */
export type Memory = Readonly<Record<string, Remembered>>;

/** How long it is told that messages were gone before the hub had them. */
const TOLD_MS = 7 * 86_400_000;

const time = z.number().min(0);
const memory = z.record(
	z.string(),
	z.object({
		seq: time,
		since: time,
		waits: z.boolean().optional(),
		setBack: z.object({ from: time, to: time, at: time }).optional(),
		vanished: z.object({ messages: time, at: time }).optional(),
		cutSeen: time.optional(),
		created: time.optional(),
		anew: z.literal(true).optional(),
	}),
);

/** Without anything of devices that are not in the fleet any more. Pure. */
export function remember(outputs: LeaflineOutput, facts: Facts, before: Memory): Memory {
	if (facts.hubError !== undefined) return before;
	const result: Record<string, Remembered> = {};
	for (const [device, { hubStreams }] of Object.entries(outputs.devices)) {
		for (const [name, stream] of Object.entries(hubStreams)) {
			const key = memoryKey(device, name);
			const source = facts.hub[stream]?.sources[device];
			const known = before[key];
			if (!source) continue;
			// Nothing to move on to, or no link to move over, is no standing still: that begins when there are both.
			const still = known?.waits && known.seq === source.seq && known.since <= facts.at;
			const waits = somethingWaits(facts, device, name, source) ?? known?.waits;
			const here = facts.edges[device]?.streams[name];
			const kept = { ...store(here, source, known, facts.at), ...vanished(here, source, known, facts.at) };
			const { cutSeen } = known ?? {};
			const seen = cutSeen === undefined ? {} : { cutSeen };
			result[key] = {
				seq: source.seq,
				since: still ? known.since : facts.at,
				...(waits && { waits }),
				...seen,
				...kept,
			};
		}
	}
	const journal = before[JOURNAL_KEY];
	return { ...result, ...(journal && { [JOURNAL_KEY]: journal }) };
}

/** Somebody has seen every cut that the devices tell of, and what the journal has. Pure. */
export function rememberSeen(memory: Memory, { edges, journal }: Pick<Facts, "edges" | "journal">): Memory {
	const seen = Object.entries(edges).flatMap(([device, edge]) => {
		const cut = lastCut(edge);
		const keys = Object.keys(edge.streams).map((name) => memoryKey(device, name));
		return cut ? keys.flatMap((key) => (memory[key] ? [[key, { ...memory[key], cutSeen: cut.at }] as const] : [])) : [];
	});
	const last = journal?.entries.at(-1);
	const read = last && { [JOURNAL_KEY]: { seq: last.seq, since: last.at } };
	return { ...memory, ...Object.fromEntries(seen), ...read };
}

/** The next message takes the hub past the gap, and nobody can see it any more. */
function vanished(
	here: EdgeStreamFacts | undefined,
	source: SourceFacts,
	known: Remembered | undefined,
	at: number,
): Pick<Remembered, "vanished"> {
	const messages = here ? lostFrom(here, source.seq) : 0;
	if (messages > 0) return { vanished: { messages, at } };
	return known?.vanished && at - known.vanished.at < TOLD_MS ? { vanished: known.vanished } : {};
}

/** Undefined when the device is connected and does not answer. */
function somethingWaits(facts: Facts, device: string, name: string, source: SourceFacts): boolean | undefined {
	if (!facts.connected?.includes(device)) return false;
	const edge = facts.edges[device];
	return edge && waitingFor(edge, name, source.seq) > 0;
}

/** Whether a device's stream went back in time, or is another one than before, with which the hub starts over. */
function store(
	here: EdgeStreamFacts | undefined,
	source: SourceFacts,
	known: Remembered | undefined,
	at: number,
): Pick<Remembered, "setBack" | "created" | "anew"> {
	const { setBack, anew, created } = known ?? {};
	if (!here) return { ...(setBack && { setBack }), ...(anew && { anew }), ...(created !== undefined && { created }) };
	const behind = here.lastSeq < source.seq;
	const madeAt = here.created ?? created;
	const made = madeAt === undefined ? {} : { created: madeAt };
	// What arrived meanwhile may be of either, so a stream that was seen to be another stays it until the hub is with it.
	const other = created !== undefined && here.created !== undefined && here.created !== created;
	const since = here.created !== undefined && source.lastArrival !== undefined && here.created > source.lastArrival;
	if (other || since || (anew && behind)) return { ...made, ...(behind && { anew: true as const }) };
	const back = behind && here.created !== undefined && source.lastArrival !== undefined;
	if (back) return { ...made, setBack: { from: source.seq, to: here.lastSeq, at } };
	return { ...made, ...(setBack && { setBack }) };
}

/** Nothing if there is none, or none that can be read: it is a help, not a record. */
export function loadMemory(outputs: LeaflineOutput): Memory {
	try {
		return memory.parse(JSON.parse(fs.readFileSync(memoryFile(outputs), "utf8"))) as Memory;
	} catch {
		return {};
	}
}

export function saveMemory(outputs: LeaflineOutput, kept: Memory): void {
	const file = memoryFile(outputs);
	try {
		fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
		fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify(kept), { mode: 0o600 });
		fs.renameSync(`${file}.${process.pid}`, file);
	} catch {
		// A cache that cannot be written costs the next look a second one.
	}
}

/** One for each hub: another one, even of the same name, has another authority. */
function memoryFile({ environment, ca }: LeaflineOutput): string {
	const { XDG_CACHE_HOME: base, HOME = os.homedir() } = process.env;
	const cache = base && path.isAbsolute(base) ? base : path.join(HOME, ".cache");
	const hub = createHash("sha256").update(`${environment}\n${ca}`).digest("hex").slice(0, 16);
	return path.join(cache, "leafline", "status", `${hub}.json`);
}
