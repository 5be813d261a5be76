import { HUB_CONSUMER } from "../topology/names";
import { trimBefore } from "../topology/trim";
import { type Ask, reply, type StreamInfo } from "./ask";

/**
 * Makes room in one stream of a device, where room is needed and the hub has the messages.
 * @returns messages that were purged
 * @throws Error when the device does not answer, or answers with an error
 */
export async function trimStream(request: Ask["request"], { config, state }: StreamInfo): Promise<number> {
	const stored = {
		messages: state.messages,
		bytes: state.bytes,
		firstSequence: state.first_seq,
		maxBytes: config.max_bytes,
	};
	// Everything there is counts as acknowledged here: the second question is asked only when it matters.
	if (trimBefore(stored, Number.MAX_SAFE_INTEGER - 1) === undefined) return 0;
	const consumer = await reply(request, `CONSUMER.INFO.${config.name}.${HUB_CONSUMER}`);
	const { stream_seq: acknowledged } = consumer.ack_floor as { stream_seq: number };
	const before = trimBefore(stored, acknowledged);
	if (before === undefined) return 0;
	const { purged } = await reply(request, `STREAM.PURGE.${config.name}`, { seq: before });
	return Number(purged);
}

/** As `trimStream`, for one who has not looked yet. @throws also when there is no such stream */
export async function trimNamed(request: Ask["request"], stream: string): Promise<number> {
	return trimStream(request, (await reply(request, `STREAM.INFO.${stream}`)) as unknown as StreamInfo);
}
