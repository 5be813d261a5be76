import type { MsgHdrs } from "nats";
import { z } from "zod";
import { foreign } from "../../../config/printable";
import { MARK, markOf } from "../../../jetstream/mark";
import { type Entry, entryOf } from "../../../topology/journal";

/** Somebody who connected, or tried to, as far as the server knows. Every text is printable. */
export interface Client {
	/** Address from which it came. */
	readonly host: string;
	/** What it calls itself; of a leaf node the server's name. */
	readonly name: string;
	/** Whose credentials it showed: the name in its user's JWT, else the user's. Of a login that was refused not verified. */
	readonly user: string;
	/** The account's name, if it has one. */
	readonly account: string;
	/** Server and number of the connection. */
	readonly id: string;
}

/** One message of the hub's journal. */
export interface JournalEntry {
	readonly seq: number;
	/** Milliseconds since 1970, by the hub's clock. */
	readonly at: number;
	readonly what: Entry;
	/** A request of this stack's own. */
	readonly own?: true;
	readonly client?: Client;
	/** Why a link was closed, or a login refused. */
	readonly reason?: string;
}

/** A message as it was read, nothing of it judged yet. */
export interface Stored {
	readonly seq: number;
	readonly at: number;
	readonly subject: string;
	readonly headers?: MsgHdrs | undefined;
	readonly data: Uint8Array;
}

/** No event of the server is longer; one that is has been forged, and is kept without what it says. */
const LONGEST = 64 * 1024;

const word = z
	.string()
	.transform((text) => foreign(text, 100))
	.catch("");
const client = z.object({
	host: word,
	id: z.number().catch(0),
	user: word,
	name: word,
	jwt: z.string().catch(""),
	name_tag: word,
});
const event = z.object({
	server: z.object({ name: word }).catch({ name: "" }),
	client,
	reason: word,
});

/** @param adminCreds by which the stack's own requests are told. @returns undefined for what is none of the journal's */
export function readEntry({ seq, at, subject, headers, data }: Stored, adminCreds: string): JournalEntry | undefined {
	const what = entryOf(subject);
	if (what === undefined) return undefined;
	const known = { seq, at, what };
	if (what.kind === "created" || what.kind === "deleted" || data.length > LONGEST) return known;
	if (what.kind !== "request") {
		const { data: told } = event.safeParse(json(data));
		return told ? { ...known, client: clientOf(told.client, told.server.name), reason: told.reason } : known;
	}
	const call = subject.split(".").slice(2).join(".");
	// Who sent it is not in it: a stream takes the header that would say so from what it stores (2.15.2, `stream.go`).
	const own = headers?.get(MARK) === markOf(adminCreds, call, Buffer.from(data).toString());
	return own ? { ...known, own } : known;
}

/** Entries with the same key together, in the order of their first ones. */
export function groupBy<T extends JournalEntry>(entries: readonly T[], key: (entry: T) => string): T[][] {
	const groups = new Map<string, T[]>();
	for (const entry of entries) {
		const group = groups.get(key(entry));
		if (group) group.push(entry);
		else groups.set(key(entry), [entry]);
	}
	return [...groups.values()];
}

function clientOf(told: z.output<typeof client>, server: string): Client {
	const { host, id, user, name, jwt, name_tag } = told;
	return { host, name, user: nameIn(jwt) || user, account: name_tag, id: `${server}/${id}` };
}

/** The name in a JWT, whose signature only the server has verified. */
function nameIn(jwt: string): string {
	const { data } = z.object({ name: word }).safeParse(json(Buffer.from(jwt.split(".")[1] ?? "", "base64url")));
	return data?.name ?? "";
}

function json(data: Uint8Array): unknown {
	try {
		return JSON.parse(Buffer.from(data).toString());
	} catch {
		return undefined;
	}
}
