import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { linkTrouble } from "../../control/explain";
import { DEVICE_SERVER_FLOOR } from "../../topology/server-floors";
import { eventually } from "../support/eventually";
import { releasedServer } from "../support/released-server";
import { type Rig, startRig } from "../support/rig";

/**
 * The oldest official nats-server that a device may run, and the one before: that one never gets to the hub, keeps what
 * is published, and whatever takes its place sends all of it.
 */
const FLEET = `apiVersion: leafline/v1
fleet: floor
hardware:
  board: { arch: amd64, buffer: 64MiB }
link: { up: 20Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 128B }
groups:
  all: { devices: edge1, hardware: board }
`;
const BEFORE = "2.14.5";
const EACH = 300;
const WITHIN_MS = 180_000;
vi.setConfig({ testTimeout: 3 * WITHIN_MS, hookTimeout: 2 * WITHIN_MS });

const servers = { before: releasedServer(BEFORE), floor: releasedServer(DEVICE_SERVER_FLOOR) };

let rig: Rig | undefined;
beforeAll(async () => {
	if (servers.before && servers.floor) rig = await startRig(FLEET);
});
afterAll(() => rig?.close());

it.skipIf(!servers.before || !servers.floor)(
	`nothing is lost on ${BEFORE}, which does not reach the hub, and all of it arrives from ${DEVICE_SERVER_FLOOR}`,
	async () => {
		if (!rig || !servers.before || !servers.floor) throw new Error("it has not started");
		const { bench } = rig;
		const { server, client } = rig.device("edge1");
		const runs: { run: string; acks: Uint8Array }[] = [];
		const publish = async (run: string) => {
			const publisher = await (rig as Rig).publish("edge1", { run, messages: EACH, subject: "vehicle.sensor" });
			await publisher.done;
			await publisher.stop();
			runs.push({ run, acks: publisher.acks });
		};
		const become = async (program: string | undefined, version: string) => {
			await server.kill("SIGTERM");
			await server.start(program === undefined ? {} : { program });
			await eventually(() => client.info?.version === version, { what: `nats-server ${version}`, within: WITHIN_MS });
		};
		await publish("ours");
		await rig.arrived("hub_can", EACH, WITHIN_MS);

		await become(servers.before, BEFORE);
		for (let i = 0; i < 10; i++) await bench.control.hub.request("down.edge1.commands.go", `${i}`);
		await publish("before");
		const refusals = () => server.log().match(/attempted to connect to wrong port/g)?.length ?? 0;
		await eventually(() => refusals() >= 3, { what: "it gives the hub up", within: WITHIN_MS });
		expect(linkTrouble(server.log())).toContain(
			`its nats-server is too old for the hub: install ${DEVICE_SERVER_FLOOR}`,
		);
		expect(await rig.lastSequence("hub_can")).toBe(EACH);

		await become(servers.floor, DEVICE_SERVER_FLOOR);
		await publish("floor");
		await rig.arrived("hub_can", 3 * EACH, WITHIN_MS);
		for (const { run, acks } of runs) {
			const { total } = await rig.verdict("hub_can", run, { edge1: acks });
			expect(total, run).toEqual({ acknowledged: EACH, arrived: EACH, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
		}
		const held = async () => (await bench.api("edge1", "STREAM.INFO.edge1_commands")).state as { messages: number };
		await eventually(async () => (await held()).messages === 10, { what: "all commands", within: WITHIN_MS });
	},
);
