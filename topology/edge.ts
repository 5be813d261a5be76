import type { ConsumerConfig, StreamConfig } from "./jetstream";
import type { EdgeClass, EdgeGroup, EdgeStream } from "./model";
import {
	deliverSubject,
	downConsumerName,
	downDeliverSubject,
	edgePrefix,
	edgeStreamName,
	edgeSubjects,
	HUB_CONSUMER,
	hubStreamName,
} from "./names";
import { DOWNLINK_API } from "./permissions";
import { prefixed } from "./subjects";

const SECOND = 1_000_000_000;

/** Publishers that repeat a message with the same `Nats-Msg-Id` within this time are heard once. */
const DUPLICATE_WINDOW = 120 * SECOND;

/**
 * The streams of one device, in the order of the classes, with the hub's durable consumer on each uplink. The provider,
 * policies and the device's own bundle all make them with this function.
 *
 * @throws Error when the device is not in the group
 */
export function expandEdge(group: EdgeGroup, device: string): EdgeStream[] {
	if (!Object.hasOwn(group.devices, device)) {
		throw new Error(`${device} is no device of group ${group.group}`);
	}
	return Object.entries(group.classes).map(([name, settings]) => ({
		device,
		class: name,
		stream: settings.direction === "uplink" ? uplink(device, name, settings) : downlink(device, name, settings),
		...(settings.direction === "uplink" &&
			settings.sourcing === "durable" && { consumer: sourcingConsumer(device, name, settings.window) }),
	}));
}

function uplink(device: string, name: string, settings: EdgeClass): StreamConfig {
	const [accepts] = settings.accepts;
	return {
		...common(device, name, settings),
		subjects: [edgeSubjects(device, name), ...settings.accepts],
		// The server allows one transform a stream, hence one pattern a class.
		...(accepts !== undefined && {
			subject_transform: { src: accepts, dest: prefixed(edgePrefix(device, name), accepts) },
		}),
	};
}

/**
 * A stream without subjects of its own, which sources the device's part of the hub's stream through a durable consumer there.
 * The hub is addressed under the one name that devices may use, which reaches nothing but their own consumers.
 */
function downlink(device: string, name: string, settings: EdgeClass): StreamConfig {
	const source = {
		name: hubStreamName(name),
		consumer: { name: downConsumerName(device), deliver_subject: downDeliverSubject(device, name) },
		external: { api: DOWNLINK_API, deliver: "" },
	};
	return { ...common(device, name, settings), sources: [source] };
}

function common(device: string, name: string, { storage, discard, maxBytes, maxAgeMs }: EdgeClass): StreamConfig {
	return {
		name: edgeStreamName(device, name),
		retention: "limits",
		storage,
		discard,
		num_replicas: 1,
		max_msgs: -1,
		max_bytes: maxBytes,
		max_age: maxAgeMs * 1_000_000,
		// The server refuses a window longer than the age limit.
		duplicate_window: maxAgeMs > 0 ? Math.min(DUPLICATE_WINDOW, maxAgeMs * 1_000_000) : DUPLICATE_WINDOW,
		compression: "none",
		allow_direct: true,
	};
}

/** What the hub sources a class through. The server accepts `flow_control` only with exactly this heartbeat. */
export function sourcingConsumer(device: string, name: string, window: number): ConsumerConfig {
	return { durable_name: HUB_CONSUMER, deliver_subject: deliverSubject(device, name), ...flowControlled(window) };
}

/** The part that durable sourcing's consumers have in common, in both directions. */
export function flowControlled(window: number): Omit<ConsumerConfig, "durable_name"> {
	return {
		ack_policy: "flow_control",
		flow_control: true,
		idle_heartbeat: SECOND,
		deliver_policy: "all",
		replay_policy: "instant",
		max_ack_pending: window,
	};
}
