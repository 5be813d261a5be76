import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import { consumerInfo, streamInfo } from "../../../jetstream/calls";
import { JetStreamError, NoAnswer } from "../../../jetstream/errors";
import type { Patience } from "../../../jetstream/patience";
import { type Position, positionOf } from "../../../jetstream/position";
import { putConsumer } from "../../../jetstream/put";
import { sleep } from "../../../system/wait";
import { flowControlled } from "../../../topology/edge";
import type { StreamSource } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import type { SourceOrigin } from "./source-origin";

const AGAIN_MS = 500;
/** A server asks a source that does not answer again after 10 s. */
const UNTIL_HEARD_MS = 15_000;
/** What was on its way when a stream was made anew has come by then. */
const MARGIN_MS = 2_000;
/** Of a consumer that is only there to be asked; an update that sources through it makes it as it is to be. */
const WINDOW = 256;

/**
 * How far a hub's stream is with a source that it has, as `positionOf`. Where no message shows which stream that was (all
 * of them have aged out, or were purged), the device does: a stream that was made anew, as each start of its server makes
 * one in memory, has given the hub nothing yet, and the place that the hub tells is in the one before.
 */
export async function placeIn(
	way: Control,
	hub: StreamInfo,
	source: StreamSource,
	{ api, info }: Pick<SourceOrigin, "api" | "info">,
	patience: Patience,
): Promise<Position> {
	const told = await positionOf(way.api(HUB_DOMAIN), hub, { ...info, name: source.name }, patience);
	if (told.proven || told.seq === 0) return { ...told, proven: true };
	if (!source.consumer) return { ...told, proven: heardSince(hub, source.name, info) };
	// A consumer is of this stream alone, and what it has acknowledged is what the hub has of it.
	const consumer = await consumerInfo(api, source.name, source.consumer.name, patience);
	return { ...told, proven: (consumer?.ack_floor.stream_seq ?? -1) >= told.seq };
}

/** As `placeIn`, waiting until the two sides have heard of each other. @returns a text where they do not */
export async function certainPlace(
	way: Control,
	existing: StreamInfo,
	source: StreamSource,
	origin: Pick<SourceOrigin, "api" | "info">,
	patience: Patience,
): Promise<Position | string> {
	const deadline = Math.min(patience.deadline, Date.now() + UNTIL_HEARD_MS);
	// A device that goes away meanwhile must not hold up the others.
	const short = { ...patience, deadline: deadline + UNTIL_HEARD_MS, timeoutsMs: [2_000, 5_000] };
	try {
		for (let hub = existing, first = true; ; first = false) {
			const place = await placeIn(way, hub, source, origin, short);
			if (place.proven) return place;
			// Without its consumer the hub hears nothing of it, and never will.
			if (first) await ensureConsumer(source, origin, short);
			if (Date.now() >= deadline) return `the hub has to hear of ${source.name} first, to know where in it it is`;
			await sleep(AGAIN_MS);
			hub = (await streamInfo(way.api(HUB_DOMAIN), existing.config.name, patience)) ?? existing;
		}
	} catch (error) {
		if (!(error instanceof JetStreamError && error.who === origin.api.domain)) throw error;
		return error instanceof NoAnswer ? "no answer" : error.message;
	}
}

/** An ordinary source hears through a consumer that the hub makes itself, and asks then which stream it is. */
function heardSince(hub: StreamInfo, name: string, { created, ts }: StreamInfo): boolean {
	const source = hub.sources?.find((each) => each.name === name);
	const active = source?.active ?? -1;
	// Both by the clock of the device.
	const age = Date.parse(ts ?? "") - Date.parse(created ?? "");
	return active >= 0 && active / 1e6 + MARGIN_MS < age;
}

async function ensureConsumer(
	{ name, consumer }: StreamSource,
	{ api }: Pick<SourceOrigin, "api">,
	patience: Patience,
): Promise<void> {
	if (!consumer || (await consumerInfo(api, name, consumer.name, patience))) return;
	const wanted = { durable_name: consumer.name, deliver_subject: consumer.deliver_subject, ...flowControlled(WINDOW) };
	await putConsumer(api, name, wanted, patience);
}
