import { originDomain } from "../../topology/graph";
import { type DesignStream, type Maybe, UNKNOWN } from "../model";
import { block, flag, isRecord, list, number, type Plain, type PlainRecord, text } from "./plain";
import { originOf, type Resource } from "./resource";

/** Resources of the `jetstream` provider, which is bridged from Terraform's, by type. */
export const JETSTREAM = {
	stream: "jetstream:index/stream:Stream",
	consumer: "jetstream:index/consumer:Consumer",
} as const;

const SECOND = 1_000_000_000;
const STREAM_ID = "JETSTREAM_STREAM_";

/** Streams that a program makes without leafline, with their consumers. */
export function foreignStreams(resources: readonly Resource[]): DesignStream[] {
	const streams = resources.filter(({ type }) => type === JETSTREAM.stream);
	const consumers = resources.filter(({ type }) => type === JETSTREAM.consumer);
	const configs = new Map(streams.map((stream) => [stream, streamConfig(stream.inputs)]));
	const domains = domainsOf(configs);
	return streams.map((stream): DesignStream => {
		const config = configs.get(stream) ?? {};
		const { name } = config;
		const own = consumers.filter((consumer) => belongs(consumer, stream, name));
		return {
			origin: originOf(stream, typeof name === "string" ? name : stream.name),
			domain: domains.get(stream.provider) ?? stream.provider,
			side: "foreign",
			critical: false,
			config: config as DesignStream["config"],
			consumers: Object.fromEntries(own.map(({ name: label, inputs }) => consumerConfig(label, inputs))),
		};
	});
}

/**
 * A provider talks to one server, and does not say in which domain that is. Whoever sources one of its streams by
 * `external.api` does; where nobody does, the provider's own name stands for its domain.
 */
function domainsOf(configs: ReadonlyMap<Resource, PlainRecord>): ReadonlyMap<string, string> {
	const providers = new Map<string, Set<string>>();
	for (const [{ provider }, { name }] of configs) {
		if (typeof name === "string") {
			providers.set(name, (providers.get(name) ?? new Set()).add(provider));
		}
	}
	const domains = new Map<string, string>();
	for (const { sources, mirror } of configs.values()) {
		const taken: readonly Plain[] = [...list(sources), mirror];
		for (const source of taken) {
			const api = isRecord(source) && isRecord(source.external) ? source.external.api : undefined;
			const [provider, another] = isRecord(source) ? (providers.get(String(source.name)) ?? []) : [];
			if (typeof api === "string" && api !== "" && provider !== undefined && another === undefined) {
				domains.set(provider, originDomain({ external: { api, deliver: "" } }, ""));
			}
		}
	}
	return domains;
}

/** The stream as the provider asks the server for it. It counts seconds, the server nanoseconds. */
function streamConfig(inputs: PlainRecord): PlainRecord {
	const { subjects, sources, mirror, republishSource, republishDestination } = inputs;
	return {
		name: text(inputs.name, ""),
		...(subjects !== undefined && { subjects }),
		retention: text(inputs.retention, "limits"),
		storage: text(inputs.storage, "file"),
		discard: text(inputs.discard, "old"),
		num_replicas: number(inputs.replicas, 1),
		max_msgs: number(inputs.maxMsgs, -1),
		max_bytes: number(inputs.maxBytes, -1),
		max_age: nanoseconds(inputs.maxAge, 0),
		max_msg_size: number(inputs.maxMsgSize, -1),
		duplicate_window: nanoseconds(inputs.duplicateWindow, 120),
		...(sources !== undefined && { sources: sources === UNKNOWN ? UNKNOWN : list(sources).map(source) }),
		...(mirror !== undefined && { mirror: source(Array.isArray(mirror) ? mirror[0] : mirror) }),
		...((republishSource !== undefined || republishDestination !== undefined) && {
			republish: republishDestination === UNKNOWN ? UNKNOWN : republish(republishSource, republishDestination),
		}),
	};
}

function republish(from: Plain, to: Plain): Plain {
	return { src: text(from, ">"), dest: text(to, "") };
}

function source(value: Plain): Plain {
	if (!isRecord(value)) {
		return value;
	}
	const external = block(value.external);
	const start = number(value.startSeq, undefined);
	const filter = text(value.filterSubject, undefined);
	return {
		name: text(value.name, ""),
		...(start !== undefined && { opt_start_seq: start }),
		...(filter !== undefined && { filter_subject: filter }),
		...(external === UNKNOWN && { external }),
		...(isRecord(external) && {
			external: { api: text(external.api, ""), deliver: text(external.deliver, "") },
		}),
	};
}

/** By name, or as long as the stream's id is unknown by where the id comes from. */
function belongs({ inputs, origins }: Resource, stream: Resource, name: Plain): boolean {
	const id = text(inputs.streamId, undefined);
	return typeof id === "string"
		? id === `${STREAM_ID}${String(name)}`
		: origins.streamId?.includes(stream.urn) === true;
}

function consumerConfig(label: string, inputs: PlainRecord): [string, DesignStream["consumers"][string]] {
	const name = text(inputs.durableName, label);
	const optional = {
		deliver_policy: deliverPolicy(inputs),
		deliver_subject: text(inputs.deliverySubject, undefined),
		max_ack_pending: number(inputs.maxAckPending, undefined),
		filter_subject: text(inputs.filterSubject, undefined),
	};
	const config = {
		durable_name: name,
		ack_policy: text(inputs.ackPolicy, "explicit"),
		replay_policy: text(inputs.replayPolicy, "instant"),
		flow_control: flag(inputs.flowControl),
		...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
	};
	return [typeof name === "string" ? name : label, config as unknown as DesignStream["consumers"][string]];
}

/** The provider has a switch for each; without any the server decides. */
function deliverPolicy(inputs: PlainRecord): Maybe<string> | undefined {
	const switches: readonly (readonly [Plain, string])[] = [
		[inputs.deliverAll, "all"],
		[inputs.deliverNew, "new"],
		[inputs.deliverLast, "last"],
		[inputs.deliverLastPerSubject, "last_per_subject"],
	];
	const on = switches.find(([value]) => flag(value) === true);
	if (on !== undefined) {
		return on[1];
	}
	const { startTime, streamSequence } = inputs;
	if (startTime !== undefined || streamSequence !== undefined) {
		return startTime === undefined ? "by_start_sequence" : "by_start_time";
	}
	return switches.some(([value]) => value === UNKNOWN) ? UNKNOWN : undefined;
}

/** -1 seconds is the provider's "for ever". */
function nanoseconds(seconds: Plain, fallback: number): Maybe<number> {
	const value = number(seconds, fallback);
	return value === UNKNOWN ? UNKNOWN : Math.max(0, value) * SECOND;
}
