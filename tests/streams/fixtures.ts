import type { EdgeStreamsProps } from "../../components/streams/provider/edge-streams";
import type { Props } from "../../components/streams/provider/handler";
import type { StreamProps } from "../../components/streams/provider/stream-props";
import type { Connection } from "../../control/connection";
import { BEGIN, BEGIN_FIRST } from "../../topology/begin";
import type { StreamConfig, StreamSource } from "../../topology/jetstream";
import type { EdgeClass, EdgeStream } from "../../topology/model";

export const DAY = 86_400_000_000_000;

/** What `STREAM.CREATE` takes for a hub stream of the class `can`, without sources. */
export function hubConfig(changes: Partial<StreamConfig> = {}): StreamConfig {
	return {
		name: "hub_can",
		retention: "limits",
		storage: "file",
		discard: "old",
		num_replicas: 1,
		max_msgs: -1,
		max_bytes: 100_000_000,
		max_age: 7 * DAY,
		duplicate_window: 0,
		metadata: { [BEGIN]: BEGIN_FIRST },
		...changes,
	};
}

/** The source that takes a device's class over its durable consumer. */
export function source(device: string, name = "can"): StreamSource {
	return {
		name: `${device}_${name}`,
		consumer: { name: "hub", deliver_subject: `deliver.${device}.${name}` },
		external: { api: `$JS.${device}.API`, deliver: "" },
		subject_transforms: [
			{ src: "*.*.>", dest: `${device}.${name}.>` },
			{ src: "*.*", dest: `${device}.${name}` },
			{ src: "*", dest: `${device}.${name}` },
		],
	};
}

export function sources(...devices: string[]): Record<string, StreamSource> {
	return Object.fromEntries(devices.map((device) => [`${device}_can`, source(device)]));
}

export function streamProps(connection: Connection, changes: Partial<StreamProps> = {}): Props {
	const props: StreamProps = {
		connection,
		resourceUrn: "urn:pulumi:test::leafline::pulumi-nodejs:dynamic/leafline:Stream::hub_can",
		owner: "leafline/test",
		adopt: false,
		allowDataLoss: false,
		config: hubConfig(),
		sources: {},
		consumers: {},
		...changes,
	};
	return { ...props };
}

export const CAN: EdgeClass = {
	direction: "uplink",
	accepts: ["vehicle.>"],
	storage: "file",
	discard: "new",
	maxBytes: 50_000_000,
	maxAgeMs: 0,
	window: 256,
	sourcing: "durable",
};

export function edgeProps(
	connection: Connection,
	devices: readonly string[],
	changes: Partial<EdgeStreamsProps> = {},
): Props {
	const props: EdgeStreamsProps = {
		connection,
		resourceUrn: "urn:pulumi:test::leafline::pulumi-nodejs:dynamic/leafline:EdgeStreams::north",
		owner: "leafline/test",
		key: "north",
		adopt: [],
		allowDataLoss: false,
		ignorePending: false,
		group: "north",
		classes: { can: CAN },
		devices: Object.fromEntries(devices.map((device) => [device, {}])),
		...changes,
	};
	return { ...props };
}

/** One device's stream of the class `can`, with the consumer that the hub sources it through. */
export function edgeStream(device: string, changes: Partial<StreamConfig> = {}): EdgeStream {
	return {
		device,
		class: "can",
		stream: {
			name: `${device}_can`,
			subjects: [`${device}.can.>`, "vehicle.>"],
			subject_transform: { src: "vehicle.>", dest: `${device}.can.vehicle.>` },
			retention: "limits",
			storage: "file",
			discard: "new",
			num_replicas: 1,
			max_msgs: -1,
			max_bytes: 50_000_000,
			max_age: 0,
			...changes,
		},
		consumer: {
			durable_name: "hub",
			deliver_subject: `deliver.${device}.can`,
			deliver_policy: "all",
			ack_policy: "flow_control",
			replay_policy: "instant",
			flow_control: true,
			idle_heartbeat: 1_000_000_000,
			max_ack_pending: 256,
		},
	};
}
