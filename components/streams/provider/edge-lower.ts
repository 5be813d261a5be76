import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { consumerInfo, purgeBefore, streamInfo } from "../../../jetstream/calls";
import type { Patience } from "../../../jetstream/patience";
import type { Positions } from "../../../jetstream/position";
import type { ConsumerConfig, StreamConfig } from "../../../topology/jetstream";
import { atStake, type Holding, type Lowered, loweredLimits } from "./rules";

/** Each takes away what is too much by the mean size of a message, or what lies before a gap in the sequences. */
const MOST_STEPS = 100;

/** Who says what the hub has of a device's stream. */
export interface HubSide {
	/** That the hub sources it through, as it is to be; undefined for an ordinary source. */
	readonly consumer: ConsumerConfig | undefined;
	readonly positions: Positions;
}

/**
 * Sees to it that a stream's lower limits delete nothing that the hub does not have. The oldest messages go, as many as
 * the limits would take, and none that the hub has yet to get: a stream that is published into all the time is never
 * wholly at the hub, and one that drops its oldest may be full for good.
 * @returns what would be lost; undefined if the limits may be lowered now
 */
export async function lossOf(
	api: Api,
	wanted: StreamConfig,
	info: StreamInfo,
	{ consumer, positions }: HubSide,
	patience: Patience,
): Promise<string | undefined> {
	const lowered = loweredLimits(info.config as unknown as StreamConfig, wanted);
	const lost = atStake(lowered, info.state);
	if (lost.length === 0) return undefined;
	const reader = consumer && (await consumerInfo(api, wanted.name, consumer.durable_name, patience));
	if (reader && reader.num_pending + reader.num_ack_pending === 0) return undefined;
	const { seq, proven } = await positions.find({ ...info, name: wanted.name });
	if (proven && (await fits(api, wanted.name, lowered, seq, patience))) return undefined;
	const what = lost.map(({ field, from, to }) => `${field} from ${from} to ${to}`).join(", ");
	return `${wanted.name}: lowering ${what} would delete messages that the hub does not have yet`;
}

/** Whether limits delete nothing any more behind what the hub has, once what it has is taken away as far as they ask for. */
async function fits(
	api: Api,
	name: string,
	lowered: readonly Lowered[],
	had: number,
	patience: Patience,
): Promise<boolean> {
	for (let step = 0; step < MOST_STEPS; step++) {
		const state = (await streamInfo(api, name, patience))?.state;
		if (!state || had >= state.last_seq) return true;
		const lost = atStake(lowered, state);
		if (lost.length === 0) return true;
		const first = state.first_seq ?? 1;
		const most = Math.max(...lost.map((limit) => tooMany(limit, state)));
		if (first > had || most === 0) return false;
		await purgeBefore(api, name, Math.min(had, first - 1 + most) + 1, patience);
	}
	return false;
}

/** Messages of the mean size that a limit deletes; 0 where it does not go by how many there are. */
function tooMany({ field, to }: Lowered, { messages, bytes }: Holding): number {
	if (field === "max_bytes") return Math.ceil(((bytes - Number(to)) * messages) / bytes);
	return field === "max_msgs" ? messages - Number(to) : 0;
}
