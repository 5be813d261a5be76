import type { ConsumerInfo, StreamInfo } from "../jetstream/answers";
import type { Api } from "../jetstream/api";
import { unlessMissing } from "../jetstream/calls";
import { ApiError, CONSUMER_NOT_FOUND } from "../jetstream/errors";
import { streamInfo } from "./ask";
import { DeviceError, type MemoryStream } from "./spec";
import { makeConsumer, makeStream } from "./wanted";

/** A server that refuses one, for want of memory say, does so again and again. */
const AGAIN_MS = 2_000;

/**
 * The streams of one device that are kept in memory. nats-server (2.15.2) writes descriptions of streams
 * (`meta.inf`) in `filestore.go` alone, so one that starts has none of these, and nobody answers who publishes into them.
 *
 * They are made once for each start of the server. Whoever takes one away later meant it: an update whose fleet file has
 * the class no more is not undone by a program that was told of it earlier.
 */
export class MemoryStreams {
	private completeOn: string | undefined;
	private refusedAt = Number.NEGATIVE_INFINITY;

	/** @param now milliseconds of a clock that nobody sets */
	constructor(
		private readonly wanted: readonly MemoryStream[],
		private readonly now: () => number = () => performance.now(),
	) {}

	/**
	 * Makes those that are missing, each with the hub's consumer. One that is there stays as it is: what becomes of it is
	 * for an update to decide.
	 * @param server id of the server that is asked, another after each start
	 * @returns names of those that it made
	 * @throws DeviceError when the server refuses some, when it has made the others; JetStreamError when it does not answer
	 */
	async make(api: Api, server: string, timeoutMs: number): Promise<string[]> {
		if (this.completeOn === server || this.now() - this.refusedAt < AGAIN_MS) return [];
		const made: string[] = [];
		const refused: string[] = [];
		for (const each of this.wanted) {
			try {
				if (await makeOne(api, each, timeoutMs)) made.push(each.stream.name);
			} catch (error) {
				if (!(error instanceof ApiError)) throw error;
				refused.push(`${each.stream.name} is not made: ${error.description} (${error.errCode})`);
			}
		}
		if (refused.length > 0) {
			this.refusedAt = this.now();
			throw new DeviceError(refused.join("; "));
		}
		this.completeOn = server;
		return made;
	}
}

/** @returns whether the stream was not there */
async function makeOne(api: Api, wanted: MemoryStream, timeoutMs: number): Promise<boolean> {
	const { stream, consumer } = wanted;
	const { name } = stream;
	const found = await streamInfo(api, name, timeoutMs);
	if (!found) await makeStream(api, wanted, timeoutMs);
	// A program that was ended in between left its stream without the consumer.
	else if (!hasMarkOf(stream.metadata, found)) return false;
	if (consumer) {
		const there = await unlessMissing(CONSUMER_NOT_FOUND, () =>
			api.ask<ConsumerInfo>(`CONSUMER.INFO.${name}.${consumer.durable_name}`, undefined, timeoutMs),
		);
		// It may have come meanwhile.
		if (!there) await makeConsumer(api, name, consumer, timeoutMs, "create");
	}
	return !found;
}

/** Whether a stream belongs to whom the one that is wanted does. */
function hasMarkOf(mark: Readonly<Record<string, string>> = {}, { config }: StreamInfo): boolean {
	const entries = Object.entries(mark);
	return entries.length > 0 && entries.every(([key, value]) => config.metadata?.[key] === value);
}
