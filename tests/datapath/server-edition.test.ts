import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { type Rig, startRig } from "../support/rig";

/**
 * A device whose nats-server is exchanged while it holds what the hub has not got: for the official one of the
 * same release, and back. The hub runs leafline's, and holds commands for it meanwhile.
 */
const FLEET = `apiVersion: leafline/v1
fleet: edition
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
const EACH = 1_000;
const WITHIN_MS = 180_000;
vi.setConfig({ testTimeout: 2 * WITHIN_MS, hookTimeout: WITHIN_MS });

let rig: Rig;
let arrived = 0;
let commands = 0;
beforeAll(async () => {
	rig = await startRig(FLEET);
});
afterAll(() => rig?.close());

const version = () => rig.device("edge1").client.info?.version;

async function publish(run: string) {
	const publisher = await rig.publish("edge1", { run, messages: EACH, subject: "vehicle.sensor" });
	await publisher.done;
	await publisher.stop();
	return { run, acks: publisher.acks };
}

/** Commands that the device holds. */
const commandsHeld = async () => {
	const { state } = await rig.bench.api("edge1", "STREAM.INFO.edge1_commands");
	return (state as { messages: number }).messages;
};

it.each([
	["the official one, ended in good order", "SIGTERM", true],
	["leafline's again, by kill -9", "SIGKILL", false],
] as const)("loses nothing of its backlog when its server becomes %s", async (_name, signal, official) => {
	const edition = official ? "official" : "leafline";
	const { server, link } = rig.device("edge1");
	link.set({ mode: "cut" });
	const before = await publish(`${edition}-before`);
	// Also what the hub holds for it.
	for (let i = 0; i < 10; i++) await rig.bench.control.hub.request("down.edge1.commands.go", `${++commands}`);
	await server.kill(signal);
	await server.start(official ? { program: await officialServer() } : {});
	await eventually(() => version()?.includes("leafline") === !official, {
		what: "the other server",
		within: WITHIN_MS,
	});
	const after = await publish(`${edition}-after`);
	link.set({ mode: "up" });
	const live = await publish(`${edition}-live`);
	arrived += 3 * EACH;
	await rig.arrived("hub_can", arrived, WITHIN_MS);
	for (const { run, acks } of [before, after, live]) {
		const { total } = await rig.verdict("hub_can", run, { edge1: acks });
		expect(total, run).toEqual({ acknowledged: EACH, arrived: EACH, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
	}
	await eventually(async () => (await commandsHeld()) === commands, { what: "all commands", within: WITHIN_MS });
});
