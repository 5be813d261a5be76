import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

/** A link on which catching up takes long enough to be interrupted. */
const FLEET = `apiVersion: leafline/v1
fleet: crash
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 16Mbit/s, rtt: 20ms, outage: 1m, compression: "off" }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge1, edge2", hardware: board }
`;
const STREAM = "hub_can";
const LINK = { upBytesPerSecond: 2_000_000, downBytesPerSecond: 2_000_000, rttMs: 20 };
/** Catch-up goes on at most so long after the link is back. */
const GOES_ON_MS = 10_000;

describe("servers that are killed with -9", () => {
	let rig: Rig;
	beforeAll(async () => {
		rig = await startRig(FLEET, LINK);
	});
	afterAll(() => rig?.close());

	/** Milliseconds from now to the first message that arrives after those that the hub has already. */
	async function untilNext(): Promise<number> {
		const began = Date.now();
		const have = await eventually(() => rig.lastSequence(STREAM), { what: "the hub tells what it has" });
		const more = async () => ((await rig.lastSequence(STREAM)) ?? 0) > have;
		await eventually(more, { what: `more than ${have} messages`, within: GOES_ON_MS });
		return Date.now() - began;
	}

	it("the hub during catch-up: it goes on within 10 s, and nothing is lost, twice or out of order", async () => {
		const run = "hub-killed";
		const { link } = rig.device("edge1");
		const [hub] = rig.bench.hubs;
		link.set({ mode: "cut" });
		const publisher = await rig.publish("edge1", { run, messages: 60_000, subject: "vehicle.sensor" });
		await publisher.done;
		link.set({ mode: "up" });
		for (const part of [10_000, 30_000]) {
			await rig.arrived(STREAM, part);
			await hub?.kill();
			await hub?.start();
			expect(await rig.lastSequence(STREAM), "there was something left to catch up").toBeLessThan(60_000);
			expect(await untilNext()).toBeLessThan(GOES_ON_MS);
		}
		await rig.arrived(STREAM, 60_000);
		const { total } = await rig.verdict(STREAM, run, { edge1: publisher.acks });
		expect(total).toEqual({ acknowledged: 60_000, arrived: 60_000, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
		await publisher.stop();
	});

	it("a device while it publishes: every acknowledged message is on the hub once and in order", async () => {
		const run = "device-killed";
		const { server, link } = rig.device("edge2");
		const messages = 20_000;
		const acks = new Uint8Array(3 * messages);
		for (const [life, backlog] of [false, true, true].entries()) {
			// With a backlog on the device as well: it is killed with the link cut, and published without.
			link.set({ mode: backlog ? "cut" : "up" });
			const traffic = { run, messages, from: life * messages, subject: "vehicle.sensor", rate: 5_000 };
			const publisher = await rig.publish("edge2", traffic);
			await eventually(() => publisher.acknowledged > 5_000, { what: "it is publishing" });
			await server.kill();
			const acknowledged = publisher.acknowledged;
			await publisher.stop();
			expect(acknowledged, "it was killed before the end").toBeLessThan(messages);
			acks.set(publisher.acks, life * messages);

			await server.start();
			link.set({ mode: "up" });
			const again = rig.publish("edge2", { ...traffic, run: "probe", messages: 1 });
			expect(await untilNext()).toBeLessThan(GOES_ON_MS);
			await (await again).stop();
		}
		const devices = await rig.bench.api("edge2", "STREAM.INFO.edge2_can");
		const { messages: stored } = devices.state as { messages: number };
		await rig.arrived(STREAM, 60_000 + stored);
		const { total } = await rig.verdict(STREAM, run, { edge2: acks });
		expect(total).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
		expect(total.acknowledged).toBeGreaterThan(15_000);
	});
});
