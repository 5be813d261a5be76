import type { Fleet } from "../config/model";
import type { HubShard } from "./hub-budget";
import type { Problem } from "./model";

/**
 * How many consumers the hub's streams may have. A downlink has one a device, for each may acknowledge and reset its own
 * only; the server takes 1,000 a stream unless the stream says otherwise (`JSDefaultMaxConsumersPerStream` in
 * `jetstream_api.go` of nats-server 2.15), and an unlimited stream counts as one that says nothing.
 */

/**
 * What a hub holds, over all of its downlinks: tried with 2.15.2, push consumers as devices have them, on 2 cores.
 *
 * One copy: 10,000 take 450 MB, 6% of a core while nothing happens, and are back 2 s after a restart. Three copies: each
 * is a Raft group of its own. 2,000 take 260 MB and 16% of a core of every node, and are back after 18 s; 5,000 took 97 s,
 * and a third of the questions about one of them got no answer for a while after that.
 */
const MOST_ON_A_HUB = { single: 10_000, replicated: 2_000 } as const;

/** Readers that the server takes on one stream which states no limit. */
const MOST_READERS = 1_000;

/** `max_consumers` of a downlink's stream. A constant, so that no device more changes the stream. */
export function maxConsumers(replicas: number): number {
	return MOST_ON_A_HUB[copiesOf(replicas)];
}

type Copies = keyof typeof MOST_ON_A_HUB;

function copiesOf(replicas: number): Copies {
	return replicas > 1 ? "replicated" : "single";
}

/** What devices or readers are too many for. */
export function tooManyConsumers(
	fleet: Fleet,
	shards: readonly HubShard[],
	replicasOfStream: (stream: string) => number,
): Problem[] {
	const inCopies = (copies: Copies) =>
		shards.filter(({ direction, stream }) => direction === "downlink" && copiesOf(replicasOfStream(stream)) === copies);
	return [
		...tooManyDevices(fleet, inCopies("replicated"), "replicated"),
		...tooManyDevices(fleet, inCopies("single"), "single"),
		...tooManyReaders(fleet),
	];
}

/** Devices that a hub stream has to do with: all but those that are lost. */
export function servingDevices(fleet: Fleet, { devices }: Pick<HubShard, "devices">): string[] {
	return devices.filter((device) => fleet.devices[device]?.retired !== "lost");
}

function tooManyDevices(fleet: Fleet, downlinks: readonly HubShard[], copies: Copies): Problem[] {
	const consumers = downlinks.reduce((sum, shard) => sum + servingDevices(fleet, shard).length, 0);
	const most = MOST_ON_A_HUB[copies];
	const [first] = downlinks;
	if (first === undefined || consumers <= most) return [];
	const names = downlinks.map((shard) => shard.class).join(", ");
	const replicated = copies === "replicated";
	return [
		{
			document: "fleet",
			path: ["downlink", first.class],
			message:
				`${names} ${downlinks.length === 1 ? "needs" : "need"} ${consumers} consumers on the hub, one a device, ` +
				`and a hub was seen to hold ${most}${replicated ? " in three copies" : ""}`,
			remedy:
				"divide the fleet into several stacks, or send what is for a device under fewer classes" +
				(replicated ? ", or state replicas: 1 for a class whose commands may wait for a node that is gone" : ""),
		},
	];
}

function tooManyReaders({ consumers }: Fleet): Problem[] {
	const byClass = new Map<string, number>();
	for (const reader of Object.values(consumers)) byClass.set(reader.class, (byClass.get(reader.class) ?? 0) + 1);
	return [...byClass]
		.filter(([, readers]) => readers > MOST_READERS)
		.map(([name, readers]) => ({
			document: "fleet",
			path: ["consumers"],
			message: `${name} has ${readers} readers, and a stream takes ${MOST_READERS} consumers`,
			remedy: "let several workers share a reader: each then gets a part of its messages",
		}));
}
