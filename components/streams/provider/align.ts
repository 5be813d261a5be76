import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { consumerInfo, deleteConsumer, resetConsumer, streamInfo } from "../../../jetstream/calls";
import { compareConsumer } from "../../../jetstream/compare";
import type { Patience } from "../../../jetstream/patience";
import type { Positions, Sourced } from "../../../jetstream/position";
import { mendConsumer } from "../../../jetstream/put";
import { sleep } from "../../../system/wait";
import type { ConsumerConfig } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import { consumerRejectedByServer } from "./rules";

/** A server that connects again sets its consumer back to what was acknowledged; catching up takes it a moment. */
const SETTLING_MS = 2_000;

/**
 * Makes a consumer that another domain sources through as asked, and sees to it that it stands where that other domain
 * is. A server that looks for its consumer sets it to the consumer's own acknowledgements, and drops what it has
 * already: when the consumer is behind by more than its window, nothing is acknowledged any more and it stops for good.
 */
export async function settleSourcingConsumer(
	api: Api,
	stream: string,
	wanted: ConsumerConfig,
	positions: Positions,
	patience: Patience,
): Promise<void> {
	const found = await consumerInfo(api, stream, wanted.durable_name, patience);
	const rejected = found ? consumerRejectedByServer(found.config as unknown as ConsumerConfig, wanted) : [];
	if (rejected.length > 0) await deleteConsumer(api, stream, wanted.durable_name, patience);
	const changed = found ? compareConsumer(wanted, found.config).map(({ field }) => field) : [];
	if (!found || changed.length > 0) await mendConsumer(api, stream, wanted, changed, patience);
	await align(api, stream, wanted.durable_name, positions, patience);
}

/** Sets a consumer that is behind the stream which sources through it to where that stream is. */
export async function align(
	api: Api,
	stream: string,
	consumer: string,
	positions: Positions,
	patience: Patience,
): Promise<void> {
	if (!(await misplaced(api, stream, consumer, positions, patience))) return;
	const info = await streamInfo(api, stream, patience);
	const { seq, proven } = await positions.find(sourced(stream, info));
	// Where a device says it is, that has the hub's messages: it cannot have what the hub has not.
	if (api.domain === HUB_DOMAIN && seq > (info?.state.last_seq ?? 0)) return;
	if (proven && seq > 0) await resetConsumer(api, stream, consumer, seq + 1, patience);
}

/** As `misplaced`, and not only for the moment that it takes a server to find its consumer again. */
export async function misplacedFor(...where: Parameters<typeof misplaced>): Promise<string | undefined> {
	if ((await misplaced(...where)) === undefined) return undefined;
	await sleep(SETTLING_MS);
	return misplaced(...where);
}

/** What is wrong with the place where a consumer stands; undefined if nothing is. */
export async function misplaced(
	api: Api,
	stream: string,
	consumer: string,
	positions: Positions,
	patience: Patience,
): Promise<string | undefined> {
	const at = await positions.told(stream);
	// Asked after the other side: a consumer that is well is never behind what was there by then.
	const found = at > 0 ? await consumerInfo(api, stream, consumer, patience) : undefined;
	if (!found || found.delivered.stream_seq >= at) return undefined;
	// The other side tells a place in an earlier stream of the name until it hears of the new one, by a message perhaps.
	const { seq, proven } = await positions.find(sourced(stream, await streamInfo(api, stream, patience)));
	if (proven && found.delivered.stream_seq >= seq) return undefined;
	return `has sent up to ${found.delivered.stream_seq}, and ${at} is there already`;
}

function sourced(name: string, info: StreamInfo | undefined): Sourced {
	return { name, ...(info?.created !== undefined && { created: info.created }) };
}
