import type { Topology } from "./model";
import { apiPrefix, deliverPrefix, downDeliverPrefix } from "./names";

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
 * The hub's JetStream API as devices see it: they may reset their own consumers, nothing else. It cannot be
 * `$JS.hub.API`, which the hub's account takes from the devices' account with `$JS.*.API`: the server would drop an
 * import that leads back.
 */
export const DOWNLINK_DOMAIN = "down";

/** Names of the hub's streams that feed devices, sorted. */
export function downlinkStreams(topology: Pick<Topology, "hubStreams">): string[] {
	const streams = Object.entries(topology.hubStreams).filter(([, { direction }]) => direction === "downlink");
	return streams.map(([name]) => name).sort();
}

/** Every device's role, as a template. `downlinks` are the names of the hub's streams that feed devices. */
export function deviceRole(downlinks: readonly string[]): Role {
	const down = apiPrefix(DOWNLINK_DOMAIN);
	return {
		publish: [
			`${deliverPrefix(DEVICE)}.>`,
			// Replies to the hub's requests. The server lets leaf nodes send them in any case; listed, they are asked for.
			"_R_.>",
			...downlinks.flatMap((stream) => [`${down}.CONSUMER.RESET.${stream}.${DEVICE}`, `$JS.FC.${stream}.${DEVICE}.*`]),
		],
		subscribe: [
			`${apiPrefix(DEVICE)}.>`,
			`$JS.FC.${DEVICE}.>`,
			...(downlinks.length > 0 ? [`${downDeliverPrefix(DEVICE)}.>`] : []),
			...downlinks.map((stream) => `$JSC.R.${DOWNLINK_DOMAIN}.*.${stream}.${DEVICE}.*`),
		],
		connections: ["LEAFNODE"],
	};
}

/** Manages the streams of the hub and of every device. `direct`: on the hub's client port as well. */
export function adminRole({ direct }: { readonly direct: boolean }): Role {
	return {
		// On the hub itself its server turns `$JS.hub.API` into `$JS.API` before it looks at the permissions.
		publish: ["$JS.*.API.>", "down.>", ...(direct ? ["$JS.API.>"] : [])],
		subscribe: ["_INBOX.>"],
		connections: direct ? ["LEAFNODE", "STANDARD"] : ["LEAFNODE"],
	};
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
 * What the accounts exchange. Wildcards, so that a device more changes no account: what one device may use of it
 * says its role.
 */
export function shares(downlinks: readonly string[]): readonly Share[] {
	return [
		{ kind: "service", from: "DEVICES", subject: `${apiPrefix("*")}.>` },
		// Flow control of the edge streams, in the form with the domain: `$JS.FC.<domain>.<hash>.<stream>.<consumer>.<n>`.
		{ kind: "service", from: "DEVICES", subject: "$JS.FC.*.*.*.*.*" },
		{ kind: "stream", from: "DEVICES", subject: `${deliverPrefix("*")}.>` },
		...(downlinks.length > 0 ? [{ kind: "stream", from: "HUB", subject: `${downDeliverPrefix("*")}.*` } as const] : []),
		...downlinks.flatMap((stream): Share[] => [
			{
				kind: "service",
				from: "HUB",
				subject: `$JS.API.CONSUMER.RESET.${stream}.*`,
				as: `${apiPrefix(DOWNLINK_DOMAIN)}.CONSUMER.RESET.${stream}.$1`,
			},
			// Flow control of the hub's consumers, in the short form that the hub is configured for.
			{ kind: "stream", from: "DEVICES", subject: `$JS.FC.${stream}.*.*` },
		]),
	];
}
