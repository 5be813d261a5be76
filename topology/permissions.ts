import type { Topology } from "./model";
import { apiPrefix, deliverPrefix, downDeliverPrefix, HUB_DOMAIN } from "./names";

/**
 * Who may say what to whom. Three accounts: DEVICES, which the leaf nodes bind to and which holds nothing; HUB, which
 * holds streams and consumers; and the system account. In one shared account a device could acknowledge the messages
 * of the hub's consumers, because the server exempts `$JS.ACK` from the permissions of leaf nodes.
 */

/** What a user may do, and how it may connect. */
export interface Role {
	readonly publish: readonly string[];
	readonly subscribe: readonly string[];
	readonly connections: readonly ("LEAFNODE" | "STANDARD")[];
}

/** Something that one account offers and the other one takes. */
export interface Share {
	readonly kind: "service" | "stream";
	/** The account that exports it. */
	readonly from: "DEVICES" | "HUB";
	readonly subject: string;
	/** Its subject in the account that imports it, `$1` for the first wildcard. @default subject */
	readonly as?: string;
}

/** Stands for the device's name in the template of its permissions; the server fills it in from the user's JWT. */
export const DEVICE = "{{name()}}";

/**
 * The hub's JetStream API as devices see it, for `external.api`: they may reset their own consumers, nothing else. It
 * must not look like `$JS.<domain>.API`, which HUB takes from DEVICES with a wildcard: the server would find a cycle
 * and drop one of the two, silently, depending on which account it loads first.
 */
export const DOWNLINK_API = `$DOWN.${HUB_DOMAIN}.API`;

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
			...(downlinks.length > 0 ? [`${downDeliverPrefix(DEVICE)}.>`] : []),
			...downlinks.map((stream) => `$JSC.R.${HUB_DOMAIN}.*.${stream}.${DEVICE}.*`),
		],
		connections: ["LEAFNODE"],
	};
}

/**
 * Manages the streams of the hub and of every device. `direct`: on the hub's client port as well. It may do anything in
 * its account, for two reasons: who makes streams can do so by way of their subjects and transforms in any case, and
 * whenever the role of devices changes, the server takes subscriptions from every leaf connection whose permissions
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
 * Reads through one durable consumer: fetches, acknowledges, looks at its state. It cannot make consumers, nor hear
 * the replies of others: its client must use the inbox prefix `readerInbox(consumer)`.
 */
export function readerRole(consumer: string, streams: readonly string[]): Role {
	return {
		publish: streams.flatMap((stream) => [
			`$JS.API.STREAM.INFO.${stream}`,
			`$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
			`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
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
 * What the accounts exchange; what one device may use of it says its role. It is the same for every fleet, and a change
 * of it needs every device to connect anew: when the streams that an account exports or imports change, the server
 * (2.15.2) takes their subscriptions from leaf connections that are open, and says so to nobody but its log.
 */
export const SHARES: readonly Share[] = [
	{ kind: "service", from: "DEVICES", subject: `${apiPrefix("*")}.>` },
	// Flow control of the edge streams, in the form with the domain: `$JS.FC.<domain>.<hash>.<stream>.<consumer>.<n>`.
	{ kind: "service", from: "DEVICES", subject: "$JS.FC.*.*.*.*.*" },
	{ kind: "stream", from: "DEVICES", subject: `${deliverPrefix("*")}.>` },
	// Flow control of the hub's consumers, in the short form that the hub is configured for.
	{ kind: "stream", from: "DEVICES", subject: "$JS.FC.*.*.*" },
	{ kind: "stream", from: "HUB", subject: `${downDeliverPrefix("*")}.*` },
	{
		kind: "service",
		from: "HUB",
		subject: "$JS.API.CONSUMER.RESET.*.*",
		as: `${DOWNLINK_API}.CONSUMER.RESET.$1.$2`,
	},
];
