import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubDisk, trimStream } from "../../device/trim";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/answers";
import { localApi } from "../../jetstream/api";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

/** Buffers of a few MiB, which a test can fill. */
const FLEET = `apiVersion: leafline/v1
fleet: full
hardware:
  board: { arch: amd64, buffer: 8MiB }
link: { up: 4Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 100/s, size: 1KiB, accepts: log.>, whenFull: drop-oldest, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;
/** More than fits. */
const TOO_MANY = 10_000;

describe("a device whose buffer is full", () => {
	let rig: Rig;
	beforeAll(async () => {
		rig = await startRig(FLEET);
	});
	afterAll(() => rig?.close());

	const payload = (run: string) => (counter: number) => Buffer.from(`${run} edge1 ${counter} `.padEnd(1024, "."));

	it("whenFull: refuse tells the publisher, and loses nothing that was acknowledged", async () => {
		const { link } = rig.device("edge1");
		link.set({ mode: "cut" });
		const run = "refused";
		const traffic = { run, messages: TOO_MANY, subject: "vehicle.sensor", payload: payload(run) };
		const publisher = await rig.publish("edge1", traffic);
		await expect(publisher.done).rejects.toThrow(/refused: maximum bytes exceeded/);
		expect(publisher.acknowledged).toBeGreaterThan(1_000);
		expect(publisher.acknowledged).toBeLessThan(TOO_MANY);

		link.set({ mode: "up" });
		await rig.arrived("hub_can", publisher.acknowledged);
		const { acknowledged } = publisher;
		const verdict = await rig.verdict("hub_can", run, { edge1: publisher.acks });
		expect(verdict.total).toMatchObject({ acknowledged, lost: 0, twice: 0, outOfOrder: 0 });
		await publisher.stop();
	});

	it("takes messages again when the device has made room of what the hub has, and of nothing else", async () => {
		const { owner, link } = rig.device("edge1");
		const api = localApi(owner, "edge1");
		const hubHas = async () => (await rig.lastSequence("hub_can")) ?? 0;

		// The hub has everything already; the device hears of it a heartbeat later.
		const told = async () => {
			const call = "CONSUMER.INFO.edge1_can.hub";
			const { num_ack_pending } = await api.ask<ConsumerInfo>(call, undefined, 5_000);
			return num_ack_pending === 0;
		};
		await eventually(told, { what: "the device knows that the hub has everything" });
		const hubDisk = new HubDisk(250);
		const trim = async () =>
			trimStream(api, await api.ask<StreamInfo>("STREAM.INFO.edge1_can", undefined, 5_000), hubDisk, 5_000);
		// Nothing more can be stored, so nothing more is acknowledged: half of it goes when the hub has listened for long enough.
		expect(await trim()).toBe(0);
		await eventually(async () => (await trim()) > 0, { what: "room is made" });
		link.set({ mode: "cut" });
		const run = "again";
		const traffic = { run, rate: 1_000, subject: "vehicle.sensor", payload: payload(run) };
		const before = await hubHas();
		const away = await rig.publish("edge1", { ...traffic, messages: 1_000 });
		await away.done;
		expect(await hubHas()).toBe(before);
		await trim();
		link.set({ mode: "up" });
		await rig.arrived("hub_can", before + 1_000);

		// Twice what fits, while the hub takes it away.
		const publisher = await rig.publish("edge1", { ...traffic, from: 1_000, messages: TOO_MANY - 1_000 });
		const trimming = setInterval(() => void trim().catch(() => {}), 500);
		await publisher.done.finally(() => clearInterval(trimming));
		await rig.arrived("hub_can", before + TOO_MANY);
		const acknowledged = { edge1: Uint8Array.from([...away.acks, ...publisher.acks]) };
		const { total } = await rig.verdict("hub_can", run, acknowledged);
		expect(total).toMatchObject({ acknowledged: TOO_MANY, arrived: TOO_MANY, lost: 0, twice: 0, outOfOrder: 0 });
		await Promise.all([away.stop(), publisher.stop()]);
	});

	it("whenFull: drop-oldest loses the oldest and nothing else", async () => {
		const { link } = rig.device("edge1");
		link.set({ mode: "cut" });
		const run = "dropped";
		const traffic = { run, messages: TOO_MANY, subject: "log.line", payload: payload(run) };
		const publisher = await rig.publish("edge1", traffic);
		await publisher.done;
		const { state } = await rig.bench
			.api("hub", "STREAM.INFO.hub_debug")
			.then((info) => info as { state: { last_seq: number } });
		expect(state.last_seq).toBe(0);

		link.set({ mode: "up" });
		const last = async () => (await rig.arrivals("hub_debug", run)).at(-1)?.counter === TOO_MANY - 1;
		await eventually(last, { what: "the newest message is on the hub" });
		const counters = (await rig.arrivals("hub_debug", run)).map(({ counter }) => counter);
		expect(counters.length).toBeGreaterThan(1_000);
		expect(counters.length).toBeLessThan(TOO_MANY);
		const kept = Array.from(counters, (_, index) => TOO_MANY - counters.length + index);
		expect(counters).toEqual(kept);
		await publisher.stop();
	});
});
