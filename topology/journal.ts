import type { Settings } from "../config/model";
import type { StreamConfig } from "./jetstream";
import { JOURNAL } from "./names";

/**
 * The hub's journal: a stream of what somebody did to the hub, so that a stream which was emptied or deleted, and a
 * login that was refused, are not forgotten with the server's next start. It hears requests before they are carried out
 * (nothing else tells of a purge: nats-server 2.15.2 has no advisory of it), the server's advisories, and events of the
 * system account.
 */

/** Bytes of one copy. What one stranger can fill of it, `MOST_OF_A_KIND` bounds. */
export const JOURNAL_BYTES = 32 * 1024 ** 2;

/** Messages under one subject: refused logins are all under one, so that a flood of them leaves everything else alone. */
export const MOST_OF_A_KIND = 1_000;

const KEEP_NS = 30 * 86_400_000 * 1_000_000;

/** Prefix of what the journal keeps of the system account's events. */
const EVENTS = "journal";

/** What the account of the streams takes of the system account, and as what. */
export const SYSTEM_EVENTS: readonly { readonly subject: string; readonly as: string }[] = [
	{ subject: "$SYS.ACCOUNT.*.CONNECT", as: `${EVENTS}.connect.$1` },
	{ subject: "$SYS.ACCOUNT.*.DISCONNECT", as: `${EVENTS}.disconnect.$1` },
	{ subject: "$SYS.SERVER.*.CLIENT.AUTH.ERR", as: `${EVENTS}.refused.$1` },
];

/** Subject under which the journal keeps who connected to an account. @param account its public key */
export function connects(account: string): string {
	return `${EVENTS}.connect.${account}`;
}

/** Prefix of the requests that the journal keeps: JetStream's own, before which `$JS.<domain>.API` is mapped. */
export const REQUESTS = "$JS.API";

/** Calls that change or delete something. Not those that read, which are many, and not the resets of devices' own consumers. */
const CALLS = [
	"STREAM.CREATE.*",
	"STREAM.UPDATE.*",
	"STREAM.DELETE.*",
	"STREAM.PURGE.*",
	"STREAM.RESTORE.*",
	"STREAM.MSG.DELETE.*",
	"CONSUMER.CREATE.>",
	"CONSUMER.DURABLE.CREATE.*.*",
	"CONSUMER.DELETE.*.*",
	"CONSUMER.PAUSE.*.*",
];

/** Prefix of the advisories that the journal keeps. */
export const ADVISORIES = "$JS.EVENT.ADVISORY";

/** Whoever was not heard asking, the server says what became of a stream. */
const ACTIONS = ["CREATED", "DELETED"];

/**
 * The journal as a stream. It drops its oldest, for a hub must not stop because its journal is full. A stream that hears
 * requests must not acknowledge them (`no_ack`), and nobody but its limits deletes anything in it.
 */
export function journalStream({ hub: { nodes } }: Settings): StreamConfig {
	return {
		name: JOURNAL,
		description: "What was done to the hub: requests that change something, refused logins, links",
		subjects: [
			...CALLS.map((call) => `${REQUESTS}.${call}`),
			...ACTIONS.map((action) => `${ADVISORIES}.STREAM.${action}.*`),
			`${EVENTS}.*.*`,
		],
		// Without the server's id, which is another one after each start: the bound of a kind would be one a start.
		subject_transform: { src: `${EVENTS}.refused.*`, dest: `${EVENTS}.refused` },
		retention: "limits",
		storage: "file",
		discard: "old",
		num_replicas: nodes,
		max_msgs: -1,
		max_bytes: JOURNAL_BYTES,
		max_age: KEEP_NS,
		max_msgs_per_subject: MOST_OF_A_KIND,
		duplicate_window: 0,
		compression: "none",
		allow_direct: true,
		no_ack: true,
		deny_delete: true,
		deny_purge: true,
	};
}

/** What a message of the journal is about, as its subject says. */
export type Entry =
	/** Somebody asked for it. `call` is for example `STREAM.PURGE`. */
	| { readonly kind: "request"; readonly call: string; readonly stream: string; readonly consumer?: string }
	/** The server did it. */
	| { readonly kind: "created" | "deleted"; readonly stream: string }
	/** `account` is its public key. */
	| { readonly kind: "connect" | "disconnect"; readonly account: string }
	| { readonly kind: "refused" };

/** Undefined for a subject that the journal does not hold. */
export function entryOf(subject: string): Entry | undefined {
	if (subject.startsWith(`${REQUESTS}.`)) return requestOf(subject.slice(REQUESTS.length + 1).split("."));
	const [action, stream, ...more] = subject.startsWith(`${ADVISORIES}.STREAM.`)
		? subject.slice(`${ADVISORIES}.STREAM.`.length).split(".")
		: [];
	if (stream !== undefined && more.length === 0) {
		if (action === "CREATED") return { kind: "created", stream };
		if (action === "DELETED") return { kind: "deleted", stream };
	}
	const [prefix, kind, account, ...rest] = subject.split(".");
	if (prefix !== EVENTS || rest.length > 0) return undefined;
	if (kind === "refused") return { kind };
	return account !== undefined && (kind === "connect" || kind === "disconnect") ? { kind, account } : undefined;
}

/** A call's name, and what it is about; the older form of a call counts as the newer one. */
function requestOf(tokens: readonly string[]): Entry | undefined {
	const call = CALLS.map(words).find((name) => name.every((word, i) => tokens[i] === word));
	const [stream, consumer] = tokens.slice(call?.length);
	if (!call || stream === undefined) return undefined;
	const name = call.filter((word) => word !== "DURABLE").join(".");
	return { kind: "request", call: name, stream, ...(consumer !== undefined && { consumer }) };
}

const words = (call: string) => call.split(".").filter((token) => token !== "*" && token !== ">");
