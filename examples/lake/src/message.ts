import type { JsMsg } from "nats";

/** A message as it goes into a file. */
export interface Row {
	/** Who wrote it: `<device>_<class>` and the stream's identity. */
	readonly key: string;
	readonly device: string;
	/** Sequence on the device: the message's name, however often the hub gets it. */
	readonly deviceSeq: number;
	readonly hubSeq: number;
	/** When it came to the hub, by the hub's clock, in nanoseconds. */
	readonly arrival: bigint;
	/** When it was made, by the device's clock, in nanoseconds; if the message says so. */
	readonly origin: bigint | undefined;
	readonly subject: string;
	readonly id: string | undefined;
	readonly headers: Readonly<Record<string, string[]>>;
	readonly payload: Uint8Array;
}

/** How the hub delivered a message: each delivery since the consumer was set has the next `delivery`, from 1. */
export interface Delivery {
	readonly hubSeq: number;
	readonly delivery: number;
	readonly time: bigint;
}

/** Written by the hub behind all that came with a message: `<stream>:<api>… <sequence> <filter> <to> <subject> <identity>`. */
const SOURCE = "Nats-Stream-Source";
/** What a publisher may say: when the message was made, RFC 3339 with up to nine digits of a second. */
export const TIME = "Leafline-Time";
/** Whose it is when nobody can be sure: only a device that was taken over makes these. */
export const NOBODY = "_nobody";

export function deliveryOf({ info }: JsMsg): Delivery {
	// The client has the time as a number, which is exact to 256 ns.
	return { hubSeq: info.streamSequence, delivery: info.deliverySequence, time: BigInt(info.timestampNanos) };
}

/** @param created when the hub's stream was made: what is nobody's is told apart by its sequence there */
export function rowOf(message: JsMsg, created: string): Row {
	const { hubSeq, time } = deliveryOf(message);
	const headers = headersOf(message);
	const { [SOURCE]: sources = [], ...others } = headers;
	const from = writer(sources.at(-1) ?? "", message.subject);
	return {
		...(from ?? { key: `${NOBODY}@${created}`, device: NOBODY, deviceSeq: hubSeq }),
		hubSeq,
		arrival: time,
		origin: readTime(headers[TIME]?.at(-1)),
		subject: message.subject,
		id: headers["Nats-Msg-Id"]?.at(-1),
		headers: others,
		payload: message.data,
	};
}

/** A header that cannot be read is none. */
function headersOf(message: JsMsg): Record<string, string[]> {
	try {
		const { headers } = message;
		return Object.fromEntries([...(headers?.keys() ?? [])].map((name) => [name, headers?.values(name) ?? []]));
	} catch {
		return {};
	}
}

function writer(source: string, subject: string): Pick<Row, "key" | "device" | "deviceSeq"> | undefined {
	const [index = "", sequence = "", , , , identity = ""] = source.split(" ");
	const stream = index.split(":", 1)[0] ?? "";
	const [, device, kind] = /^([a-z0-9-]+)_([a-z0-9]+)$/.exec(stream) ?? [];
	const tokens = subject.split(".");
	const literal = tokens.length > 2 && !tokens.some((token) => token === "" || token === "*" || token === ">");
	if (device === undefined || tokens[0] !== device || tokens[1] !== kind || !literal) return undefined;
	if (!/^\d+$/.test(sequence) || !Number.isSafeInteger(Number(sequence))) return undefined;
	return { key: `${stream} ${identity}`, device, deviceSeq: Number(sequence) };
}

/** Nanoseconds since 1970 of an RFC 3339 time. */
export function readTime(text = ""): bigint | undefined {
	const [, seconds, fraction = "", zone] =
		/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
	const at = Date.parse(`${seconds}${zone}`);
	return Number.isNaN(at) ? undefined : BigInt(at) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
