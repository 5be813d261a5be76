import type { Api } from "../jetstream/api";
import type { ConsumerConfig } from "../topology/jetstream";
import type { WantedStream } from "./spec";

/** Makes a stream that is not there. */
export async function makeStream(api: Api, { stream }: WantedStream, timeoutMs: number): Promise<void> {
	// Without a list of subjects a stream that has none listens on its own name.
	await api.ask(`STREAM.CREATE.${stream.name}`, { ...stream, subjects: stream.subjects ?? [] }, timeoutMs);
}

/** @param action `create` never changes one that is there. @default one that is there becomes like this */
export async function makeConsumer(
	api: Api,
	stream: string,
	consumer: ConsumerConfig,
	timeoutMs: number,
	action?: "create",
): Promise<void> {
	const name = consumer.durable_name;
	const body = { stream_name: stream, config: { ...consumer, name }, ...(action && { action }) };
	await api.ask(`CONSUMER.CREATE.${stream}.${name}`, body, timeoutMs);
}
