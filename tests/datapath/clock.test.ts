import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";
import { wrongClockServer } from "../support/wrong-clock";

const FLEET = `apiVersion: leafline/v1
fleet: clock
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 1m }
classes:
  can: { rate: 100/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 7d } }
groups:
  all: { devices: "edge1, edge2", hardware: board }
`;
const STREAM = "hub_can";
const DAY = 86_400;
const MESSAGES = 1_000;

describe("a device whose clock is 30 days slow", () => {
	let rig: Rig;
	let slow: string;
	beforeAll(async () => {
		slow = wrongClockServer();
		rig = await startRig(FLEET);
	}, 600_000);
	afterAll(() => rig?.close());

	/** Publishes with a slow clock and no link, restarts with the right time, then connects. */
	async function publishInThePast(name: string) {
		const { link, server } = rig.device(name);
		link.set({ mode: "cut" });
		await server.kill("SIGTERM");
		await server.start({ program: slow, env: { CLOCK_OFFSET: String(-30 * DAY) } });
		const publisher = await rig.publish(name, { run: name, messages: MESSAGES, subject: "vehicle.sensor" });
		await publisher.done;
		await publisher.stop();
		const oldest = Date.parse(String((await state(name)).first_ts));
		expect(Date.now() - oldest, "the messages are dated in the past").toBeGreaterThan(29 * DAY * 1000);
		await server.kill("SIGTERM");
		await server.start();
		// Whatever the server throws away for its age, it throws away before the device connects.
		const kept = (await state(name)).messages;
		link.set({ mode: "up" });
		return { publisher, kept };
	}

	/** Of the device's stream, as the device tells it, as soon as it is there. */
	function state(name: string): Promise<{ messages: number; first_ts: unknown }> {
		const ask = async () => {
			const reply = await rig.device(name).client.request(`$JS.API.STREAM.INFO.${name}_can`, "", { timeout: 1_000 });
			return (reply.json() as { state?: { messages: number; first_ts: unknown } }).state;
		};
		return eventually(ask, { what: `the state of ${name}'s stream` });
	}

	it("loses none of 1,000 messages of a critical class when its time is corrected", async () => {
		const { publisher, kept } = await publishInThePast("edge1");
		expect(kept).toBe(MESSAGES);
		await rig.arrived(STREAM, MESSAGES);
		const { total } = await rig.verdict(STREAM, "edge1", { edge1: publisher.acks });
		expect(total).toMatchObject({ acknowledged: MESSAGES, arrived: MESSAGES, lost: 0, twice: 0, outOfOrder: 0 });
	});

	it("would lose them with an age limit on the device, so this test can fail", async () => {
		const { config } = await rig.bench.api("edge2", "STREAM.INFO.edge2_can");
		const aged = { ...(config as object), max_age: 7 * DAY * 1e9 };
		await rig.bench.api("edge2", "STREAM.UPDATE.edge2_can", aged);
		const { kept } = await publishInThePast("edge2");
		expect(kept).toBe(0);
	});
});
