import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLASS, DEVICE } from "../../config/names";
import { edgeStreamName, hubStreamName } from "../../topology/names";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

/** As long as a name may be, in every place where it ends up: domain, stream, consumer, subjects, permissions, files. */
const DEVICE_NAME = `7c9e6679-7425-40de-944b-e07fc1f90ae7-${"0".repeat(32)}`.slice(0, DEVICE.most);
const CLASS_NAME = "telemetry".repeat(9).slice(0, CLASS.most);
const DOWNLINK = "commands".repeat(9).slice(0, CLASS.most);

const FLEET = `apiVersion: leafline/v1
fleet: names
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: 250ms }
link: { up: 20Mbit/s, down: 20Mbit/s, rtt: 80ms, outage: 10m }
classes:
  ${CLASS_NAME}:
    { rate: 100/s, size: 128B, accepts: spBv1.0.*.NDATA.>, whenFull: refuse, hub: { keep: 1d } }
downlink:
  ${DOWNLINK}: { keep: 1h, size: 1KiB }
groups:
  all: { devices: ${DEVICE_NAME}, hardware: board }
`;

describe("the longest names", () => {
	let rig: Rig;
	beforeAll(async () => {
		rig = await startRig(FLEET);
	});
	afterAll(() => rig?.close());

	it("carry messages up, under a subject whose wildcard stands before a word", async () => {
		expect([DEVICE_NAME.length, CLASS_NAME.length]).toEqual([63, 32]);
		const subject = "spBv1.0.north.NDATA.pump";
		const traffic = { run: "names", messages: 100, subject };
		const publisher = await rig.publish(DEVICE_NAME, traffic);
		await publisher.done;
		await publisher.stop();
		const stream = hubStreamName(CLASS_NAME);
		await rig.arrived(stream, 100);
		const { state } = await rig.bench.api("hub", `STREAM.INFO.${stream}`, { subjects_filter: ">" });
		expect((state as { subjects: object }).subjects).toEqual({ [`${DEVICE_NAME}.${CLASS_NAME}.${subject}`]: 100 });
	});

	it("carry commands down", async () => {
		await rig.bench.control.hub.request(`down.${DEVICE_NAME}.${DOWNLINK}.go`, "x", { timeout: 3_000 });
		const stream = edgeStreamName(DEVICE_NAME, DOWNLINK);
		const arrived = async () =>
			((await rig.bench.api(DEVICE_NAME, `STREAM.INFO.${stream}`)).state as { messages: number }).messages === 1;
		await eventually(arrived, { what: "the device has its command" });
	});
});
