import type { NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeviceOptions, readDevice, settleDevice } from "../../components/streams/provider/edge-device";
import { stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import { hubPositions } from "../../jetstream/position";
import { sleep } from "../../system/wait";
import { CUT_NOTE, writeCut } from "../../topology/cut-note";
import { OWNER } from "../../topology/names";
import { type Bench, startBench, until } from "./bench";
import { edgeStream, hubConfig, source, streamProps } from "./fixtures";

let bench: Bench;
let way: Control;
const OPTIONS = { owner: "leafline/test", adopt: [], allowDataLoss: false, removedClasses: [] };

beforeAll(async () => {
	bench = await startBench();
	for (const name of ["edge1", "edge2", "edge3", "edge4"]) await bench.startDevice(name);
	way = await control(bench.connection);
	await way.ready();
	await until(async () => (await way.leaves())?.has("edge4") === true, "edge4 is connected");
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

const onHub = () => {
	const hub = way.api("hub");
	return { hub, positions: hubPositions(hub, () => ({ deadline: Date.now() + 10_000, timeoutsMs: [2_000] })) };
};
const settle = (device: string, changes = {}, options: Partial<DeviceOptions> = {}) =>
	settleDevice(way, device, [edgeStream(device, changes)], {
		...OPTIONS,
		...onHub(),
		connectedBy: Date.now() + 5_000,
		...options,
	});
const read = (device: string, changes = {}) =>
	readDevice(way, device, [edgeStream(device, changes)], { owner: OPTIONS.owner, ...onHub() });
const api = (device: string) => way.api(device);
const withOwner = (config: object) => ({ ...config, metadata: { [OWNER]: OPTIONS.owner } });
const publish = (connection: NatsConnection, subject: string) =>
	connection.request(subject, "x".repeat(1_000), { timeout: 5_000 });

test("a device gets its stream and the hub's consumer, and the hub sources what is published", async () => {
	expect(await settle("edge1")).toEqual({ outcome: "settled" });
	expect(await read("edge1")).toEqual([]);
	await stream.create(streamProps(bench.connection, { sources: { edge1_can: source("edge1") } }));
	const local = bench.device("edge1");
	for (let i = 0; i < 20; i++) await publish(local, "vehicle.speed");
	await until(async () => {
		const info = await api("hub").ask<StreamInfo>("STREAM.INFO.hub_can", undefined, 1_000);
		return info.state.messages === 20;
	}, "20 messages on the hub");
});

test("what was changed on a device by hand is told field by field, and put right", async () => {
	await settle("edge2");
	const info = await api("edge2").ask<StreamInfo>("STREAM.INFO.edge2_can", undefined, 5_000);
	await api("edge2").ask("STREAM.UPDATE.edge2_can", { ...info.config, max_bytes: 1_000_000 }, 5_000);
	await api("edge2").ask("CONSUMER.DELETE.edge2_can.hub", undefined, 5_000);
	expect(await read("edge2")).toEqual([
		"edge2_can: max_bytes is 1000000, not 50000000",
		"edge2_can, consumer hub is missing",
	]);
	expect(await settle("edge2")).toEqual({ outcome: "settled" });
	expect(await read("edge2")).toEqual([]);
	await api("edge2").ask("STREAM.DELETE.edge2_can", undefined, 5_000);
	expect(await read("edge2")).toEqual(["edge2_can is missing"]);
});

test("what a device notes of its last cut is no change, and stays when its stream is changed", async () => {
	await settle("edge2");
	const info = () => api("edge2").ask<StreamInfo>("STREAM.INFO.edge2_can", undefined, 5_000);
	const { config } = await info();
	const note = { [CUT_NOTE]: writeCut({ at: 1_800_000_000_000 }) };
	await api("edge2").ask("STREAM.UPDATE.edge2_can", { ...config, metadata: { ...config.metadata, ...note } }, 5_000);
	expect(await read("edge2")).toEqual([]);
	expect(await settle("edge2", { max_bytes: 40_000_000 })).toEqual({ outcome: "settled" });
	expect((await info()).config).toMatchObject({ max_bytes: 40_000_000, metadata: note });
	expect(await read("edge2", { max_bytes: 40_000_000 })).toEqual([]);
	await api("edge2").ask("STREAM.DELETE.edge2_can", undefined, 5_000);
	// On a stream that is not ours it does not make it ours.
	const foreign = { ...edgeStream("edge2").stream, max_bytes: 7_000_000, metadata: note };
	await api("edge2").ask("STREAM.CREATE.edge2_can", foreign, 5_000);
	expect(await settle("edge2")).toMatchObject({ outcome: "failed", reason: expect.stringMatching(/exists already/) });
	await api("edge2").ask("STREAM.DELETE.edge2_can", undefined, 5_000);
});

test("a device that is not connected is pending, quickly, and settled when it is back", async () => {
	await bench.kill("edge3");
	await until(async () => (await way.leaves())?.has("edge3") === false, "edge3 is gone");
	const started = Date.now();
	expect(await settle("edge3")).toEqual({ outcome: "pending", reason: "offline" });
	expect(Date.now() - started).toBeLessThan(8_000);
	expect(await read("edge3")).toBeUndefined();
	await bench.startDevice("edge3");
	expect(await settle("edge3")).toEqual({ outcome: "settled" });
});

test("a device that is busy is waited for, and not taken for offline", async () => {
	bench.pause("edge3");
	const settling = settle("edge3", { max_bytes: 40_000_000 });
	const early = await Promise.race([settling, sleep(4_000)]);
	bench.resume("edge3");
	expect(early).toBeUndefined();
	expect(await settling).toEqual({ outcome: "settled" });
	expect(await read("edge3", { max_bytes: 40_000_000 })).toEqual([]);
});

test("a stream that somebody else made is refused, unless it is adopted", async () => {
	await api("edge4").ask("STREAM.CREATE.edge4_can", { ...edgeStream("edge4").stream, max_bytes: 7_000_000 }, 5_000);
	expect(await settle("edge4")).toMatchObject({
		outcome: "failed",
		reason: expect.stringMatching(/edge4_can exists already.*max_bytes is 7000000.*leafline:adopt/),
	});
	expect(await settle("edge4", {}, { adopt: ["edge4_can"] })).toEqual({ outcome: "settled" });
	expect(await read("edge4")).toEqual([]);
});

test("a lower limit waits until the hub has what it would delete", async () => {
	const old = { discard: "old" as const };
	await settle("edge4", old, { adopt: ["edge4_can"] });
	const local = bench.device("edge4");
	for (let i = 0; i < 20; i++) await publish(local, "vehicle.speed");
	const lower = { ...old, max_bytes: 5_000 };
	expect(await settle("edge4", lower)).toMatchObject({
		outcome: "pending",
		reason: expect.stringMatching(/lowering max_bytes .* would delete messages that the hub does not have yet/),
	});
	const info = await api("edge4").ask<StreamInfo>("STREAM.INFO.edge4_can", undefined, 5_000);
	expect(info.state.messages).toBe(20);

	const sources = { edge1_can: source("edge1"), edge4_can: source("edge4") };
	await stream.update("hub_can", {}, streamProps(bench.connection, { sources }));
	await until(async () => (await settle("edge4", lower)).outcome === "settled", "the hub has all of edge4", 30_000);
});

describe("a full stream that drops its oldest, and is to be smaller", () => {
	const old = { discard: "old" as const, max_bytes: 2_000_000 };
	const lower = { discard: "old" as const, max_bytes: 500_000 };
	const { consumer: _, ...ordinary } = source("edge3");
	const sources = {
		edge3_can: { ...ordinary, opt_start_seq: 1, external: { api: "$JS.edge3.API", deliver: "deliver.edge3" } },
	};
	const hub = (changes: object) =>
		streamProps(bench.connection, { config: hubConfig({ name: "hub_low" }), ...changes });
	const info = (domain: string, name: string) => api(domain).ask<StreamInfo>(`STREAM.INFO.${name}`, undefined, 5_000);
	const deleted = (domain: string, name: string) =>
		api(domain)
			.ask(`STREAM.DELETE.${name}`, undefined, 5_000)
			.catch(() => {});
	const fill = async (messages: number) => {
		const all = Array.from({ length: messages }, () => publish(bench.device("edge3"), "vehicle.speed"));
		await Promise.all(all);
	};
	const atHub = async () => (await info("hub", "hub_low")).state.messages;

	// A class that becomes durable is made smaller, and its source waits for a consumer that comes behind that.
	test("that an ordinary source has taken, becomes so also while programs publish", async () => {
		await deleted("edge3", "edge3_can");
		await api("edge3").ask("STREAM.CREATE.edge3_can", withOwner({ ...edgeStream("edge3", old).stream }), 5_000);
		await stream.create(hub({ sources }));
		await fill(1_000);
		await until(async () => (await atHub()) === 1_000, "1,000 at the hub", 30_000);
		let publishing = true;
		let published = 1_000;
		const program = (async () => {
			for (; publishing; published++) {
				await publish(bench.device("edge3"), "vehicle.speed");
				await sleep(5);
			}
		})().catch(() => {});
		await until(async () => (await settle("edge3", lower)).outcome === "settled", "it is smaller", 30_000);
		publishing = false;
		await program;
		const { config, state } = await info("edge3", "edge3_can");
		expect(config.max_bytes).toBe(500_000);
		expect(state.bytes).toBeLessThanOrEqual(500_000);
		await until(async () => (await atHub()) === published, "everything at the hub", 30_000);
	});

	test("keeps what the hub has not got, and gets the consumer through which that comes", async () => {
		await settle("edge3", old);
		await api("edge3").ask("CONSUMER.DELETE.edge3_can.hub", undefined, 5_000);
		await deleted("hub", "hub_low");
		await fill(1_000);
		const { messages } = (await info("edge3", "edge3_can")).state;
		const late = await settle("edge3", lower);
		expect(late).toMatchObject({ outcome: "pending", reason: expect.stringMatching(/hub does not have yet$/) });
		expect((await info("edge3", "edge3_can")).state.messages).toBe(messages);
		await stream.create(hub({ sources: { edge3_can: source("edge3") } }));
		await until(async () => (await settle("edge3", lower)).outcome === "settled", "the hub has all of it", 30_000);
		expect((await info("hub", "hub_low")).state.messages).toBe(messages);
	});
});

test("a device whose own programs have reserved the room says who has it", async () => {
	const own = { name: "KV_own", subjects: ["$KV.own.>"], max_bytes: 1024 ** 3 - 100_000_000 };
	await settle("edge2");
	await api("edge2").ask("STREAM.CREATE.KV_own", own, 5_000);
	expect(await settle("edge2", { max_bytes: 200_000_000 })).toEqual({
		outcome: "failed",
		reason:
			"edge2 STREAM.UPDATE.edge2_can: insufficient storage resources available (10047): max_file of its server is below " +
			"what its streams reserve or are to reserve. Streams of its own programs reserve 929MiB (KV_own 929MiB): lower " +
			"their max_bytes, or keep room for them (hardware.<name>.programs), then run again",
	});
	await api("edge2").ask("STREAM.UPDATE.KV_own", { ...own, max_bytes: 1_000_000 }, 5_000);
	expect(await settle("edge2", { max_bytes: 200_000_000 })).toEqual({ outcome: "settled" });
});

test("a change that the server rejects is refused, and carried out where messages may be lost", async () => {
	expect(await settle("edge3", { storage: "memory" })).toMatchObject({
		outcome: "failed",
		reason: expect.stringMatching(/edge3_can: the server rejects this change: storage cannot change/),
	});
	expect(await settle("edge3", { storage: "memory" }, { allowDataLoss: true })).toEqual({ outcome: "settled" });
	expect(await read("edge3", { storage: "memory" })).toEqual([]);
});
