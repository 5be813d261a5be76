import type { LeaflineOutput } from "../../contract/outputs";
import type { StreamInfo } from "../../jetstream/answers";
import { readSourceHeader, SOURCE_HEADER } from "../../jetstream/origin";
import { HUB_ANSWER_MS, type Hub } from "../fleet/hub";
import { decodePayload } from "./traffic";
import type { Arrival } from "./verdict";

/** Last sequence by hub stream. */
export async function lastSequences(
	outputs: LeaflineOutput,
	hub: Hub,
	streams: readonly string[],
): Promise<ReadonlyMap<string, number>> {
	const entries = [...new Set(streams)].map(
		async (stream) => [stream, await lastSequence(outputs, hub, stream)] as const,
	);
	return new Map(await Promise.all(entries));
}

async function lastSequence(outputs: LeaflineOutput, hub: Hub, stream: string): Promise<number> {
	const api = hub.api(outputs.hub.domain);
	return (await api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, HUB_ANSWER_MS)).state.last_seq;
}

/** Every message of a run in hub streams, each in its order, from behind a sequence to the one that is last now. */
export async function readBack(
	outputs: LeaflineOutput,
	hub: Hub,
	behind: ReadonlyMap<string, number>,
	run: string,
): Promise<Arrival[]> {
	const parts: Arrival[][] = [];
	for (const [stream, seq] of behind) parts.push(await readStream(outputs, hub, stream, seq + 1, run));
	return parts.flat();
}

async function readStream(
	outputs: LeaflineOutput,
	hub: Hub,
	stream: string,
	fromSeq: number,
	run: string,
): Promise<Arrival[]> {
	const arrivals: Arrival[] = [];
	const last = await lastSequence(outputs, hub, stream);
	if (last < fromSeq) return arrivals;
	const suffix = `_${outputs.streams[stream]?.class}`;
	const jetstream = hub.connection.jetstream({ apiPrefix: outputs.hub.apiPrefix });
	const consumer = await jetstream.consumers.get(stream, { opt_start_seq: fromSeq });
	const messages = await consumer.consume({ max_messages: 10_000 });
	for await (const message of messages) {
		const published = decodePayload(run, message.data);
		if (published) {
			const origin = readSourceHeader(message.headers?.values(SOURCE_HEADER).at(-1) ?? "")?.stream ?? "";
			arrivals.push({ ...published, from: origin.endsWith(suffix) ? origin.slice(0, -suffix.length) : origin });
		}
		if (message.seq >= last) break;
	}
	await messages.close();
	return arrivals;
}
