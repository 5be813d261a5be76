import { type NatsConnection, StringCodec } from "nats";
import type { Rig } from "../support/rig";

/** Reads the payloads of streams at the hub, as their texts. */
export interface Stored {
	/** Everything that a stream holds, in its order. */
	texts(stream: string): Promise<string[]>;
}

export async function storedAtHub({ bench }: Rig): Promise<Stored> {
	const nc = await bench.join(bench.keys.hub);
	return { texts: (stream) => textsOf(nc, stream) };
}

/** Everything that a stream holds, in its order, by a consumer of the moment. */
export async function textsOf(nc: NatsConnection, stream: string): Promise<string[]> {
	const { state } = await (await nc.jetstreamManager()).streams.info(stream);
	const texts: string[] = [];
	if (state.messages === 0) return texts;
	const consumer = await nc.jetstream().consumers.get(stream);
	const messages = await consumer.consume({ max_messages: 500 });
	const decode = StringCodec().decode;
	for await (const message of messages) {
		texts.push(decode(message.data));
		if (texts.length === state.messages) break;
	}
	return texts;
}
