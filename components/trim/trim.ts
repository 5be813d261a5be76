import { HUB_CONSUMER } from "../../topology/names";
import { trimBefore } from "../../topology/trim";

/** Asks the JetStream API of one device: `STREAM.INFO.<stream>` and so on, without the domain's prefix. */
export type AskDevice = (request: string, body?: unknown) => Promise<Readonly<Record<string, unknown>>>;

export interface Trimmed {
	readonly stream: string;
	/** Messages that the hub has, and that made room. */
	readonly purged: number;
}

/**
 * Makes room in one stream of a device, where room is needed and the hub has the messages.
 * @throws Error when the device does not answer, or answers with an error
 */
export async function trimStream(ask: AskDevice, stream: string): Promise<Trimmed> {
	const info = await reply(ask, `STREAM.INFO.${stream}`);
	const { state, config } = info as {
		state: { messages: number; bytes: number; first_seq: number };
		config: { max_bytes: number };
	};
	const stored = {
		messages: state.messages,
		bytes: state.bytes,
		firstSequence: state.first_seq,
		maxBytes: config.max_bytes,
	};
	// Everything there is counts as acknowledged here: the second question is asked only when it matters.
	if (trimBefore(stored, Number.MAX_SAFE_INTEGER - 1) === undefined) return { stream, purged: 0 };
	const consumer = await reply(ask, `CONSUMER.INFO.${stream}.${HUB_CONSUMER}`);
	const { stream_seq: acknowledged } = consumer.ack_floor as { stream_seq: number };
	const before = trimBefore(stored, acknowledged);
	if (before === undefined) return { stream, purged: 0 };
	const { purged } = await reply(ask, `STREAM.PURGE.${stream}`, { seq: before });
	return { stream, purged: Number(purged) };
}

async function reply(ask: AskDevice, request: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
	const answer = await ask(request, body);
	const error = answer.error as { description?: string } | undefined;
	if (error) throw new Error(`${request}: ${error.description ?? "refused"}`);
	return answer;
}
