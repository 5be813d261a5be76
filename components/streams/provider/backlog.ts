import type { StreamSource } from "../../../topology/jetstream";
import { NoAnswer } from "./api";
import type { Control } from "./control";
import { consumerInfo } from "./jetstream";
import type { StreamProps } from "./stream-props";
import { limiter } from "./wait";

/** What a device holds and the hub does not have. */
export interface Backlog {
	/** Name of the stream on the device. */
	readonly stream: string;
	readonly messages: number;
}

const WIDTH = 32;

/** The durable sources that an update takes away. */
export function removedSources(old: StreamProps, next: StreamProps): StreamSource[] {
	return Object.entries(old.sources ?? {}).flatMap(([name, source]) => (next.sources?.[name] ? [] : [source]));
}

/** Devices of these sources that are not connected, as far as the hub tells. */
export async function unreachable(way: Control, sources: readonly StreamSource[]): Promise<string[]> {
	if (sources.length === 0) return [];
	const leaves = await way.leaves();
	return sources.flatMap((source) => deviceOf(source) ?? []).filter((device) => leaves && !leaves.has(device));
}

function deviceOf({ external }: StreamSource): string | undefined {
	return external?.api.split(".")[1];
}

/**
 * Of these sources, those whose device has more than what is on its way at any time. A device that is offline, or
 * sourced without a durable consumer, cannot tell and is left out.
 */
export async function backlogs(way: Control, sources: readonly StreamSource[], withinMs: number): Promise<Backlog[]> {
	const leaves = await way.leaves();
	const limited = limiter(WIDTH);
	const deadline = Date.now() + withinMs;
	const found = sources.map((source) =>
		limited(async () => {
			const { name, consumer } = source;
			const device = deviceOf(source);
			if (!consumer || !device || (leaves && !leaves.has(device))) return [];
			try {
				const info = await consumerInfo(way.api(device), name, consumer.name, { deadline, timeoutsMs: [2_000] });
				const messages = (info?.num_pending ?? 0) + (info?.num_ack_pending ?? 0);
				return messages > Number(info?.config.max_ack_pending ?? 0) ? [{ stream: name, messages }] : [];
			} catch (error) {
				if (error instanceof NoAnswer) return [];
				throw error;
			}
		}),
	);
	return (await Promise.all(found)).flat();
}
