import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cut, cutFleet, DEVICE, oneCut, ontoOwnDisk } from "../../bench/cut-drill";
import type { OwnDisk } from "../../bench/own-disk";
import { type Rig, startRig } from "../support/rig";
import { type DeviceWithProgram, withProgram } from "./device";

/** `npm run bench -- cuts` in short: few cuts, and no more than a busy machine publishes. Needs root, for a disk of its own. */
const TRAFFIC = { rate: 2_000, sync: "250ms" };
/** A sync takes its time, and so does the machine of a test: what is lost is counted, and how long is not asserted. */
const CUTS = [0, 1];

describe.skipIf(process.getuid?.() !== 0)("bulk and alarms on one device whose power is cut", () => {
	let rig: Rig;
	let device: DeviceWithProgram;
	let disk: OwnDisk;
	const results: Cut[] = [];
	beforeAll(async () => {
		rig = await startRig(cutFleet(TRAFFIC));
		device = withProgram(rig, DEVICE);
		disk = await ontoOwnDisk(rig, device, "ext4");
		for (const n of CUTS) results.push(...(await oneCut(rig, device, disk, { ...TRAFFIC, n })).cuts);
	}, 600_000);
	afterAll(async () => {
		await device?.close();
		await rig?.device(DEVICE).server.kill();
		disk?.close();
		await rig?.close();
	});

	it("loses no more of the last messages than a cut that is stated, and with the link up next to none", () => {
		expect(results.map((cut) => `${cut.link} ${cut.class}`)).toEqual(["up bulk", "up alarm", "cut bulk", "cut alarm"]);
		for (const { link, class: name, acknowledged, lost, said } of results) {
			expect(acknowledged, `${name} was published`).toBeGreaterThan(said.messages);
			// A sync that is under way when the next message comes is part of the interval, and disks are busy.
			expect(lost, `${name}, link ${link}`).toBeLessThanOrEqual(3 * said.messages);
		}
	});

	it("has everything that is published after the cut, once and in order", () => {
		for (const { twice, outOfOrder, lostAfter } of results) {
			expect({ twice, outOfOrder, lostAfter }).toEqual({ twice: 0, outOfOrder: 0, lostAfter: 0 });
		}
	});
});
