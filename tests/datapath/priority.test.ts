import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measureAlarms } from "../support/alarms";
import { type Rig, startRig } from "../support/rig";
import { pileUp, SLOW_FLEET, SLOW_LINK } from "../support/slow-link";

const BACKLOG = 20_000;

// The same with 120 MB and the p99 of many alarms: bench/slow-link.ts.
describe("a backlog of 20 MB that drains over 500 kB/s", () => {
	let rig: Rig;
	beforeAll(async () => {
		rig = await startRig(SLOW_FLEET, SLOW_LINK);
	});
	afterAll(() => rig?.close());

	it("lets messages of high priority through within 5 s", async () => {
		const { link } = rig.device("edge1");
		await pileUp(rig, BACKLOG);
		link.set({ mode: "up" });
		await rig.arrived("hub_bulk", 1);

		const { upBytes } = link.state();
		const latencies = await measureAlarms(rig, { device: "edge1", count: 20, everyMs: 1_000 });
		const left = BACKLOG - ((await rig.lastSequence("hub_bulk")) ?? 0);
		expect(left, "the backlog was still draining").toBeGreaterThan(0);
		expect(link.state().upBytes - upBytes, "and filled the link").toBeGreaterThan(
			0.6 * 20 * SLOW_LINK.upBytesPerSecond,
		);
		expect(Math.max(...latencies)).toBeLessThan(5_000);
	}, 120_000);
});
