import { deliverPrefix, downDeliverPrefix, edgeStreamName, fillerSubject, HUB_CONSUMER } from "./names";

/**
 * What programs on a device may not do, who connect to its loopback port without credentials. They keep everything else:
 * their own subjects, questions and answers, streams, buckets and consumers of their own, publishing into the classes,
 * reading the streams of the device. The server takes no other form of it: what they publish on is theirs to choose.
 */
export interface Denials {
	/** Subjects on which they may not publish. */
	readonly publish: readonly string[];
	/** Subjects that they may not hear. */
	readonly subscribe: readonly string[];
}

/** Names of the classes that a device has streams of. */
export interface DeviceClasses {
	readonly uplinks: readonly string[];
	readonly downlinks: readonly string[];
}

/** The data path between device and hub: what crosses the link, and what servers say to each other about streams. */
const BETWEEN_SERVERS = [
	deliverPrefix(">"),
	downDeliverPrefix(">"),
	"$DOWN.>",
	"_R_.>",
	"$JSC.>",
	"$JS.S.>",
	"$JS.M.>",
];

/**
 * The API of another domain. A device's own is not meant: the server takes its prefix away before it looks at what a user
 * may do, so that `$JS.truck-001.API.STREAM.PURGE.…` is judged as `$JS.API.STREAM.PURGE.…`.
 */
const OTHER_DOMAINS = "$JS.*.API.>";

/** Calls on a stream that change what it is or holds; all of them in the form with the stream as last token. */
export const STREAM_CALLS: readonly string[] = [
	...["CREATE", "UPDATE", "DELETE", "PURGE", "RESTORE", "SNAPSHOT", "CANCEL_MOVE"],
	...["MSG.DELETE", "LEADER.*", "PEER.*"],
];

/**
 * Calls on the hub's consumer. `CONSUMER.CREATE.<stream>` takes the name from its body, so that one goes altogether: it is
 * how clients from before nats-server 2.9 make consumers that have no name.
 */
function consumerCalls(stream: string): string[] {
	const named = ["CREATE", "DELETE", "PAUSE", "RESET", "UNPIN", "*.*"];
	return [
		`CREATE.${stream}`,
		`CREATE.${stream}.${HUB_CONSUMER}.>`,
		...named.map((call) => `${call}.${stream}.${HUB_CONSUMER}`),
	];
}

/** @param device its name */
export function programDenials(device: string, { uplinks, downlinks }: DeviceClasses): Denials {
	const streams = [...uplinks, ...downlinks].map((name) => edgeStreamName(device, name));
	return {
		publish: [
			...BETWEEN_SERVERS,
			OTHER_DOMAINS,
			"$JS.EVENT.>",
			// Flow control in the short form is for consumers of the hub; a device's own have the long one.
			"$JS.FC.*.*.*",
			...["ACCOUNT", "META", "SERVER"].map((part) => `$JS.API.${part}.>`),
			...streams.flatMap((stream) => STREAM_CALLS.map((call) => `$JS.API.STREAM.${call}.${stream}`)),
			...uplinks.flatMap((name) => uplinkDenials(device, name)),
		],
		subscribe: [...BETWEEN_SERVERS, OTHER_DOMAINS, "$JS.API.>", "$JS.ACK.>", "$JS.FC.>"],
	};
}

/** Who acknowledges for the hub makes the device throw away what the hub has not got. */
function uplinkDenials(device: string, name: string): string[] {
	const stream = edgeStreamName(device, name);
	return [
		...consumerCalls(stream).map((call) => `$JS.API.CONSUMER.${call}`),
		...["$JS.ACK", "$JS.ACK.*.*", "$JS.FC", "$JS.FC.*.*"].map((prefix) => `${prefix}.${stream}.${HUB_CONSUMER}.>`),
		fillerSubject(device, name),
	];
}
