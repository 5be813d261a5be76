import { resetConsumer, streamInfo } from "../../jetstream/calls";
import { lastUnder } from "../../jetstream/position";
import { putStream } from "../../jetstream/put";
import { sleep } from "../../system/wait";
import type { StreamConfig } from "../../topology/jetstream";
import { HUB_CONSUMER } from "../../topology/names";
import { UserError } from "../errors";
import { type Place, patience } from "./see";

/** What was under way to the hub is stored by then. */
const STORED_MS = 1_000;

/**
 * Has the hub source a stream anew, behind what it holds of it. A server keeps in memory how far its consumer said that
 * it was, and drops what comes from before; so the source goes and comes back.
 * @param after last sequence that the hub had
 */
export async function sourceAnew({ edge, hub, hubStream, stream }: Place, after: number): Promise<void> {
	const found = await streamInfo(hub, hubStream, patience());
	const source = found?.config.sources?.find(({ name }) => name === stream);
	if (!found || !source) throw new UserError(`${hubStream} does not source ${stream} any more`);
	const config = found.config as unknown as StreamConfig;
	const others = config.sources?.filter(({ name }) => name !== stream) ?? [];
	await putStream(hub, { ...config, sources: others }, found, patience());
	try {
		await sleep(STORED_MS);
		const destinations = (source.subject_transforms ?? []).map(({ dest }) => dest);
		const last = await lastUnder(hub, hubStream, destinations, stream, patience());
		await resetConsumer(edge, stream, HUB_CONSUMER, Math.max(after, last?.seq ?? 0) + 1, patience());
	} finally {
		await putStream(hub, config, found, patience());
	}
}
