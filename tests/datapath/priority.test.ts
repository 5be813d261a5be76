import { randomFillSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measureAlarms } from "../support/alarms";
import { type Rig, startRig } from "../support/rig";

/** The link is stated as it is, so that the windows follow from it. */
const FLEET = `apiVersion: leafline/v1
fleet: slow
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 4Mbit/s, rtt: 80ms, outage: 5m }
classes:
  bulk: { rate: 100/s, size: 1000B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 256B, priority: high, accepts: alarm.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;
const LINK = { upBytesPerSecond: 500_000, downBytesPerSecond: 500_000, rttMs: 80 };
const BACKLOG = 20_000;
/** Compression on the link does not drain the backlog by itself. */
const noise = () => randomFillSync(new Uint8Array(1_000));

describe("a backlog of 20 MB that drains over 500 kB/s", () => {
	let rig: Rig;
	beforeAll(async () => {
		rig = await startRig(FLEET, LINK);
	});
	afterAll(() => rig?.close());

	it("lets messages of high priority through within 5 s", async () => {
		const { link } = rig.device("edge1");
		link.set({ mode: "cut" });
		const traffic = { run: "bulk", messages: BACKLOG, subject: "vehicle.sensor", payload: noise };
		const publisher = await rig.publish("edge1", traffic);
		await publisher.done;
		await publisher.stop();
		link.set({ mode: "up" });
		await rig.arrived("hub_bulk", 1);

		const { upBytes } = link.state();
		const latencies = await measureAlarms(rig, { device: "edge1", count: 20, everyMs: 1_000 });
		const left = BACKLOG - ((await rig.lastSequence("hub_bulk")) ?? 0);
		expect(left, "the backlog was still draining").toBeGreaterThan(0);
		expect(link.state().upBytes - upBytes, "and filled the link").toBeGreaterThan(15 * 500_000 * 0.6);
		expect(Math.max(...latencies)).toBeLessThan(5_000);
	}, 120_000);
});
