import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Rig, startRig } from "../support/rig";
import { type DeviceWithProgram, withProgram } from "./device";

const FLEET = `apiVersion: leafline/v1
fleet: cut
hardware:
  board: { arch: amd64, buffer: 32MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge1", hardware: board }
`;
/** As long as the newest tenth to fifth of the buffer takes to come, and some more. */
const SYNC_MS = 6_000;
const MESSAGES = 14_000;

describe("a hub that loses what it had not on its disk, while the device makes room", () => {
	let rig: Rig;
	let device: DeviceWithProgram;
	beforeAll(async () => {
		rig = await startRig(FLEET, {}, { hub: { sync: `${SYNC_MS / 1000}s` } });
		device = withProgram(rig, "edge1");
		device.keep();
	});
	afterAll(async () => {
		await device?.close();
		await rig?.close();
	});

	it("gets all of it again: none was trimmed", async () => {
		const [hub] = rig.bench.hubs;
		const store = rig.bench.path("hub");
		const payload = (counter: number) => Buffer.from(`room edge1 ${counter} `.padEnd(1024, "."));
		const traffic = { run: "room", rate: 1_500, messages: MESSAGES, subject: "vehicle.sensor", payload };
		const publisher = await rig.publish("edge1", traffic);
		await rig.arrived("hub_can", 3_000);
		fs.cpSync(store, `${store}.image`, { recursive: true });
		await new Promise((done) => setTimeout(done, SYNC_MS));
		await hub?.kill();
		fs.rmSync(store, { recursive: true });
		fs.renameSync(`${store}.image`, store);
		await publisher.done;
		await hub?.start();
		await rig.arrived("hub_can", MESSAGES, 120_000);
		const { total } = await rig.verdict("hub_can", "room", { edge1: publisher.acks });
		expect(total).toMatchObject({ acknowledged: MESSAGES, lost: 0, twice: 0, outOfOrder: 0 });
		await publisher.stop();
	}, 240_000);
});
