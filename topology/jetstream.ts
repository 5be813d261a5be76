/**
 * The parts of JetStream's JSON API that leafline speaks, as plain data. Durations are nanoseconds, sizes bytes, as on
 * the wire. Durable sourcing (`ack_policy: flow_control`, `source.consumer`) needs nats-server 2.14 and is typed by no
 * client library yet.
 */

export interface StreamConfig {
	name: string;
	description?: string;
	subjects?: string[];
	retention: "limits" | "interest" | "workqueue";
	storage: "file" | "memory";
	discard: "old" | "new";
	num_replicas: number;
	/** @default what the server allows, 1,000 */
	max_consumers?: number;
	max_msgs: number;
	max_bytes: number;
	/** Nanoseconds, 0 for none. */
	max_age: number;
	/** Messages under one subject; the oldest go. @default no limit */
	max_msgs_per_subject?: number;
	max_msg_size?: number;
	/** Nanoseconds, 0 for none. */
	duplicate_window?: number;
	compression?: "none" | "s2";
	allow_direct?: boolean;
	/** Publishers get no acknowledgement. @default false */
	no_ack?: boolean;
	/** Once set, a server refuses to unset it. @default false */
	deny_delete?: boolean;
	deny_purge?: boolean;
	subject_transform?: SubjectTransform;
	sources?: StreamSource[];
	/** leafline makes no mirrors, but sees those of others. */
	mirror?: StreamSource;
	/** Publishes what it stores once more. leafline does so with orders of a rollout, others may. */
	republish?: SubjectTransform & { headers_only?: boolean };
	/** `async` acknowledges before a message is written. @default "default" */
	persist_mode?: "default" | "async";
	metadata?: Record<string, string>;
}

export interface SubjectTransform {
	src: string;
	dest: string;
}

export interface StreamSource {
	name: string;
	/** Only of an ordinary source; always 1, else a late device loses its backlog. */
	opt_start_seq?: number;
	filter_subject?: string;
	subject_transforms?: SubjectTransform[];
	external?: { api: string; deliver: string };
	/** The durable consumer on the origin's stream, for durable sourcing. */
	consumer?: { name: string; deliver_subject: string };
}

export interface ConsumerConfig {
	durable_name: string;
	name?: string;
	description?: string;
	deliver_policy: "all" | "new" | "last" | "last_per_subject" | "by_start_time";
	opt_start_time?: string;
	ack_policy: "none" | "all" | "explicit" | "flow_control";
	ack_wait?: number;
	max_deliver?: number;
	replay_policy: "instant" | "original";
	deliver_subject?: string;
	flow_control?: boolean;
	idle_heartbeat?: number;
	max_ack_pending?: number;
	rate_limit_bps?: number;
	filter_subject?: string;
}
