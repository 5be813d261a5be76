import type { ConsumerConfig } from "../../../topology/jetstream";
import type { Api, Patience } from "./api";
import { compareConsumer, type Seen } from "./compare";
import { IncompleteError } from "./errors";
import type { Props } from "./handler";
import { deleteConsumer, listConsumers, putConsumer } from "./jetstream";
import { consumerRejectedByServer } from "./rules";
import type { StreamProps } from "./stream-props";
import { limiter } from "./wait";

const WIDTH = 32;

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

/** Makes the consumers as asked and removes those that `before` names and nobody asks for now. */
export async function settleConsumers(
	api: Api,
	wanted: StreamProps,
	before: Readonly<Record<string, unknown>>,
	patience: Patience,
): Promise<void> {
	const { name } = wanted.config;
	const consumers = wanted.consumers ?? {};
	const removed = Object.keys(before).filter((consumer) => !consumers[consumer]);
	if (Object.keys(consumers).length === 0 && removed.length === 0) return;
	const found = await listConsumers(api, name, patience);
	const limited = limiter(WIDTH);
	const failures: string[] = [];
	const attempt = (consumer: string, act: () => Promise<void>) =>
		limited(act).catch((error: Error) => {
			failures.push(`consumer ${consumer}: ${error.message}`);
		});
	await Promise.all([
		...removed.map((consumer) => attempt(consumer, () => deleteConsumer(api, name, consumer, patience))),
		...Object.entries(consumers).map(([consumer, config]) =>
			attempt(consumer, () => settleConsumer(api, wanted, config, found?.get(consumer)?.config, patience)),
		),
	]);
	if (failures.length > 0) {
		const shown = `${name}: ${failures.slice(0, 5).join("; ")}`;
		throw new IncompleteError(shown, name, { ...wanted }, failures);
	}
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
