import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { edgeStreams } from "../../components/streams/provider/index";
import { readReservations } from "../../device/reservations";
import type { StreamInfo } from "../../jetstream/answers";
import { eventually } from "../support/eventually";
import { RIG_OWNER, type Rig, startRig } from "../support/rig";
import { type DeviceWithProgram, withProgram } from "./device";

/** `shared` refuses, in memory: two traps at once. */
const FLEET = `apiVersion: leafline/v1
fleet: memory
hardware:
  board: { arch: amd64, buffer: 16MiB, memory: 16MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 100/s, size: 1KiB, accepts: debug.>, storage: memory, whenFull: drop-oldest, hub: { keep: 1h } }
  shared: { rate: 100/s, size: 1KiB, accepts: shared.>, storage: memory, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge1", hardware: board }
`;

/** A source whose consumer was away is tried again 10 s to 2 min later (nats-server, `stream.go`). */
const RETRIED_MS = 180_000;
const LONG = { timeout: 300_000 };

describe("a device's streams in memory", () => {
	let rig: Rig;
	let device: DeviceWithProgram;
	beforeAll(async () => {
		rig = await startRig(FLEET);
		device = withProgram(rig, "edge1");
		device.keep();
	}, 120_000);
	afterAll(async () => {
		await device?.close();
		await rig?.close();
	});

	const stream = (name: string) => rig.bench.api("edge1", `STREAM.INFO.${name}`) as unknown as Promise<StreamInfo>;
	const there = (name: string) => eventually(() => stream(name), { what: `${name} is there again`, within: 20_000 });

	/** Has messages acknowledged. @returns waits until they are at the hub, each once and in order */
	async function publish(className: string, run: string, messages: number): Promise<() => Promise<void>> {
		const payload = (counter: number) => Buffer.from(`${run} edge1 ${counter} `.padEnd(1024, "."));
		const subject = `${className}.line`;
		const publisher = await rig.publish("edge1", { run, messages, rate: 2_500, subject, payload });
		await publisher.done;
		await publisher.stop();
		return async () => {
			const verdict = async () => (await rig.verdict(`hub_${className}`, run, { edge1: publisher.acks })).total;
			await eventually(async () => (await verdict()).arrived >= messages, {
				what: `all of ${run} arrive`,
				within: RETRIED_MS,
			});
			expect(await verdict()).toMatchObject({ acknowledged: messages, lost: 0, twice: 0, outOfOrder: 0 });
		};
	}

	it("that refuse get room of what the hub has: more than fits goes through", LONG, async () => {
		const { config } = await stream("edge1_shared");
		const messages = Math.ceil((2 * (config.max_bytes ?? 0)) / 1024);
		expect(messages).toBeGreaterThan(1_000);
		await (await publish("shared", "room", messages))();
	});

	it.each([
		["was killed", () => rig.device("edge1").server.kill(), 300],
		["ended in order", () => device.shutDown(), 900],
	])("are there again when the server %s, and what comes then is at the hub once", LONG, async (how, end, messages) => {
		await (await publish("debug", `before it ${how}`.replaceAll(" ", "-"), 500))();
		const { created } = await stream("edge1_debug");
		await end();
		await device.boot();
		await Promise.all(["edge1_debug", "edge1_shared"].map(there));
		expect((await stream("edge1_debug")).created).not.toBe(created);
		await (await publish("debug", `after it ${how}`.replaceAll(" ", "-"), messages))();
		await (await publish("shared", `shared after it ${how}`.replaceAll(" ", "-"), messages))();
	});

	it("are there again while the hub is away, which has what came meanwhile later", LONG, async () => {
		await rig.device("edge1").link.set({ mode: "cut" });
		await rig.device("edge1").server.kill();
		const began = device.complaints.length;
		await device.boot({ reach: false });
		const made = () => device.complaints.slice(began).includes("edge1: made edge1_debug, edge1_shared in memory");
		await eventually(made, { what: "they are made", within: 20_000 });
		const arrive = await publish("debug", "away", 700);
		await rig.device("edge1").link.set({ mode: "up" });
		await arrive();
	});

	it("are what an update makes: the next one has nothing to do", LONG, async () => {
		await there("edge1_debug");
		const { created } = await stream("edge1_debug");
		const common = { connection: rig.bench.connection, resourceUrn: "", owner: RIG_OWNER, allowDataLoss: false };
		const [[key, group] = ["", undefined]] = Object.entries(rig.topology.edgeGroups);
		const props = { ...common, key, adopt: [], ignorePending: false, ...group, pending: {} };
		const { props: read } = await edgeStreams.read(key, props);
		expect(read?.devices).toEqual({ edge1: {} });
		const { outs } = await edgeStreams.update(key, props, props);
		expect(outs.pending).toEqual({});
		expect((await stream("edge1_debug")).created).toBe(created);
	});

	it(
		"stay as they are while the server runs, whatever they are like, and away when they were taken away",
		LONG,
		async () => {
			const { config } = await stream("edge1_debug");
			const changed = { ...config, max_bytes: (config.max_bytes ?? 0) - 1024 };
			await rig.bench.api("edge1", "STREAM.UPDATE.edge1_debug", changed);
			await rig.bench.api("edge1", "STREAM.DELETE.edge1_shared");
			// What the program does at a look of its own says that it has looked.
			const mark = () => readReservations(rig.bench.path("edge1"), "edge1")?.reserved.edge1_can?.created;
			const before = mark();
			const can = await stream("edge1_can");
			await rig.bench.api("edge1", "STREAM.DELETE.edge1_can");
			await rig.bench.api("edge1", "STREAM.CREATE.edge1_can", can.config);
			await eventually(() => mark() !== before, { what: "a mark of the new stream" });
			await expect(stream("edge1_shared")).rejects.toThrow(/stream not found/);

			// A program that was started anew does not know whether the server was: it makes what is missing.
			device.forget();
			await there("edge1_shared");
			expect((await stream("edge1_debug")).config.max_bytes).toBe(changed.max_bytes);
		},
	);

	it("are made as far as there is room for them, and it is said which are not", LONG, async () => {
		for (const name of ["edge1_shared", "edge1_debug"]) await rig.bench.api("edge1", `STREAM.DELETE.${name}`);
		const foreign = { name: "own", subjects: ["own.>"], storage: "memory", max_bytes: 8 * 1024 ** 2 };
		await rig.bench.api("edge1", "STREAM.CREATE.own", foreign);
		device.forget();
		await there("edge1_debug");
		const said = () => device.complaints.filter((line) => line.includes("edge1_shared is not made"));
		await eventually(() => said().length > 0, { what: "it is said" });
		expect(said()).toEqual([expect.stringMatching(/^edge1: edge1_shared is not made: .*memory.* \(\d+\)$/)]);
		await rig.bench.api("edge1", "STREAM.DELETE.own");
		await there("edge1_shared");
		expect(said()).toHaveLength(1);
	});
});
