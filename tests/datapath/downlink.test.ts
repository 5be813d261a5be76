import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";
import { DOWNLINK_FLEET } from "./downlink-fleet";

describe("commands that are published at the hub", () => {
	let rig: Rig;
	beforeAll(async () => {
		rig = await startRig(DOWNLINK_FLEET);
	});
	afterAll(() => rig?.close());

	/** Publishes as the hub's programs do, and waits for the hub's acknowledgement. */
	async function command(device: string, body: string): Promise<void> {
		const reply = await rig.bench.control.hub.request(`down.${device}.commands.drive`, body, { timeout: 5_000 });
		expect(reply.json()).toMatchObject({ stream: "hub_commands" });
	}

	/** What a program on the device reads from its own server, in order. */
	async function received(device: string): Promise<string[]> {
		const { client } = rig.device(device);
		const name = `${device}_commands`;
		const { state } = await (await client.jetstreamManager()).streams.info(name);
		if (state.messages === 0) return [];
		const bodies: string[] = [];
		const consumer = await client.jetstream().consumers.get(name);
		for await (const message of await consumer.consume()) {
			bodies.push(`${message.subject} ${message.string()}`);
			if (message.seq >= state.last_seq) break;
		}
		return bodies;
	}

	const expected = (device: string, from: number, to: number) =>
		Array.from({ length: to - from }, (_, index) => `down.${device}.commands.drive ${from + index}`);

	async function holds(device: string, count: number): Promise<void> {
		const enough = async () => (await received(device)).length >= count;
		await eventually(enough, { what: `${device} has ${count} commands` });
	}

	it("reach the device they are for, and no other", async () => {
		for (let i = 0; i < 20; i++) await command("edge1", `${i}`);
		await command("edge2", "0");
		await holds("edge1", 20);
		await holds("edge2", 1);
		expect(await received("edge1")).toEqual(expected("edge1", 0, 20));
		expect(await received("edge2")).toEqual(expected("edge2", 0, 1));
	});

	it("wait for a device that is away, and are there once when it is back", async () => {
		const { link, server } = rig.device("edge1");
		link.set({ mode: "cut" });
		await server.kill();
		for (let i = 20; i < 220; i++) await command("edge1", `${i}`);
		await server.start();
		link.set({ mode: "up" });
		await holds("edge1", 220);
		expect(await received("edge1")).toEqual(expected("edge1", 0, 220));
		expect(await received("edge2")).toEqual(expected("edge2", 0, 1));
	});
});
