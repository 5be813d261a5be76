import * as z from "zod";
import { foreign } from "../config/printable";
import type { StreamSource } from "../topology/jetstream";

/**
 * What JetStream answers (nats-server 2.15, `server/jetstream_api.go`), as far as leafline reads it. Other fields pass
 * as they came. Numbers are exact, what has a limit in the server has the same one here, and what contradicts itself is
 * no answer.
 */

/** `JSMaxNameLen` and the length of a line in the protocol. */
const name = z.string().min(1).max(255);
const subject = z.string().max(4096);
const text = z.string().max(4096);
const count = z.int().min(0);
/** A limit; -1 for none. */
const limit = z.int().min(-1);

/** As the server writes it, RFC 3339 with up to nine digits of a second. */
export const time = z
	.string()
	.max(40)
	.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/, "expected a time");

/** Text that is only shown. */
export const shownText = z.string().transform((value) => foreign(value));

/** `JSMaxMetadataLen`: 128 KiB of keys and values. */
const METADATA_BYTES = 128 << 10;
const metadata = z.record(z.string(), z.string()).refine((map) => {
	let bytes = 0;
	for (const [key, value] of Object.entries(map)) bytes += key.length + value.length;
	return bytes <= METADATA_BYTES;
}, "more than the 128 KiB that a server takes");

export const refusal = z.object({
	code: z.int().exactOptional(),
	err_code: z.int().exactOptional(),
	description: shownText.default("refused"),
});

const transform = z.looseObject({ src: subject, dest: subject });
const external = z.looseObject({ api: subject, deliver: subject.default("") });
const sourceConfig: z.ZodType<StreamSource> = z.looseObject({
	name,
	opt_start_seq: count.exactOptional(),
	filter_subject: subject.exactOptional(),
	subject_transforms: z.array(transform).max(1_000).exactOptional(),
	external: external.exactOptional(),
	consumer: z.looseObject({ name, deliver_subject: subject }).exactOptional(),
});

export const streamConfig = z.looseObject({
	name,
	description: text.exactOptional(),
	subjects: z.array(subject).max(10_000).exactOptional(),
	retention: text.exactOptional(),
	storage: text.exactOptional(),
	discard: text.exactOptional(),
	num_replicas: count.exactOptional(),
	max_msgs: limit.exactOptional(),
	max_bytes: limit.default(-1),
	max_age: count.exactOptional(),
	max_msg_size: limit.exactOptional(),
	max_msgs_per_subject: limit.exactOptional(),
	duplicate_window: count.exactOptional(),
	subject_transform: transform.exactOptional(),
	sources: z.array(sourceConfig).max(10_000).exactOptional(),
	mirror: sourceConfig.exactOptional(),
	metadata: metadata.exactOptional(),
});

const streamState = z
	.looseObject({
		messages: count,
		bytes: count,
		first_seq: count,
		last_seq: count,
		first_ts: time.exactOptional(),
		last_ts: time.exactOptional(),
		// What publishers make of them, up to the length that the server takes.
		subjects: z.record(z.string(), count).exactOptional(),
	})
	.refine(
		({ messages, first_seq, last_seq }) => messages === 0 || (first_seq > 0 && messages <= last_seq - first_seq + 1),
		"more messages than sequences",
	);

/**
 * A count that a server has from a device and passes on. Whatever the device makes of it, the answer is the server's,
 * and about all of them: what is too big is the biggest that there is, what is none is 0.
 */
const passedOn = z.number().transform((value) => Math.min(Math.max(0, value), Number.MAX_SAFE_INTEGER));

/** How far a stream is with one of its sources, or a mirror with its origin. */
const sourceState = z.looseObject({
	name,
	seq: passedOn.exactOptional(),
	lag: passedOn.exactOptional(),
	/** Nanoseconds since it was heard, -1 for never. */
	active: z.number().exactOptional(),
	external: external.exactOptional(),
	error: refusal.catch({ description: "refused" }).exactOptional(),
});

const server = z.string().max(255);
const cluster = z.looseObject({
	leader: server.exactOptional(),
	replicas: z
		.array(z.looseObject({ name: server, current: z.boolean().exactOptional(), offline: z.boolean().exactOptional() }))
		.max(100)
		.exactOptional(),
});

export const streamInfo = z.looseObject({
	config: streamConfig,
	/** When it was made. */
	created: time.exactOptional(),
	/** The server's clock. */
	ts: time.exactOptional(),
	state: streamState,
	domain: z.string().max(255).exactOptional(),
	/** Only of a stream that sources. */
	sources: z.array(sourceState).max(10_000).exactOptional(),
	cluster: cluster.exactOptional(),
	/** Subjects there are, where they were asked for. */
	total: count.exactOptional(),
});

export const consumerConfig = z.looseObject({
	durable_name: name.exactOptional(),
	filter_subject: subject.exactOptional(),
	deliver_subject: subject.exactOptional(),
	max_ack_pending: z.int().exactOptional(),
	/** Nanoseconds. */
	ack_wait: z.int().exactOptional(),
	metadata: metadata.exactOptional(),
});

const place = z.looseObject({ stream_seq: count, consumer_seq: count, last_active: time.exactOptional() });

export const consumerInfo = z.looseObject({
	stream_name: name,
	name,
	created: time.exactOptional(),
	/** The server's clock. */
	ts: time.exactOptional(),
	config: consumerConfig,
	/** The last message that it sent out. */
	delivered: place,
	/** The last message up to which all are acknowledged. */
	ack_floor: place,
	/** Whether somebody listens where a push consumer delivers to. */
	push_bound: z.boolean().exactOptional(),
	/** Messages not yet delivered. */
	num_pending: count,
	/** Messages delivered and not yet acknowledged. */
	num_ack_pending: count,
	paused: z.boolean().exactOptional(),
	/** Nanoseconds. */
	pause_remaining: z.number().exactOptional(),
});

const page = { total: count, offset: count.exactOptional(), limit: count.exactOptional() };
/** Of one page; the server gives 256, or 1,024 names, and null for none. */
const PAGE = 1_024;
export const streamList = z.looseObject({ ...page, streams: z.array(streamInfo).max(PAGE).nullable() });
export const streamNames = z.looseObject({ ...page, streams: z.array(name).max(PAGE).nullable() });
export const consumerList = z.looseObject({ ...page, consumers: z.array(consumerInfo).max(PAGE).nullable() });
export const consumerNames = z.looseObject({ ...page, consumers: z.array(name).max(PAGE).nullable() });

export const storedMessage = z.looseObject({
	message: z.looseObject({
		subject: z.string(),
		seq: count,
		time,
		/** Base64. */
		hdrs: z.base64().exactOptional(),
		data: z.base64().exactOptional(),
	}),
});

export const paused = z.looseObject({ paused: z.boolean() });
export const done = z.looseObject({ success: z.literal(true) });
export const purged = z.looseObject({ success: z.literal(true), purged: count });
export const accountInfo = z.looseObject({ memory: count, storage: count, streams: count, consumers: count });

/** What a stream says to a message that it was to store. */
export const stored = z.looseObject({ stream: name, seq: count });

export type StreamInfo = z.output<typeof streamInfo>;
export type ConsumerInfo = z.output<typeof consumerInfo>;
export type StoredMessage = z.output<typeof storedMessage>;
