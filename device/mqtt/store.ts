import { type NatsConnection, NatsError } from "nats";
import { messageOf } from "../../system/message";

/** A message on its way into the stream of a class. */
export interface Message {
	readonly subject: string;
	/** Name of the stream that must have it. */
	readonly stream: string;
	readonly payload: Uint8Array;
	/** `Nats-Msg-Id`: said again under it, the message is stored once. */
	readonly id: string;
}

/**
 * What became of one attempt. `stored`: the stream says that it has the message. `full`: it says that it has not, and may
 * take it later. `away`: nobody has said anything, so it may be stored or not. `wrong`: no stream will ever take it.
 */
export type Outcome = { readonly is: "stored" | "full" | "away" } | { readonly is: "wrong"; readonly why: string };

const ANSWER_MS = 3_000;
/** The client library's code for what is larger than the server takes, and for a subject that is none. */
const WRONG = ["MAX_PAYLOAD_EXCEEDED", "BAD_SUBJECT"];

/** Publishes a message once, with acknowledgement. Never throws. */
export async function attempt(nats: NatsConnection | undefined, message: Message): Promise<Outcome> {
	if (!nats) return { is: "away" };
	const { subject, stream, payload, id } = message;
	try {
		const expect = { streamName: stream };
		await nats.jetstream().publish(subject, payload, { msgID: id, expect, timeout: ANSWER_MS });
		return { is: "stored" };
	} catch (error) {
		return outcomeOf(error);
	}
}

function outcomeOf(error: unknown): Outcome {
	if (!(error instanceof NatsError)) return { is: "away" };
	// A stream that is full says 503, "maximum bytes exceeded" (10077); 4xx is about the message.
	if (error.api_error) {
		return error.api_error.code < 500 ? { is: "wrong", why: error.api_error.description } : { is: "full" };
	}
	return WRONG.includes(error.code) ? { is: "wrong", why: messageOf(error) } : { is: "away" };
}
