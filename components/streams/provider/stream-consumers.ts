import type { Control } from "../../../control/control";
import type { Api } from "../../../jetstream/api";
import { deleteConsumer, listConsumers } from "../../../jetstream/calls";
import { compareConsumer, type Seen } from "../../../jetstream/compare";
import { ApiError, JetStreamError } from "../../../jetstream/errors";
import type { Patience } from "../../../jetstream/patience";
import { streamPositions } from "../../../jetstream/position";
import { putConsumer } from "../../../jetstream/put";
import { limiter } from "../../../system/wait";
import type { ConsumerConfig } from "../../../topology/jetstream";
import { deviceDomain, downDelivery, edgeStreamName, HUB_DOMAIN } from "../../../topology/names";
import { align } from "./align";
import type { Props } from "./handler";
import { consumerRejectedByServer } from "./rules";
import type { StreamProps } from "./stream-props";

const ALIGN_MS = 5_000;

/** The consumers that were asked for, as they are on the server; without those that are gone. */
export async function observeConsumers(api: Api, known: StreamProps, patience: Patience): Promise<Props> {
	const wanted = Object.entries(known.consumers ?? {});
	if (wanted.length === 0) return {};
	const found = await listConsumers(api, known.config.name, patience);
	const observed: Props = {};
	for (const [name, consumer] of wanted) {
		const actual = found?.get(name);
		if (!actual) continue;
		const changed = compareConsumer(consumer, actual.config).map(({ field, found: value }) => [field, value]);
		observed[name] = { ...consumer, ...Object.fromEntries(changed) };
	}
	return observed;
}

/**
 * A device's consumer on a downlink's stream that is made anew, as when somebody deleted it, goes on where the device is.
 * For a device that is away it is left at the start: a refresh finds that when the device is back.
 */
async function alignFeeder(way: Control, stream: string, wanted: ConsumerConfig, patience: Patience): Promise<void> {
	const to = downDelivery(wanted.deliver_subject ?? "");
	const leaves = to && (await way.leaves());
	if (!to || (leaves && !leaves.has(to.device))) return;
	const device = way.api(deviceDomain(to.device));
	const short = () => ({ deadline: Date.now() + ALIGN_MS, timeoutsMs: [2_000] });
	try {
		const positions = streamPositions(device, edgeStreamName(to.device, to.class), short);
		await align(way.api(HUB_DOMAIN), stream, wanted.durable_name, positions, patience);
	} catch (error) {
		// A device that does not tell where it is, or tells what cannot be: a refresh finds it when it does.
		if (!(error instanceof JetStreamError && error.who === to.device)) throw error;
	}
}

/** Consumers that are not as asked, and why. */
export interface Refused {
	/** By device: of its downlink, and refused for that device alone. */
	readonly devices: Readonly<Record<string, string>>;
	/** All others. */
	readonly others: readonly string[];
}

/** Makes the consumers as asked and removes those that `before` names and nobody asks for now. */
export async function settleConsumers(
	way: Control,
	wanted: StreamProps,
	before: StreamProps["consumers"],
	patience: Patience,
): Promise<Refused> {
	const api = way.api(HUB_DOMAIN);
	const { name } = wanted.config;
	const consumers = wanted.consumers ?? {};
	const removed = Object.keys(before).filter((consumer) => !consumers[consumer]);
	if (Object.keys(consumers).length === 0 && removed.length === 0) return { devices: {}, others: [] };
	const found = await listConsumers(api, name, patience);
	const limited = limiter();
	const devices: Record<string, string> = {};
	const others: string[] = [];
	const attempt = (consumer: string, act: () => Promise<void>) =>
		limited(act).catch((error: Error) => {
			const to = downDelivery((consumers[consumer] ?? before[consumer])?.deliver_subject ?? "");
			if (to && error instanceof ApiError) devices[to.device] = `${name}, consumer ${consumer}: ${error.message}`;
			else others.push(`consumer ${consumer}: ${error.message}`);
		});
	await Promise.all([
		...removed.map((consumer) => attempt(consumer, () => deleteConsumer(api, name, consumer, patience))),
		...Object.entries(consumers).map(([consumer, config]) =>
			attempt(consumer, async () => {
				const existing = found?.get(consumer)?.config;
				await settleConsumer(api, wanted, config, existing, patience);
				if (!existing) await alignFeeder(way, name, config, patience);
			}),
		),
	]);
	return { devices, others };
}

async function settleConsumer(
	api: Api,
	{ config, allowDataLoss }: StreamProps,
	wanted: ConsumerConfig,
	found: Seen | undefined,
	patience: Patience,
): Promise<void> {
	if (found && compareConsumer(wanted, found).length === 0) return;
	const rejected = found ? consumerRejectedByServer(found as unknown as ConsumerConfig, wanted) : [];
	if (rejected.length > 0 && allowDataLoss) await deleteConsumer(api, config.name, wanted.durable_name, patience);
	await putConsumer(api, config.name, wanted, patience);
}
