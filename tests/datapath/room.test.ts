import { type JetStreamManager, type NatsConnection, StorageType } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

/** A buffer that a test can fill, of which a program may have 2 MiB. */
const FLEET = `apiVersion: leafline/v1
fleet: room
hardware:
  board: { arch: amd64, buffer: 16MiB, programs: 2MiB, memory: 4MiB }
link: { up: 4Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 10/s, size: 1KiB, accepts: log.>, storage: memory, whenFull: drop-oldest, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;
const MIB = 1024 ** 2;
const NO_LIMIT = /account requires a stream config to have max bytes set/;

interface Program {
	readonly rig: Rig;
	readonly nc: NatsConnection;
	readonly manager: JetStreamManager;
}

/** What a program can make of JetStream that has no limit, and what makes it so. */
const UNLIMITED: Readonly<Record<string, (program: Program) => Promise<unknown>>> = {
	"a key-value bucket": ({ nc }) => nc.jetstream().views.kv("settings"),
	"a key-value bucket in memory": ({ nc }) => nc.jetstream().views.kv("cache", { storage: StorageType.Memory }),
	"an object store": ({ nc }) => nc.jetstream().views.os("files"),
	"a stream": ({ manager }) => manager.streams.add({ name: "own", subjects: ["own.>"] }),
	"a stream that counts messages only": ({ manager }) =>
		manager.streams.add({ name: "own", subjects: ["own.>"], max_msgs: 1000 }),
	"a mirror of a class's stream": ({ manager }) => manager.streams.add({ name: "copy", mirror: { name: "edge1_can" } }),
	"a stream that sources a class's": ({ manager }) =>
		manager.streams.add({ name: "copy", sources: [{ name: "edge1_can" }] }),
	"a stream whose limit is taken away": async ({ manager }) => {
		await manager.streams.add({ name: "shrinking", subjects: ["shrinking.>"], max_bytes: 1000 });
		return manager.streams.update("shrinking", { max_bytes: -1 }).finally(() => manager.streams.delete("shrinking"));
	},
	"a stream that comes through the leaf": ({ rig }) =>
		rig.bench.api("edge1", "STREAM.CREATE.remote", { name: "remote", subjects: ["remote.>"] }),
};

describe("a program's own streams on a device", () => {
	let program: Program;
	beforeAll(async () => {
		const rig = await startRig(FLEET);
		const nc = rig.device("edge1").client;
		program = { rig, nc, manager: await nc.jetstreamManager() };
	});
	afterAll(() => program?.rig.close());

	const planned = (name: string) => program.rig.topology.edgeGroups.all?.classes[name]?.maxBytes ?? 0;
	const stored = async (name: string) => (await program.manager.streams.info(name)).state;

	it.each(Object.keys(UNLIMITED))("are refused without a limit, with the reason: %s", async (kind) => {
		const before = await program.manager.streams.names().next();
		await expect(UNLIMITED[kind]?.(program)).rejects.toThrow(NO_LIMIT);
		expect(await program.manager.streams.names().next()).toEqual(before);
	});

	it("get what the fleet file keeps for them, and no more", async () => {
		const { nc } = program;
		const settings = await nc.jetstream().views.kv("settings", { max_bytes: 2 * MIB });
		await expect(nc.jetstream().views.kv("more", { max_bytes: 16 * MIB })).rejects.toThrow(/insufficient storage/);
		await expect(nc.jetstream().views.kv("more", { max_bytes: 4 * MIB, storage: StorageType.Memory })).rejects.toThrow(
			/insufficient memory/,
		);
		// 292 values of that size filled a whole device.
		const value = "x".repeat(50_000);
		let kept = 0;
		for (let i = 0; i < 400; i++) await settings.put(`k${i}`, value).then(() => kept++, expectFull);
		expect(kept).toBeGreaterThan(30);
		expect(kept).toBeLessThan(43);
	});

	it("leave a class all the room that its budget promised", async () => {
		const { rig } = program;
		rig.device("edge1").link.set({ mode: "cut" });
		const payload = (counter: number) => Buffer.from(`${counter} `.padEnd(1024, "."));
		const publisher = await rig.publish("edge1", { run: "r", messages: 20_000, subject: "vehicle.sensor", payload });
		await expect(publisher.done).rejects.toThrow(/refused: maximum bytes exceeded/);
		await publisher.stop();
		expect((await stored("edge1_can")).bytes).toBeGreaterThan(planned("can") - 2048);

		const log = await rig.publish("edge1", { run: "l", messages: 5_000, subject: "log.line", payload });
		await log.done;
		await log.stop();
		expect((await stored("edge1_debug")).bytes).toBeGreaterThan(planned("debug") - 2048);
		expect((await stored("edge1_debug")).last_seq).toBe(5_000);

		rig.device("edge1").link.set({ mode: "up" });
		await eventually(async () => (await rig.lastSequence("hub_can")) === publisher.acknowledged, {
			what: "all that was acknowledged is on the hub",
			within: 60_000,
		});
	});
});

function expectFull(error: Error): void {
	expect(error.message).toMatch(/maximum bytes exceeded/);
}
