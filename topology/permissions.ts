import type { Topology } from "./model";
import { apiPrefix, deliverPrefix, downDeliverPrefix, downSubjects, HUB_CONSUMER, HUB_DOMAIN } from "./names";
import { releaseAdminShares, releaseShares } from "./rollout/permissions";

/**
 * Who may say what to whom. Who connects and what there is to reach are in accounts of their own, and an account takes
 * from another one only the calls that it makes:
 *
 * - DEVICES: the leaf connections of the devices. Holds nothing.
 * - HUB: streams, consumers and their sources. Nobody binds to it.
 * - ADMIN: administrators. They reach the API of every device and of the hub.
 * - READERS: readers. They reach the consumers that they read through.
 * - RELEASES: devices while they ask for a release (`rollout/names.ts`). Holds nothing.
 * - and the system account.
 *
 * It is not enough that a user may not publish to a subject: a server answers on whatever subject a request names for
 * its reply, without asking who may publish there (nats-server 2.15.2). The reply is published in the account in which
 * the request was heard: the requestor's own, if a service was asked, and the account of the stream that listens, if it
 * came by a stream import. So what must not be reached by a reply is not in that account.
 */

/** What a user may do, and how it may connect. */
export interface Role {
	readonly publish: readonly string[];
	readonly subscribe: readonly string[];
	readonly connections: readonly ("LEAFNODE" | "STANDARD")[];
}

/** The accounts of an environment besides the system account. */
export type AccountName = "DEVICES" | "HUB" | "ADMIN" | "READERS" | "RELEASES";

/** Something that one account offers and another one takes. */
export interface Share {
	readonly kind: "service" | "stream";
	/** The account that exports it. */
	readonly from: AccountName;
	/** The account that imports it. */
	readonly to: AccountName;
	readonly subject: string;
	/** Its subject in the account that imports it, `$1` for the first wildcard. @default subject */
	readonly as?: string;
	/** A service that may answer a request with several messages. @default with one */
	readonly manyReplies?: boolean;
}

/** Stands for the device's name in the template of its permissions; the server fills it in from the user's JWT. */
export const DEVICE = "{{name()}}";

/**
 * The hub's JetStream API as devices see it, for `external.api`: they may reset their own consumers, nothing else. It
 * must not look like `$JS.<domain>.API`, which HUB takes from DEVICES with a wildcard: the server would find a cycle
 * and drop one of the two, silently, depending on which account it loads first.
 */
export const DOWNLINK_API = `$DOWN.${HUB_DOMAIN}.API`;

/**
 * The hub's JetStream API as administrators see it, for `apiPrefix` of a client. Not `$JS.hub.API`: in an account
 * without JetStream the server takes that for its own and answers that JetStream is not enabled (10039).
 */
export const ADMIN_API = `$ADMIN.${HUB_DOMAIN}.API`;

/**
 * The hub's JetStream API in the account READERS. Readers call it `$JS.API`, as ever: the server puts this in its place
 * (`READER_MAPPINGS`), for under `$JS.API` it would answer itself as well, that JetStream is not enabled.
 */
const READER_API = `$READ.${HUB_DOMAIN}.API`;

/** What the account READERS makes of the subjects that its users publish on, before their roles are asked. */
export const READER_MAPPINGS: Readonly<Record<string, string>> = {
	"$JS.API.>": `${READER_API}.>`,
	[`${apiPrefix(HUB_DOMAIN)}.>`]: `${READER_API}.>`,
};

/** Prefix of a domain's JetStream API as administrators see it: the hub's, or a device's. */
export function adminApi(domain: string): string {
	return domain === HUB_DOMAIN ? ADMIN_API : apiPrefix(domain);
}

/** Names of the hub's streams that feed devices, sorted. */
export function downlinkStreams(topology: Pick<Topology, "hubStreams">): string[] {
	const streams = Object.entries(topology.hubStreams).filter(([, { direction }]) => direction === "downlink");
	return streams.map(([name]) => name).sort();
}

/** Every device's role, as a template. `downlinks` are the names of the hub's streams that feed devices. */
export function deviceRole(downlinks: readonly string[]): Role {
	return {
		publish: [
			`${deliverPrefix(DEVICE)}.>`,
			// Replies to the hub's requests. The server lets leaf nodes send them in any case; listed, they are asked for.
			"_R_.>",
			...downlinks.flatMap((stream) => [
				`${DOWNLINK_API}.CONSUMER.RESET.${stream}.${DEVICE}`,
				`$JS.FC.${stream}.${DEVICE}.*`,
			]),
		],
		subscribe: [
			`${apiPrefix(DEVICE)}.>`,
			`$JS.FC.${DEVICE}.>`,
			`${downDeliverPrefix(DEVICE)}.>`,
			...downlinks.map((stream) => `$JSC.R.${HUB_DOMAIN}.*.${stream}.${DEVICE}.*`),
		],
		connections: ["LEAFNODE"],
	};
}

/**
 * Manages the streams of the hub and of every device. `direct`: on the hub's client port as well. It may do anything in
 * its account, for two reasons: who makes streams can do so by way of their subjects and transforms in any case, and
 * when what the accounts exchange changes, the server takes subscriptions from every leaf connection whose permissions
 * are limited.
 */
export function adminRole({ direct }: { readonly direct: boolean }): Role {
	return { publish: [">"], subscribe: [">"], connections: direct ? ["LEAFNODE", "STANDARD"] : ["LEAFNODE"] };
}

/** Pushes account JWTs and monitors. `direct`: on the hub's client port as well. */
export function systemRole({ direct }: { readonly direct: boolean }): Role {
	return {
		publish: [
			"$SYS.REQ.CLAIMS.UPDATE",
			"$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP",
			"$SYS.REQ.SERVER.PING",
			"$SYS.REQ.SERVER.PING.LEAFZ",
			"$SYS.REQ.SERVER.PING.JSZ",
			"$SYS.REQ.SERVER.PING.VARZ",
		],
		subscribe: ["_INBOX.>"],
		connections: direct ? ["LEAFNODE", "STANDARD"] : ["LEAFNODE"],
	};
}

/**
 * Reads through one durable consumer: fetches, acknowledges, looks at its state, sets it to where the reader is itself
 * (a lake by the files that it has). It cannot make consumers, nor hear the replies of others: its client must use the
 * inbox prefix `readerInbox(consumer)`.
 */
export function readerRole(consumer: string, streams: readonly string[]): Role {
	return {
		publish: streams.flatMap((stream) => [
			`${READER_API}.STREAM.INFO.${stream}`,
			`${READER_API}.CONSUMER.INFO.${stream}.${consumer}`,
			`${READER_API}.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
			`${READER_API}.CONSUMER.RESET.${stream}.${consumer}`,
			`$JS.ACK.${stream}.${consumer}.>`,
		]),
		subscribe: [`${readerInbox(consumer)}.>`],
		connections: ["STANDARD"],
	};
}

/** `inboxPrefix` for the client of a reader. */
export function readerInbox(consumer: string): string {
	return `_INBOX_${consumer}`;
}

/**
 * What the accounts exchange; what one user may use of it says its role. It is the same for every fleet. When the
 * streams that an account exports or imports change, the server (2.15.2) takes their subscriptions from leaf connections
 * that are open, and says so to nobody but its log; `components/identity/accounts.ts` makes the devices connect anew.
 */
export const SHARES: readonly Share[] = [
	...uplinkShares(),
	...downlinkShares(),
	...adminShares(),
	...readerShares(),
	...releaseShares(),
];

/**
 * What the hub's sources need of the devices, and no more: the empty messages that a device can make a source send reach
 * these subjects of other devices. Of an ordinary source it is the call that makes its consumer, which wants a body.
 */
function uplinkShares(): Share[] {
	const common = { from: "DEVICES", to: "HUB" } as const;
	return [
		{ ...common, kind: "service", subject: `${apiPrefix("*")}.CONSUMER.RESET.*.${HUB_CONSUMER}` },
		{ ...common, kind: "service", subject: `${apiPrefix("*")}.CONSUMER.CREATE.>` },
		// Flow control of the edge streams, in the form with the domain: `$JS.FC.<domain>.<hash>.<stream>.<consumer>.<n>`.
		{ ...common, kind: "service", subject: "$JS.FC.*.*.*.*.*" },
		{ ...common, kind: "stream", subject: `${deliverPrefix("*")}.>` },
	];
}

function downlinkShares(): Share[] {
	return [
		// Flow control of the hub's consumers, in the short form that the hub is configured for.
		{ kind: "stream", from: "DEVICES", to: "HUB", subject: "$JS.FC.*.*.*" },
		{ kind: "stream", from: "HUB", to: "DEVICES", subject: `${downDeliverPrefix("*")}.*` },
		{
			kind: "service",
			from: "HUB",
			to: "DEVICES",
			subject: "$JS.API.CONSUMER.RESET.*.*",
			as: `${DOWNLINK_API}.CONSUMER.RESET.$1.$2`,
		},
	];
}

function adminShares(): Share[] {
	const ofHub = { from: "HUB", to: "ADMIN" } as const;
	return [
		{ kind: "service", from: "DEVICES", to: "ADMIN", subject: `${apiPrefix("*")}.>` },
		{ ...ofHub, kind: "service", subject: "$JS.API.>", as: `${ADMIN_API}.>`, manyReplies: true },
		{ ...ofHub, kind: "service", subject: "$JS.ACK.>" },
		{ ...ofHub, kind: "stream", subject: "$JS.EVENT.ADVISORY.>" },
		// Commands for devices, for the streams of the downlinks.
		{ ...ofHub, kind: "service", subject: downSubjects("*") },
		...releaseAdminShares(),
	];
}

function readerShares(): Share[] {
	const ofHub = { kind: "service", from: "HUB", to: "READERS" } as const;
	return [
		{ ...ofHub, subject: "$JS.API.STREAM.INFO.*", as: `${READER_API}.STREAM.INFO.$1` },
		{ ...ofHub, subject: "$JS.API.CONSUMER.INFO.*.*", as: `${READER_API}.CONSUMER.INFO.$1.$2` },
		{
			...ofHub,
			subject: "$JS.API.CONSUMER.MSG.NEXT.*.*",
			as: `${READER_API}.CONSUMER.MSG.NEXT.$1.$2`,
			manyReplies: true,
		},
		{ ...ofHub, subject: "$JS.API.CONSUMER.RESET.*.*", as: `${READER_API}.CONSUMER.RESET.$1.$2` },
		{ ...ofHub, subject: "$JS.ACK.*.*.>" },
	];
}
