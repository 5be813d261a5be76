import { randomBytes } from "node:crypto";
import { ADMIN_API } from "../../topology/permissions";
import type { Rig } from "./rig";

export interface AlarmPlan {
	readonly device: string;
	readonly count: number;
	readonly everyMs: number;
	/** Called after each, for progress. */
	readonly onAlarm?: (latencyMs: number) => void;
}

/** Longest wait for one alarm; one that takes longer counts as this. */
const LONGEST_MS = 120_000;

/**
 * Publishes on `alarm.fire` of a device as a program on it does, at a steady pace, and gives for each message the
 * milliseconds until a reader of `hub_alarm` has it.
 */
export async function measureAlarms(rig: Rig, { device, count, everyMs, onAlarm }: AlarmPlan): Promise<number[]> {
	const jetstream = rig.bench.control.hub.jetstream({ apiPrefix: ADMIN_API });
	const since = (await rig.lastSequence("hub_alarm")) ?? 0;
	const consumer = await jetstream.consumers.get("hub_alarm", {
		opt_start_seq: since + 1,
		filterSubjects: `${device}.alarm.>`,
	});
	const messages = await consumer.consume();
	const run = randomBytes(4).toString("hex");
	const sent: number[] = [];
	const latencies: number[] = [];
	const reading = (async () => {
		for await (const message of messages) {
			// A busy hub may not say where the stream ends, and what was published before is read as well.
			const [of, number] = message.string().split(" ");
			if (of !== run) continue;
			const latency = performance.now() - (sent[Number(number)] ?? 0);
			latencies.push(latency);
			onAlarm?.(latency);
			if (latencies.length === count) break;
		}
	})();
	const { client } = rig.devices[device] ?? {};
	for (let number = 0; number < count; number++) {
		const began = performance.now();
		sent.push(began);
		await client?.jetstream().publish("alarm.fire", `${run} ${number}`);
		await sleep(everyMs - (performance.now() - began));
	}
	await Promise.race([reading, sleep(LONGEST_MS)]);
	await messages.close();
	return [...latencies, ...Array.from({ length: count - latencies.length }, () => LONGEST_MS)];
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
