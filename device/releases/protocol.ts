/** The leaf nodes' protocol as far as one asks with it: messages and lines, cut out of what comes. */

export interface Message {
	readonly subject: string;
	/** Status of the answer, 200 where its headers state none. */
	readonly status: number;
	/** What follows the status, as it came. */
	readonly description: string;
	readonly data: Buffer;
}

export interface Listener {
	message(message: Message): void;
	/** Anything else, for example `INFO {…}`, `PING`, `-ERR '…'`. */
	line(line: string): void;
}

/** An INFO has some hundred bytes, and a message one chunk. Who sends more is no hub of ours. */
export const LONGEST_LINE = 65_536;
export const LARGEST_MESSAGE = 1 << 20;

/** @returns takes what came. @throws when it is not of this protocol */
export function splitter(listener: Listener): (data: Buffer) => void {
	let rest: Buffer = Buffer.alloc(0);
	/** Bytes with which the message under way is whole. */
	let wanted = 0;
	return (data) => {
		rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
		while (rest.length >= wanted) {
			const end = rest.indexOf("\r\n");
			if (end < 0 && rest.length > LONGEST_LINE) throw new Error("a line without an end");
			if (end < 0) return;
			const line = rest.subarray(0, end).toString("latin1");
			if (!/^[LH]MSG /.test(line)) {
				rest = rest.subarray(end + 2);
				listener.line(line);
				continue;
			}
			const head = headOf(line);
			wanted = end + 2 + head.bytes + 2;
			if (rest.length < wanted) return;
			const body = rest.subarray(end + 2, end + 2 + head.bytes);
			rest = rest.subarray(wanted);
			wanted = 0;
			listener.message(messageOf(head, body));
		}
	};
}

interface Head {
	readonly subject: string;
	readonly headerBytes: number;
	readonly bytes: number;
}

/** `LMSG <subject> [reply] <size>`, and `HMSG` with the size of the headers before that of all. */
function headOf(line: string): Head {
	const [verb, subject = "", ...more] = line.split(" ");
	const bytes = Number(more.at(-1));
	const headerBytes = verb === "HMSG" ? Number(more.at(-2)) : 0;
	const whole = [bytes, headerBytes].every((it) => Number.isInteger(it) && it >= 0);
	if (!whole || headerBytes > bytes || bytes > LARGEST_MESSAGE) throw new Error("a message of a size that none has");
	return { subject, headerBytes, bytes };
}

function messageOf({ subject, headerBytes }: Head, body: Buffer): Message {
	// `NATS/1.0 404 Message Not Found`, or `NATS/1.0` alone.
	const [, status = "200", description = ""] =
		/^NATS\/1\.0(?: (\d{3}))?(?: ([^\r\n]*))?\r\n/.exec(body.subarray(0, headerBytes).toString("latin1")) ?? [];
	return { subject, status: Number(status), description, data: Buffer.from(body.subarray(headerBytes)) };
}

/** One message, for the wire. */
export function leafMessage(subject: string, reply: string, body = ""): string {
	return `LMSG ${subject} ${reply} ${Buffer.byteLength(body)}\r\n${body}\r\n`;
}
