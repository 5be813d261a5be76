import type { StreamInfo } from "../../jetstream/answers";
import type { Api } from "../../jetstream/api";
import { consumerInfo, streamInfo } from "../../jetstream/calls";
import type { Patience } from "../../jetstream/patience";
import { type Position, positionOf, toldPosition } from "../../jetstream/position";
import { sleep } from "../../system/wait";
import type { ConsumerConfig } from "../../topology/jetstream";
import { deviceDomain, edgeStreamName, HUB_CONSUMER, HUB_DOMAIN } from "../../topology/names";
import { changedFields } from "../fleet/consumer";
import { nextFrom } from "../fleet/edges";
import type { Hub } from "../fleet/hub";
import { firstLost } from "../fleet/seen";
import type { Seen } from "./diagnose";

/** A source that lives moves within this time, over a slow link as well. */
const MOVES_MS = 6_000;
const LOOK_MS = 500;

/** One class of one device, and the ways to both ends of it. */
export interface Place {
	readonly device: string;
	readonly stream: string;
	readonly hubStream: string;
	readonly edge: Api;
	readonly hub: Api;
	/** What the hub sources it through. */
	readonly wanted?: ConsumerConfig;
}

export function place(
	hub: Hub,
	device: string,
	className: string,
	hubStream: string,
	wanted: ConsumerConfig | undefined,
): Place {
	return {
		...(wanted && { wanted }),
		device,
		stream: edgeStreamName(device, className),
		hubStream,
		edge: hub.api(deviceDomain(device)),
		hub: hub.api(HUB_DOMAIN),
	};
}

/** A device on a slow link that is catching up answers late. */
export const patience = (): Patience => ({ deadline: Date.now() + 30_000, timeoutsMs: [3_000, 10_000, 20_000] });

/** Looks for up to some seconds whether the hub's position moves, where something waits. @throws NoAnswer, ApiError */
export async function see(at: Place): Promise<Seen> {
	const { stream } = at;
	const here = await streamInfo(at.edge, stream, patience());
	const before = await hubSide(at, here);
	if (!here || !before.sourcing) return { ...gone(at, before), ...(here && { lastSeq: here.state.last_seq ?? 0 }) };
	// Looked at in between: a consumer that is well is never behind what the hub had before, nor ahead of what it has after.
	const consumer =
		before.sourcing === "durable" ? await consumerInfo(at.edge, stream, HUB_CONSUMER, patience()) : undefined;
	const after = await hubSide(at, here);
	const lastSeq = here.state.last_seq ?? 0;
	const waiting = consumer ? consumer.num_pending + consumer.num_ack_pending : lastSeq - after.position.seq;
	// A consumer that still sends what the hub has keeps what comes after it, and may stop before it is through.
	const { seq } = after.position;
	const waits = lastSeq === seq ? (consumer?.num_pending ?? 0) > 0 : waiting > 0 && lastSeq > seq;
	const moves = waits ? await goesOn(at, { lastSeq, after: seq }, MOVES_MS) : undefined;
	const floor = consumer?.ack_floor.stream_seq ?? 0;
	const following = () => nextFrom(at.edge, stream, seq + 1, patience());
	const behind = floor > seq ? await following() : undefined;
	const lost = firstLost(floor, behind);
	const next = moves === false ? (behind ?? (await following().catch(() => undefined))) : undefined;
	return {
		stream,
		lastSeq,
		sourcing: before.sourcing,
		...(consumer && {
			consumer: {
				delivered: consumer.delivered.stream_seq,
				ackFloor: consumer.ack_floor.stream_seq,
				paused: consumer.paused === true,
				heard: consumer.push_bound === true,
				changed: changedFields(at.wanted, consumer),
			},
		}),
		before: before.position.seq,
		after: after.position.seq,
		proven: after.position.proven,
		...(lost !== undefined && { lost }),
		...(moves !== undefined && { moves }),
		...(next && { next }),
	};
}

interface HubSide {
	readonly sourcing?: "durable" | "ordinary";
	readonly position: Position;
}

async function hubSide({ hub, hubStream, stream }: Place, here: StreamInfo | undefined): Promise<HubSide> {
	const info = await streamInfo(hub, hubStream, patience());
	const source = info?.config.sources?.find(({ name }) => name === stream);
	if (!info || !source) return { position: { seq: 0, proven: false } };
	const sourced = { name: stream, ...(here?.created !== undefined && { created: here.created }) };
	const position = await positionOf(hub, info, sourced, patience());
	return { sourcing: source.consumer ? "durable" : "ordinary", position };
}

function gone({ stream }: Place, { position }: HubSide): Seen {
	return { stream, before: position.seq, after: position.seq, proven: position.proven };
}

/**
 * Whether, while one looks, the hub gets past where it was, or nothing is left to send: a stream's last sequence may lie
 * beyond its last message, after a power cut for instance.
 * @param moves the first alone counts
 */
export async function goesOn(
	{ edge, hub, hubStream, stream }: Place,
	{ lastSeq = 0, after }: Pick<Seen, "lastSeq" | "after">,
	within: number,
	{ moves = false } = {},
): Promise<boolean> {
	const deadline = Date.now() + within;
	const isOn = async () => {
		const info = await streamInfo(hub, hubStream, patience());
		if (toldPosition(info, stream) > after) return true;
		const consumer = moves ? undefined : await consumerInfo(edge, stream, HUB_CONSUMER, patience());
		// What the hub has already need not be acknowledged for the next message to come.
		const left = consumer && consumer.num_pending + (lastSeq > after ? consumer.num_ack_pending : 0);
		return left === 0 || (!moves && !consumer && lastSeq === after);
	};
	for (let once = false; ; ) {
		// Twice: while the hub tries a message that it then refuses, it says that it has it.
		const now = await isOn();
		if (now && once) return true;
		if (!now && Date.now() >= deadline) return false;
		once = now;
		await sleep(LOOK_MS);
	}
}
