import { createInbox, type NatsConnection } from "nats";

/** Messages that were sent to a stream, each with its number, and when which was acknowledged. */
export interface Writes {
	/** Time of the acknowledgement by number of the message, milliseconds of this process. */
	readonly acknowledged: ReadonlyMap<number, number>;
	/** How many were sent so far. */
	sent(): number;
	stop(): void;
}

export interface WriteOptions {
	/** Most messages that wait for their acknowledgement. */
	readonly inFlight: number;
	/** Number of the first message. @default 0 */
	readonly from?: number;
	/** @default its number */
	readonly payload?: (number: number) => Uint8Array | string;
}

/** Keeps a number of messages on their way, until it is stopped. None is sent twice. */
export function keepWriting(
	connection: NatsConnection,
	subject: string,
	{ inFlight, from = 0, payload = String }: WriteOptions,
): Writes {
	const acknowledged = new Map<number, number>();
	const inbox = createInbox();
	let sent = from;
	let stopped = false;
	const fill = () => {
		while (!stopped && sent - from - acknowledged.size < inFlight) {
			const number = sent++;
			connection.publish(subject, payload(number), { reply: `${inbox}.${number}` });
		}
	};
	const subscription = connection.subscribe(`${inbox}.*`, {
		callback: (error, message) => {
			if (error || stopped || !/"seq"/.test(message.string())) return;
			acknowledged.set(Number(message.subject.slice(inbox.length + 1)), performance.now());
			fill();
		},
	});
	fill();
	return {
		acknowledged,
		sent: () => sent - from,
		stop() {
			stopped = true;
			subscription.unsubscribe();
		},
	};
}

/** What a power cut took of the writes. */
export interface Loss {
	readonly acknowledged: number;
	readonly lost: number;
	/** How long before the cut the oldest of the lost was acknowledged, milliseconds; 0 if none was lost. */
	readonly oldestMs: number;
	/** Longest time between two acknowledgements, or between the last one and the cut, milliseconds. */
	readonly silenceMs: number;
}

/** @param cutAt when the power was cut @param kept numbers that are in the stream */
export function lossOf({ acknowledged }: Writes, cutAt: number, kept: ReadonlySet<number>): Loss {
	const lost = [...acknowledged].filter(([number]) => !kept.has(number)).map(([, at]) => cutAt - at);
	const times = [...acknowledged.values(), cutAt];
	const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
	return {
		acknowledged: acknowledged.size,
		lost: lost.length,
		oldestMs: Math.round(lost.reduce((oldest, age) => Math.max(oldest, age), 0)),
		silenceMs: Math.round(gaps.reduce((longest, gap) => Math.max(longest, gap), 0)),
	};
}
