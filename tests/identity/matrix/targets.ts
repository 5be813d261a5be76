import { ADMIN_API, DOWNLINK_API } from "../../../topology/permissions";
import type { Fingerprint } from "./fingerprint";
import { DOWN_STREAM, HUB_STREAM, READER, THIEF, VICTIM } from "./fleet";
import { FORGED, SECRET } from "./stage";

/** Account in which a subject means something. */
export type Home = "HUB" | "SYS";

/** Something that nobody but its owner may touch. */
export interface Target {
	/** What is done to whom, in words for the table. */
	readonly what: string;
	readonly whom: "the hub" | "another device" | "a reader" | "administrators" | "the accounts" | "its own device";
	readonly subject: string;
	/** The subject, when it must fit the state. */
	readonly at?: (print: Fingerprint) => string;
	readonly home: Home;
	/** Made from the state, for what must fit it. @default empty */
	readonly body?: (print: Fingerprint, inbox: string) => string;
	/** An empty message, or one that somebody else writes, does it too: worth naming as a reply. */
	readonly nameable?: boolean;
	/** A reply to the request tells what it should not: the harm is the answer. */
	readonly answers?: boolean;
	/** Told by an answer that is no error of the API. @default `"type"` without `"error"` */
	readonly answer?: RegExp;
	/** Only through a reply: the message alone does nothing. */
	readonly requestOnly?: boolean;
	/** Beginning of the effect, where nothing is protected; others are no effect of it. @default an answer, or somebody who heard it */
	readonly shows?: string;
	/** The reply that it needs. */
	readonly reply?: (print: Fingerprint) => string;
}

/** Subjects that fit what has been delivered so far. */
export function sequences(print: Fingerprint): { acknowledgement: string; delivery: string } {
	const { delivered: [consumer = 0, stream = 0] = [] } = state(print, `hub/${HUB_STREAM}/${READER}`);
	const { delivered: [sent = 0, stored = 0] = [] } = state(print, `${VICTIM}/${VICTIM}_alarm/hub`);
	// Those that were forged before, where that succeeds: nobody else stores anything there.
	const { last_seq: forged = 0 } = state(print, "hub/hub_alarm");
	return {
		/** Of the message that the reader was given last. */
		acknowledgement: `$JS.ACK.${HUB_STREAM}.${READER}.1.${stream}.${consumer}.1.0`,
		/** Reply of what the victim delivers next. */
		delivery: `$JS.ACK.${VICTIM}_alarm.hub.1.${stored + forged + 1}.${sent + forged + 1}.1.0`,
	};
}

type Call = Omit<Target, "subject" | "home" | "whom">;

const state = (print: Fingerprint, object: string) =>
	JSON.parse(print[`${object} state`] ?? "{}") as { first_seq?: number; last_seq?: number; delivered?: number[] };

/** Calls of one domain's API, by what stands behind the prefix. */
function calls(domain: string, stream: string, consumer: string): Record<string, Call> {
	const where = `${domain}/${stream}`;
	const config = (print: Fingerprint) => JSON.parse(print[`${where} config`] ?? "{}") as object;
	const ephemeral = { deliver_subject: `${THIEF}.stolen`, deliver_policy: "all", ack_policy: "none" };
	return {
		[`STREAM.PURGE.${stream}`]: { what: "empty a stream", nameable: true, shows: `${where} state` },
		[`STREAM.DELETE.${stream}`]: { what: "delete a stream", nameable: true, shows: `${where} config` },
		[`STREAM.UPDATE.${stream}`]: {
			what: "change a stream",
			body: (print) => JSON.stringify({ ...config(print), description: FORGED }),
			shows: `${where} config`,
		},
		[`STREAM.CREATE.${FORGED}`]: {
			what: "make a stream",
			body: () => JSON.stringify({ name: FORGED, subjects: [`${FORGED}.>`], storage: "memory", max_bytes: 1024 }),
			shows: `${domain}/${FORGED}`,
		},
		[`STREAM.MSG.GET.${stream}`]: {
			what: "read a message",
			answers: true,
			requestOnly: true,
			body: (print) => JSON.stringify({ seq: state(print, where).first_seq }),
		},
		[`DIRECT.GET.${stream}`]: {
			what: "read a message directly",
			answers: true,
			requestOnly: true,
			answer: new RegExp(SECRET),
			body: (print) => JSON.stringify({ seq: state(print, where).first_seq }),
		},
		[`STREAM.MSG.DELETE.${stream}`]: {
			what: "delete a message",
			shows: `${where} state`,
			body: (print) => JSON.stringify({ seq: state(print, where).first_seq }),
		},
		[`STREAM.INFO.${stream}`]: { what: "look at a stream", answers: true, requestOnly: true },
		"STREAM.NAMES": { what: "list the streams", answers: true, requestOnly: true },
		[`STREAM.SNAPSHOT.${stream}`]: {
			what: "copy a stream",
			answers: true,
			requestOnly: true,
			body: (_, inbox) => JSON.stringify({ deliver_subject: inbox }),
		},
		[`CONSUMER.CREATE.${stream}`]: {
			what: "make a consumer",
			body: () => JSON.stringify({ stream_name: stream, config: ephemeral }),
			shows: `${where}/`,
		},
		[`CONSUMER.DURABLE.CREATE.${stream}.${FORGED}`]: {
			what: "make a durable consumer",
			body: () => JSON.stringify({ stream_name: stream, config: { ...ephemeral, durable_name: FORGED } }),
			shows: `${where}/${FORGED}`,
		},
		[`CONSUMER.DELETE.${stream}.${consumer}`]: {
			what: "delete a consumer",
			nameable: true,
			shows: `${where}/${consumer} config`,
		},
		[`CONSUMER.RESET.${stream}.${consumer}`]: {
			what: "set a consumer back",
			requestOnly: true,
			body: () => '{"seq":1}',
		},
		[`CONSUMER.PAUSE.${stream}.${consumer}`]: {
			what: "pause a consumer",
			shows: `${where}/${consumer} config`,
			body: () => '{"pause_until":"2099-01-01T00:00:00Z"}',
		},
		[`CONSUMER.INFO.${stream}.${consumer}`]: { what: "look at a consumer", answers: true, requestOnly: true },
	};
}

function api(prefixes: readonly string[], whom: Target["whom"], of: Record<string, Call>): Target[] {
	return prefixes.flatMap((prefix) =>
		Object.entries(of).map(([endpoint, call]) => ({
			...call,
			whom,
			home: "HUB" as const,
			subject: `${prefix}.${endpoint}`,
		})),
	);
}

/** Every name under which the hub's API is, or was, or might be reached. */
export const HUB_APIS = ["$JS.hub.API", "$JS.API", DOWNLINK_API, ADMIN_API];

const hubCalls: Record<string, Call> = {
	...calls("hub", HUB_STREAM, READER),
	[`STREAM.PURGE.${DOWN_STREAM}`]: {
		what: "empty a stream of commands",
		nameable: true,
		shows: `hub/${DOWN_STREAM} state`,
	},
	[`CONSUMER.DELETE.${DOWN_STREAM}.${VICTIM}`]: {
		what: "delete another device's consumer",
		nameable: true,
		shows: `hub/${DOWN_STREAM}/${VICTIM} config`,
	},
	[`CONSUMER.RESET.${DOWN_STREAM}.${VICTIM}`]: {
		what: "set another device's consumer back",
		answers: true,
		requestOnly: true,
	},
	[`CONSUMER.MSG.NEXT.${HUB_STREAM}.${READER}`]: {
		what: "take a reader's messages",
		requestOnly: true,
		body: () => '{"batch":1,"no_wait":true}',
		shows: `hub/${HUB_STREAM}/${READER} state`,
	},
};

/** The message that a reader was given last, acknowledged. */
const acknowledgement: Target = {
	what: "acknowledge a reader's messages",
	whom: "a reader",
	home: "HUB",
	subject: `$JS.ACK.${HUB_STREAM}.${READER}`,
	at: (print) => sequences(print).acknowledgement,
	shows: `hub/${HUB_STREAM}/${READER} state`,
	nameable: true,
};

const victimCalls = calls(VICTIM, `${VICTIM}_can`, "hub");

const wires: Target[] = [
	{
		what: "publish as another device",
		whom: "another device",
		home: "HUB",
		subject: `${VICTIM}.can.x`,
		body: () => FORGED,
	},
	{
		what: "give a command on the way to another device",
		whom: "another device",
		home: "HUB",
		subject: `dl.${VICTIM}.commands`,
		body: () => FORGED,
	},
	{
		what: "give another device a command",
		whom: "another device",
		home: "HUB",
		subject: `down.${VICTIM}.commands.x`,
		body: () => FORGED,
		nameable: true,
		shows: `hub/${DOWN_STREAM} state`,
	},
	{
		what: "deliver in another device's name",
		whom: "another device",
		home: "HUB",
		subject: `deliver.${VICTIM}.alarm`,
		body: () => FORGED,
		reply: (print) => sequences(print).delivery,
		shows: "hub/hub_alarm state",
	},
	{
		what: "answer another device's flow control",
		whom: "another device",
		home: "HUB",
		subject: `$JS.FC.${VICTIM}.x.${VICTIM}_alarm.hub.x`,
		body: () => FORGED,
	},
	{
		what: "answer the flow control of another device's commands",
		whom: "another device",
		home: "HUB",
		subject: `$JS.FC.${DOWN_STREAM}.${VICTIM}.x`,
		body: () => FORGED,
	},
	{
		what: "answer for the hub",
		whom: "another device",
		home: "HUB",
		subject: `$JSC.R.hub.x.${DOWN_STREAM}.${VICTIM}.x`,
		body: () => FORGED,
	},
	{
		what: "answer what an administrator asked somebody else",
		whom: "administrators",
		home: "HUB",
		subject: "_INBOX.forged.x",
		body: () => FORGED,
	},
];

/** By a server of the hub: what the attacker's own tells is its own. */
const sysAnswer = /"server":\{"name":"hub/;
const system: Target[] = [
	["SERVER.PING", "look at the servers"],
	["SERVER.PING.CONNZ", "look at all connections"],
	["SERVER.PING.JSZ", "look at all streams"],
	["CLAIMS.LIST", "list the accounts"],
].map(([request, what = ""]) => ({
	what,
	whom: "the accounts" as const,
	home: "SYS" as const,
	subject: `$SYS.REQ.${request}`,
	answers: true,
	requestOnly: true,
	answer: sysAnswer,
}));

/** What everybody in an account may ask of it, unless a role says otherwise. */
const own: Target[] = ["ACCOUNT.PING.CONNZ", "ACCOUNT.PING.STATZ"].map((request) => ({
	what: `ask the account: ${request}`,
	whom: "the accounts",
	home: "HUB",
	subject: `$SYS.REQ.${request}`,
	answers: true,
	requestOnly: true,
	answer: sysAnswer,
}));

export const TARGETS: readonly Target[] = [
	...api(HUB_APIS, "the hub", hubCalls),
	acknowledgement,
	...api([`$JS.${VICTIM}.API`], "another device", victimCalls),
	...wires,
	...system,
	...own,
];

/** One of each kind, for where not all are tried. */
export const MAIN: readonly string[] = [
	`$JS.API.STREAM.PURGE.${HUB_STREAM}`,
	`$JS.hub.API.STREAM.DELETE.${HUB_STREAM}`,
	`$JS.hub.API.STREAM.MSG.GET.${HUB_STREAM}`,
	`$JS.API.CONSUMER.DELETE.${HUB_STREAM}.${READER}`,
	`$JS.ACK.${HUB_STREAM}.${READER}`,
	`$JS.${VICTIM}.API.STREAM.PURGE.${VICTIM}_can`,
	`down.${VICTIM}.commands.x`,
	`deliver.${VICTIM}.alarm`,
	"$SYS.REQ.SERVER.PING",
	`$JS.API.STREAM.PURGE.${THIEF}_can`,
	`$JS.${THIEF}.API.STREAM.DELETE.${THIEF}_can`,
];

/** What a program on the device must not touch there, beside all others. Streams and consumers of its own are its right. */
export const OWN_DEVICE: readonly Target[] = api(
	[`$JS.${THIEF}.API`, "$JS.API"],
	"its own device",
	calls(THIEF, `${THIEF}_can`, "hub"),
).filter(({ what, answers }) => !answers && !["make a stream", "make a durable consumer"].includes(what));
