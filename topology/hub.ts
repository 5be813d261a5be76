import type { DeliverPolicy, Fleet, HubConsumer, Settings } from "../config/model";
import { BEGIN, BEGIN_FIRST } from "./begin";
import { maxConsumers, servingDevices } from "./consumers";
import { flowControlled } from "./edge";
import type { HubShard } from "./hub-budget";
import type { ConsumerConfig, StreamConfig, StreamSource, SubjectTransform } from "./jetstream";
import type { HubBudget, HubStream, LinkBudget } from "./model";
import {
	apiPrefix,
	deliverPrefix,
	deliverSubject,
	downConsumerName,
	downDeliverSubject,
	downFilter,
	downSubjects,
	edgeStreamName,
	edgeSubjects,
	HUB_CONSUMER,
	hubStreamName,
	STRAY_SUBJECT,
} from "./names";
import { RESERVE_KEY, reservedRate } from "./reserve";
import { shardOf } from "./shards";

const MILLISECOND = 1_000_000;

/**
 * The hub streams of a fleet, with the devices of each. Lost devices still count: without them, a shard could vanish
 * from the plan together with everything it holds.
 */
export function hubShards(fleet: Fleet): HubShard[] {
	const devices = Object.keys(fleet.devices).sort();
	const uplinks = Object.entries(fleet.classes).flatMap(([name, { shards }]) => {
		const members = new Map<number, string[]>();
		for (const device of devices) {
			const shard = shardOf(device, shards);
			members.set(shard, [...(members.get(shard) ?? []), device]);
		}
		return [...members.keys()]
			.sort((a, b) => a - b)
			.map((shard): HubShard => {
				const stream = hubStreamName(name, shard);
				return { stream, class: name, direction: "uplink", devices: members.get(shard) ?? [] };
			});
	});
	const downlinks = Object.keys(fleet.downlink).map((name): HubShard => {
		return { stream: hubStreamName(name), class: name, direction: "downlink", devices };
	});
	return [...uplinks, ...downlinks];
}

/**
 * A hub stream with its sources and consumers.
 *
 * `discard: new` together with an age limit: a hub that is full because keep, rates or sizes were misjudged stops
 * taking, the devices go on buffering, and it takes again as old messages age out. With `discard: old` it would drop
 * what no reader has seen. (Tried on 2.15.2: 2,000 of 2,000 arrived, in order, after room was made.) There is no limit
 * to a message's size, because a message that the hub refuses stops its source for ever; and no duplicate window,
 * because two devices may use the same `Nats-Msg-Id`.
 *
 * A device that drains stays a source until it is taken out. One that is lost is none any more: what the hub has of it
 * stays, as long as everything else of its age. A stream that lost its last source has neither sources nor subjects;
 * the server then gives it its own name as subject, on which no device may publish.
 */
export function hubStream(
	fleet: Fleet,
	settings: Settings,
	shard: HubShard,
	budgets: { readonly hub: HubBudget; readonly link: Readonly<Record<string, LinkBudget>> },
): HubStream {
	const { maxBytes = -1, replicas = 1 } = budgets.hub.streams[shard.stream] ?? {};
	const serving = servingDevices(fleet, shard);
	const uplink = shard.direction === "uplink";
	const keepMs = (uplink ? fleet.classes[shard.class]?.hub.keepMs : fleet.downlink[shard.class]?.keepMs) ?? 0;
	const config: StreamConfig = {
		name: shard.stream,
		...(uplink
			? { subject_transform: STRAYS }
			: { subjects: [downSubjects(shard.class)], max_consumers: maxConsumers(replicas) }),
		retention: "limits",
		storage: "file",
		discard: "new",
		num_replicas: replicas,
		max_msgs: -1,
		max_bytes: maxBytes,
		max_age: keepMs * MILLISECOND,
		duplicate_window: 0,
		compression: "none",
		allow_direct: true,
		metadata: uplink ? { [BEGIN]: BEGIN_FIRST } : { [RESERVE_KEY]: reservedRate(planned(fleet, shard)) },
		...(uplink && serving.length > 0 && { sources: serving.map((device) => source(device, shard.class, settings)) }),
	};
	const consumers = uplink ? readers(fleet, shard.class) : feeders(fleet, shard.class, serving, budgets.link);
	return { class: shard.class, direction: shard.direction, devices: serving, config, consumers };
}

/** Messages a second that a downlink is planned for. */
function planned({ downlink }: Fleet, shard: HubShard): number {
	return (downlink[shard.class]?.rate ?? 0) * shard.devices.length;
}

/**
 * The transform puts the device's own name and class before every message, whatever subject it was stored under: a
 * device can write any subject into its own stream, and no reader of the hub may take it for another device's. Whatever
 * legitimately lies there has three tokens or more; for the rest see `STRAYS`.
 *
 * There is one, because the server joins several with form feeds in a header of every message, at which older clients
 * give up (docs/clients.md); because the header holds its destination; and because it is a part of the source's
 * identity, which nothing but a migration may change.
 */
function source(device: string, name: string, settings: Settings): StreamSource {
	const subject_transforms = [{ src: "*.*.>", dest: edgeSubjects(device, name) }];
	const origin = { name: edgeStreamName(device, name), subject_transforms };
	const api = apiPrefix(device);
	if (settings.sourcing === "durable") {
		const consumer = { name: HUB_CONSUMER, deliver_subject: deliverSubject(device, name) };
		return { ...origin, external: { api, deliver: "" }, consumer };
	}
	return { ...origin, opt_start_seq: 1, external: { api, deliver: deliverPrefix(device) } };
}

/**
 * What the hub's stream does with a subject of two tokens, which the transform of a source lets through: only a device
 * that was taken over stores one, and `truck2.can` must not pass for another device's. It costs no byte, and is no part
 * of a source's identity. A single token is no device's and stays.
 */
const STRAYS: SubjectTransform = { src: "*.*", dest: STRAY_SUBJECT };

const DELIVER: Readonly<Record<DeliverPolicy, ConsumerConfig["deliver_policy"]>> = {
	all: "all",
	new: "new",
	last: "last",
	"last-per-subject": "last_per_subject",
	"by-start-time": "by_start_time",
};

/** The fleet file's readers of a class, by name; the same on each of its shards. */
function readers(fleet: Fleet, className: string): Record<string, ConsumerConfig> {
	const own = Object.entries(fleet.consumers).filter(([, reader]) => reader.class === className);
	return Object.fromEntries(own.map(([name, reader]) => [name, readerConfig(name, reader)]));
}

function readerConfig(name: string, reader: HubConsumer): ConsumerConfig {
	return {
		durable_name: name,
		deliver_policy: DELIVER[reader.deliver],
		...(reader.startTime !== undefined && { opt_start_time: reader.startTime }),
		ack_policy: "explicit",
		ack_wait: reader.ackWaitMs * MILLISECOND,
		max_deliver: -1,
		replay_policy: "instant",
		max_ack_pending: reader.maxAckPending,
		...(reader.filter !== undefined && { filter_subject: reader.filter }),
	};
}

/** One durable consumer a device, which only that device may reset and acknowledge. */
function feeders(
	fleet: Fleet,
	className: string,
	devices: readonly string[],
	links: Readonly<Record<string, LinkBudget>>,
): Record<string, ConsumerConfig> {
	return Object.fromEntries(
		devices.map((device) => {
			const window = links[fleet.devices[device]?.group ?? ""]?.windows[className] ?? 64;
			const config: ConsumerConfig = {
				durable_name: downConsumerName(device),
				deliver_subject: downDeliverSubject(device, className),
				filter_subject: downFilter(device, className),
				...flowControlled(window),
			};
			return [downConsumerName(device), config];
		}),
	);
}
