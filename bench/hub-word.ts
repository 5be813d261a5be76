/**
 * What a program pays that goes on only when the hub has what it published, so that not even a power cut on the device
 * takes it: messages a second and how long one waits, beside a program that goes by the device's acknowledgement. By
 * links, and by how many messages are sent before it waits. About 2 minutes.
 *
 *     npm run bench -- hub-word [SECONDS]     of each figure; 4 unless stated
 */
import type { NatsConnection } from "nats";
import { startRig } from "../tests/support/rig";
import { median, perSecond, runBench } from "./report";

const fleet = (rtt: number) => `apiVersion: leafline/v1
fleet: word
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 20Mbit/s, rtt: ${rtt}ms, outage: 1m }
classes:
  alarm: { rate: 500/s, size: 256B, accepts: alarm.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: edge1, hardware: board }
`;
const DURATION_MS = 1_000 * Number(process.argv[2] ?? 4);
const PAYLOAD = new Uint8Array(256);
/** Between two questions for how far the hub is. */
const ASK_EVERY_MS = 2;

runBench(async () => {
	for (const rtt of [5, 60]) {
		const rig = await startRig(fleet(rtt), { rttMs: rtt, upBytesPerSecond: 2_500_000 });
		try {
			const { client } = rig.device("edge1");
			for (const inFlight of [1, 16, 256]) {
				for (const wait of [false, true]) await measure(client, { rtt, inFlight, wait });
			}
		} finally {
			await rig.close();
		}
	}
});

interface Case {
	readonly rtt: number;
	/** Published together, before the next ones. */
	readonly inFlight: number;
	readonly wait: boolean;
}

async function measure(client: NatsConnection, { rtt, inFlight, wait }: Case): Promise<void> {
	const jetstream = client.jetstream();
	const took: number[] = [];
	let messages = 0;
	const began = performance.now();
	while (performance.now() - began < DURATION_MS) {
		const at = performance.now();
		const acks = Array.from({ length: inFlight }, () => jetstream.publish("alarm.door", PAYLOAD, { timeout: 60_000 }));
		const last = Math.max(...(await Promise.all(acks)).map(({ seq }) => seq));
		if (wait) await onHub(client, last);
		took.push(performance.now() - at);
		messages += inFlight;
	}
	const sorted = [...took].sort((a, b) => a - b);
	const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
	const who = wait ? "and the hub's word " : "device's word alone";
	console.log(
		`rtt ${String(rtt).padStart(2)} ms · ${String(inFlight).padStart(3)} at once · ${who}  ` +
			`${perSecond(messages, performance.now() - began).padStart(8)} · median ${median(took).toFixed(1)} ms · p99 ${p99.toFixed(1)} ms of ${took.length}`,
	);
}

/** As docs/sizing.md says it: by the ack floor of the consumer that the hub sources through, which programs may ask. */
async function onHub(client: NatsConnection, sequence: number): Promise<void> {
	for (;;) {
		const answer = await client.request("$JS.API.CONSUMER.INFO.edge1_alarm.hub", "", { timeout: 60_000 });
		const { ack_floor } = answer.json<{ ack_floor?: { stream_seq: number } }>();
		if ((ack_floor?.stream_seq ?? 0) >= sequence) return;
		await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
	}
}
