import type { ConsumerInfo } from "../../../jetstream/answers";
import { consumerInfo, streamInfo } from "../../../jetstream/calls";
import { JetStreamError } from "../../../jetstream/errors";
import type { StreamSource } from "../../../topology/jetstream";
import type { Control } from "./control";
import type { StreamProps } from "./stream-props";
import { limiter } from "./wait";

/** What a device holds and the hub does not have. */
export interface Backlog {
	/** Name of the stream on the device. */
	readonly stream: string;
	readonly messages: number;
}

const WIDTH = 32;

/** What can be said of sources that are to go. */
export interface Backlogs {
	/** Those whose device has more than what is on its way at any time. */
	readonly held: readonly Backlog[];
	/** Those whose device does not tell: offline, without an answer, or with one that cannot be used. */
	readonly silent: readonly string[];
}

/** The sources that an update takes away, without those of devices that the fleet file gives up. */
export function removedSources(old: StreamProps, next: StreamProps): StreamSource[] {
	const lost = new Set(next.lost);
	return Object.entries(old.sources ?? {}).flatMap(([name, source]) =>
		next.sources?.[name] || lost.has(deviceOf(source) ?? "") ? [] : [source],
	);
}

/** Devices that an update takes away, given up or not. */
export function removedDevices(old: StreamProps, next: StreamProps): string[] {
	return removedSources(old, { ...next, lost: [] }).flatMap((source) => deviceOf(source) ?? []);
}

/** The device that a source takes from; undefined for a stream of the hub itself. */
export function deviceOf({ external }: Pick<StreamSource, "external">): string | undefined {
	return external?.api.split(".")[1];
}

/**
 * What the devices of these sources have and the hub has not.
 * @param positions the hub's position in each source, for those without a consumer on the device
 */
export async function backlogs(
	way: Control,
	sources: readonly StreamSource[],
	positions: Readonly<Record<string, number>>,
	withinMs: number,
): Promise<Backlogs> {
	const leaves = await way.leaves();
	const limited = limiter(WIDTH);
	const patience = { deadline: Date.now() + withinMs, timeoutsMs: [2_000] };
	const held: Backlog[] = [];
	const silent: string[] = [];
	const ask = async (source: StreamSource): Promise<void> => {
		const { name: stream, consumer } = source;
		const device = deviceOf(source);
		// No device of ours: nothing to ask.
		if (!device) return;
		if (leaves && !leaves.has(device)) return void silent.push(stream);
		try {
			const api = way.api(device);
			const reader = consumer && (await consumerInfo(api, stream, consumer.name, patience));
			const messages = reader
				? waiting(reader)
				: ((await streamInfo(api, stream, patience))?.state.last_seq ?? 0) - (positions[stream] ?? 0);
			if (messages > 0) held.push({ stream, messages });
		} catch (error) {
			if (!(error instanceof JetStreamError)) throw error;
			silent.push(stream);
		}
	};
	await Promise.all(sources.map((source) => limited(() => ask(source))));
	return { held, silent };
}

/** 0 for what is on its way at any time. */
function waiting({ num_pending, num_ack_pending, config }: ConsumerInfo): number {
	const messages = num_pending + num_ack_pending;
	return messages > Number(config.max_ack_pending ?? 0) ? messages : 0;
}
