/** Bytes of headers that a stream takes with one message (nats-server 2.15.2, `math.MaxUint16` in stream.go). */
const MOST_HEADERS = 65_535;

/**
 * Room for the header `Nats-Stream-Source`, which a source adds to each message, without the message's own subject, which
 * stands in it too. leafline's server keeps as much free (`room_for_headers.go`).
 */
export const SOURCE_HEADER_ROOM = 1024;

/**
 * Bytes of headers that a message on this subject may have to be sourced. With more of them the hub refuses it, again
 * and again, and everything of its stream that comes after it waits.
 */
export function roomForHeaders(subject: string): number {
	return MOST_HEADERS - SOURCE_HEADER_ROOM - Buffer.byteLength(subject);
}
