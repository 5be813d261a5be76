import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { type Rig, startRig } from "../support/rig";

const FLEET = `apiVersion: leafline/v1
fleet: back
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 1000/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;
const STREAM = "hub_can";

/**
 * nats-server has the consumer of a durable source begin behind what was acknowledged, also when the stream does not
 * have that any more: with the official server it is lost, though the device holds it. leafline's says where it is.
 */
describe.each([
	{ title: "leafline's server", official: false },
	{ title: "the official server", official: true },
])("a hub that has gone back behind what it had acknowledged, $title", ({ official }) => {
	let rig: Rig;
	let as: { readonly program?: string };
	beforeAll(async () => {
		as = official ? { program: await officialServer() } : {};
		rig = await startRig(FLEET, {}, {}, as);
	}, 300_000);
	afterAll(() => rig?.close());

	async function publish(run: string, messages: number) {
		const publisher = await rig.publish("edge1", { run, messages, subject: "vehicle.sensor" });
		await publisher.done;
		await publisher.stop();
		return publisher;
	}

	it(official ? "never gets it again" : "gets again what the devices still hold of it, once and in order", async () => {
		const [hub] = rig.bench.hubs;
		const store = rig.bench.path("hub");
		await publish("before", 1_000);
		await rig.arrived(STREAM, 1_000);
		fs.cpSync(store, `${store}.image`, { recursive: true });
		const lost = await publish("acknowledged", 5_000);
		const told = async () => {
			const { ack_floor } = await rig.bench.api("edge1", "CONSUMER.INFO.edge1_can.hub");
			return (ack_floor as { stream_seq: number }).stream_seq === 6_000;
		};
		await eventually(told, { what: "the device knows that the hub has everything" });
		await hub?.kill();
		fs.rmSync(store, { recursive: true });
		fs.cpSync(`${store}.image`, store, { recursive: true });
		await hub?.start(as);
		const after = await publish("after", 1_000);
		const verdict = async () => ({
			lost: (await rig.verdict(STREAM, "acknowledged", { edge1: lost.acks })).total,
			after: (await rig.verdict(STREAM, "after", { edge1: after.acks })).total,
		});
		await eventually(async () => (await verdict()).after.arrived === 1_000, {
			what: "what came later",
			within: 60_000,
		});
		const good = { lost: 0, twice: 0, outOfOrder: 0, strayed: 0 };
		expect(await verdict()).toMatchObject({ lost: { ...good, lost: official ? 5_000 : 0 }, after: good });
	});
});
