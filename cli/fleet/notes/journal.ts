import type { LeaflineOutput } from "../../../contract/outputs";
import { count, moment, plural } from "../../format";
import { administratorsAt } from "../journal/administrators";
import { groupBy, type JournalEntry } from "../journal/entry";
import { JOURNAL_KEY } from "../remembered";
import type { Facts } from "../seen";
import { linkNotes } from "./links";
import { type Note, RESTORE } from "./note";

/** What is younger needs a look; what is older is told, for as long as the journal is read. */
export const FRESH_MS = 86_400_000;

/** A request is heard before it is carried out; the server says that it was within this time. */
const CARRIED_OUT_MS = 60_000;

/** Notes on what the hub's journal has that this stack did not do. */
export function journalNotes(outputs: LeaflineOutput, facts: Facts): Note[] {
	const { journal, at } = facts;
	const name = outputs.hub.journal;
	if (!journal || name === undefined) return [];
	if (journal.missing) {
		const text = `${name} is gone from the hub, and with it what was done to the hub before: deleted by hand, or its store was lost. ${RESTORE}, makes it anew`;
		return [{ code: "journal-missing", text, needsHand: true }];
	}
	const unread: Note[] = journal.error
		? [{ code: "journal-unread", text: `${name} was not read: ${journal.error}`, needsHand: false }]
		: [];
	const { entries } = journal;
	const told = { outputs, facts, entries, news: entries.filter(isNews(facts)), at };
	return [...unread, ...requestNotes(told), ...deletedNotes(told), ...linkNotes(outputs, told, at)];
}

/** What nobody has said that he has seen (`status --seen`). A journal that was made anew counts from 1 again. */
function isNews({ memory }: Pick<Facts, "memory">): (entry: JournalEntry) => boolean {
	const seen = memory?.[JOURNAL_KEY];
	return ({ seq, at }) => !seen || seq > seen.seq || at > seen.since;
}

interface Told {
	readonly outputs: LeaflineOutput;
	readonly facts: Facts;
	readonly entries: readonly JournalEntry[];
	/** Those of them to tell of. */
	readonly news: readonly JournalEntry[];
	readonly at: number;
}

type Request = Extract<JournalEntry["what"], { readonly kind: "request" }>;

type Requested = JournalEntry & { readonly what: Request };

/** Requests of others that are about what this stack made, those of one kind together. */
function requestNotes(told: Told): Note[] {
	const others = told.news.filter((entry): entry is Requested => {
		return entry.what.kind === "request" && !entry.own && isOurs(told.outputs, entry.what);
	});
	const kinds = groupBy(others, ({ what }) => [codeOf(what), what.stream, what.consumer].join("\n"));
	return kinds.flatMap((entries) => {
		const last = entries.at(-1);
		return last ? [requestNote(told, last, entries.length)] : [];
	});
}

function isOurs({ streams, hub }: LeaflineOutput, { call, stream, consumer }: Request): boolean {
	if (stream === hub.journal) return !call.startsWith("CONSUMER.");
	const ours = streams[stream];
	if (!ours || !call.startsWith("CONSUMER.")) return ours !== undefined;
	return consumer !== undefined && ours.consumers.includes(consumer);
}

const CODES: Readonly<Record<string, "purged" | "deleted-by-hand" | "changed-by-hand">> = {
	"STREAM.PURGE": "purged",
	"STREAM.MSG.DELETE": "purged",
	"STREAM.DELETE": "deleted-by-hand",
	"CONSUMER.DELETE": "deleted-by-hand",
};

const codeOf = ({ call }: Pick<Request, "call">) => CODES[call] ?? "changed-by-hand";

/** @param last of so many */
function requestNote(told: Told, last: Requested, many: number): Note {
	const { at, what: request } = last;
	const { stream, consumer } = request;
	const code = codeOf(request);
	const what = consumer === undefined ? stream : `consumer ${consumer} on ${stream}`;
	const times = many > 1 ? `${count(many)} times, last ` : "";
	const asked = `${times}at ${moment(at)}${who(told, last)}, not by this stack`;
	const text = `${what}: somebody asked to ${VERBS[code]} it ${asked}. ${REMEDIES[code](told, request)}`;
	return { code, text, needsHand: told.at - at < FRESH_MS };
}

const VERBS = { purged: "delete messages of", "deleted-by-hand": "delete", "changed-by-hand": "change" } as const;

const REMEDIES: Readonly<Record<keyof typeof VERBS, (told: Told, request: Request) => string>> = {
	purged: ({ facts }, { stream }) => {
		const held = facts.hub[stream];
		const now = held ? `It holds ${plural(held.messages, "message")} now; ` : "";
		return `${now}what is gone comes back from no device by itself: docs/status.md#purged`;
	},
	"deleted-by-hand": ({ facts }, { stream, consumer }) =>
		facts.hub[stream] && consumer === undefined
			? "It is there again, without what it held: docs/status.md#purged"
			: `${RESTORE}, makes anew what is missing`,
	"changed-by-hand": () => `${RESTORE}, puts it right; review what it says first`,
};

/** By whom nobody tells; it was somebody who was connected. */
function who({ entries }: Told, { at }: JournalEntry): string {
	const [first, ...others] = administratorsAt(entries, at);
	if (!first) return "";
	const more = others.length > 0 ? ` and ${plural(others.length, "other")}` : "";
	return ` (connected as administrator then: ${first.name || first.user} from ${first.host}${more})`;
}

/** Streams that the server deleted although nobody was heard asking. */
function deletedNotes({ outputs, entries, news, at: now }: Told): Note[] {
	const asked = (stream: string, at: number) =>
		entries.some(({ what, at: before }) => {
			const about = what.kind === "request" && what.stream === stream && what.call === "STREAM.DELETE";
			return about && before <= at + CARRIED_OUT_MS && before >= at - CARRIED_OUT_MS;
		});
	return news.flatMap(({ what, at }): Note[] => {
		if (what.kind !== "deleted" || !outputs.streams[what.stream] || asked(what.stream, at)) return [];
		const text = `${what.stream} was deleted at ${moment(at)}, and nobody was heard asking for it. ${RESTORE}, makes anew what is missing`;
		return [{ code: "deleted-by-hand", text, needsHand: now - at < FRESH_MS }];
	});
}
