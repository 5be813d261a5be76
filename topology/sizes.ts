import type { Link } from "../config/model";
import { deliverSubject, downDeliverSubject, downFilter, edgePrefix, edgeStreamName, edgeSubjects } from "./names";

/**
 * What one message costs in a store and on the link, in bytes. Each estimate is on the safe side; where a fleet file
 * cannot know (the tail of a subject, headers), an allowance stands in.
 */

/** A record of JetStream's file store: 4 length + 8 sequence + 8 time + 2 subject length + 8 hash (`fileStoreMsgSizeRaw`). */
const RECORD = 30;

/** Length field of the headers, in a record that has any. */
const HEADER_LENGTH = 4;

/** Allowance for what follows `<device>.<class>.` in a subject. */
const SUBJECT_TAIL = 32;

/** Allowance for headers of the publisher; `Nats-Msg-Id` with a UUID takes 62 with its frame. */
const HEADERS = 64;

/** `NATS/1.0`, `Nats-Stream-Source: `, and line ends. */
const SOURCE_HEADER_FRAME = 36;

/** Hashes of API prefix and consumer, the sequence, and separators in the value of `Nats-Stream-Source`. */
const SOURCE_HEADER_FIXED = 50;

/** TCP, IP and TLS around batches of messages: 40 bytes a segment of 1,400 and 29 a TLS record, rounded up. */
const PACKET_FACTOR = 1.05;

/**
 * What leaf compression leaves of a byte. Measured on JSON-like messages with s2_fast: 274 to 46 bytes, a factor of
 * 0.17. CAN frames are denser than JSON, so the budget counts on much less.
 */
const COMPRESSED: Readonly<Record<Link["compression"], number>> = {
	off: 1,
	s2_fast: 0.5,
	s2_better: 0.45,
	s2_best: 0.4,
};

/** In a stream on the device. */
export function edgeStoredBytes(device: string, className: string, payload: number): number {
	return RECORD + HEADER_LENGTH + HEADERS + edgePrefix(device, className).length + 1 + SUBJECT_TAIL + payload;
}

/** In an uplink's stream on the hub, which adds a header that names the origin, with the source's transform: `*.*.>`. */
export function hubStoredBytes(device: string, className: string, payload: number): number {
	const transform = 6 + edgeSubjects(device, className).length + 1;
	const subject = edgePrefix(device, className).length + 1 + SUBJECT_TAIL;
	const header =
		SOURCE_HEADER_FRAME + SOURCE_HEADER_FIXED + edgeStreamName(device, className).length + transform + subject;
	return edgeStoredBytes(device, className, payload) + header;
}

/** In a downlink's stream, on the hub and, with the header that the device adds, on the device. */
export function downStoredBytes(device: string, className: string, payload: number): number {
	return RECORD + HEADER_LENGTH + HEADERS + downFilter(device, className).length + SUBJECT_TAIL + 150 + payload;
}

/**
 * On the link before compression. The line is `LMSG <deliver> <reply>@<subject> <header size> <size>`, the reply
 * `$JS.ACK.<domain>.<account hash>.<stream>.<consumer>.<five numbers>`. 128 bytes of payload were measured to take 274.
 */
export function wireBytes(device: string, className: string, payload: number): number {
	const line = 5 + deliverSubject(device, className).length + replyLength(edgeStreamName(device, className), 3) + 16;
	const subject = edgePrefix(device, className).length + 1 + SUBJECT_TAIL;
	return Math.ceil((line + subject + payload) * PACKET_FACTOR);
}

/** On the link from the hub, before compression. */
export function downWireBytes(device: string, className: string, payload: number): number {
	const line = 5 + downDeliverSubject(device, className).length + replyLength(`hub_${className}`, device.length) + 16;
	return Math.ceil((line + downFilter(device, className).length + SUBJECT_TAIL + payload) * PACKET_FACTOR);
}

function replyLength(stream: string, consumer: number): number {
	return 8 + 12 + 9 + stream.length + 1 + consumer + 1 + 2 + 10 + 10 + 20 + 8;
}

/** What is left of a byte on the link, counted on for the budget. */
export function compressionFactor(compression: Link["compression"]): number {
	return COMPRESSED[compression];
}
