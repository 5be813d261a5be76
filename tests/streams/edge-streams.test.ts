import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Props } from "../../components/streams/provider/handler";
import { heldBack } from "../../components/streams/provider/held-back";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { streamProps as parsed } from "../../components/streams/provider/stream-props";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import { sleep } from "../../system/wait";
import { type Bench, startBench, until } from "./bench";
import { CAN, edgeProps, source, sources, streamProps } from "./fixtures";

const DEVICES = ["edge1", "edge2", "edge3", "edge4", "edge5", "edge6"];
let bench: Bench;
let way: Control;

beforeAll(async () => {
	bench = await startBench();
	await Promise.all(DEVICES.map((name) => bench.startDevice(name)));
	way = await control(bench.connection);
	await way.ready();
	await Promise.all(DEVICES.map((name) => present(name, true)));
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

const props = (devices = DEVICES, changes = {}) => edgeProps(bench.connection, devices, changes);
const info = (device: string, name = "can") =>
	way.api(device).ask<StreamInfo>(`STREAM.INFO.${device}_${name}`, undefined, 5_000);
const held = (before: Props, after: Props) =>
	heldBack(way, parsed(before), parsed(after), { deadline: Date.now() + 10_000, timeoutsMs: [2_000] });
const present = async (device: string, yes: boolean) =>
	until(async () => (await way.leaves())?.has(device) === yes, `${device} is ${yes ? "connected" : "gone"}`);

test("all devices of a group get their streams, and a second look finds nothing to do", async () => {
	const { id, outs } = await edgeStreams.create(props());
	expect(id).toBe("north");
	expect(outs).toEqual({ ...props(), pending: {} });
	for (const device of DEVICES) expect((await info(device)).config.name).toBe(`${device}_can`);
	const read = await edgeStreams.read(id, outs);
	expect(read.props).toEqual(outs);
	expect(read.inputs).toEqual(props());
	expect(await edgeStreams.diff(id, outs, props())).toEqual({ changes: false });
});

test("a device that is offline does not fail the update, counts as a change, and converges", async () => {
	await bench.kill("edge2");
	await present("edge2", false);
	const classes = { can: { ...CAN, maxBytes: 60_000_000 } };
	const { outs } = await edgeStreams.update("north", props(), props(DEVICES, { classes }));
	expect(outs.pending).toEqual({ edge2: "offline" });
	expect((await info("edge1")).config.max_bytes).toBe(60_000_000);

	const next = props(DEVICES, { classes });
	expect(await edgeStreams.diff("north", outs, next)).toEqual({ changes: true });
	expect(await edgeStreams.diff("north", outs, { ...next, ignorePending: true })).toEqual({ changes: false });
	// A device that leaves the group is waited for no more.
	const without = props(
		DEVICES.filter((name) => name !== "edge2"),
		{ classes },
	);
	expect((await edgeStreams.update("north", outs, without)).outs.pending).toEqual({});

	await bench.startDevice("edge2");
	const { outs: settled } = await edgeStreams.update("north", outs, next);
	expect(settled.pending).toEqual({});
	expect((await info("edge2")).config.max_bytes).toBe(60_000_000);
});

test("a refresh tells what is different on which device, and the next update puts it right", async () => {
	const { outs } = await edgeStreams.update("north", props(), props());
	await way.api("edge3").ask("STREAM.DELETE.edge3_can", undefined, 5_000);
	const { config } = await info("edge4");
	await way.api("edge4").ask("STREAM.UPDATE.edge4_can", { ...config, max_bytes: 1_000_000 }, 5_000);

	const read = await edgeStreams.read("north", outs);
	const drifted = {
		edge3: { drift: ["edge3_can is missing"] },
		edge4: { drift: ["edge4_can: max_bytes is 1000000, not 50000000"] },
	};
	expect(read.props.devices).toEqual({ ...(props().devices as object), ...drifted });
	expect(read.inputs?.devices).toEqual(read.props.devices);
	expect(await edgeStreams.diff("north", read.props, props())).toEqual({ changes: true });

	const { outs: settled } = await edgeStreams.update("north", read.props, props());
	expect((await edgeStreams.read("north", settled)).props).toEqual(settled);
});

test("a refresh keeps what is known of a device that is offline, also its drift", async () => {
	const known = {
		...props(),
		devices: { ...(props().devices as object), edge5: { drift: ["edge5_can is missing"] } },
		pending: {},
	};
	await bench.kill("edge5");
	await bench.kill("edge6");
	await present("edge5", false);
	await present("edge6", false);
	const started = Date.now();
	expect((await edgeStreams.read("north", known)).props).toEqual(known);
	expect(Date.now() - started).toBeLessThan(3_000);
	await bench.startDevice("edge5");
	await bench.startDevice("edge6");
	await present("edge6", true);
	await present("edge5", true);
});

test("streams stay on a device that leaves the group, on a class that goes, and on all when the resource is removed", async () => {
	const classes = { can: CAN, debug: { ...CAN, accepts: [] } };
	const { outs } = await edgeStreams.update("north", props(), props(DEVICES, { classes }));
	const { outs: fewer } = await edgeStreams.update("north", outs, props(["edge1", "edge2"]));
	await edgeStreams.delete("north", fewer);
	for (const device of DEVICES) {
		expect((await info(device)).config.name).toBe(`${device}_can`);
		expect((await info(device, "debug")).config.name).toBe(`${device}_debug`);
	}
	// Where messages may be lost, the streams of a class that goes are removed from the devices that stay.
	const lossy = { allowDataLoss: true };
	await edgeStreams.update("north", props(["edge1"], { ...lossy, classes }), props(["edge1"], lossy));
	await expect(info("edge1", "debug")).rejects.toThrow(/not found/);
	expect((await info("edge2", "debug")).config.name).toBe("edge2_debug");
});

test("a change of storage is refused in preview", async () => {
	const memory = { can: { ...CAN, storage: "memory" as const } };
	const { failures } = await edgeStreams.check(props(), props(DEVICES, { classes: memory }));
	expect(failures?.map(({ reason }) => reason)).toEqual([
		expect.stringMatching(/class can: the server rejects a change of storage from file to memory/),
	]);
	const allowed = props(DEVICES, { classes: memory, allowDataLoss: true });
	expect((await edgeStreams.check(props(), allowed)).failures).toEqual([]);
});

/** A source that found no consumer is tried again after 10 s, and then later each time (nats-server, `stream.go`). */
const RETRIED_MS = 90_000;

test(
	"a hub stream that was there first takes what a device has as soon as its streams are made",
	async () => {
		await way
			.api("edge1")
			.ask("STREAM.DELETE.edge1_can", undefined, 5_000)
			.catch(() => {});
		await bench.kill("edge1");
		await present("edge1", false);
		const { outs } = await edgeStreams.update("north", props(), props(["edge1"]));
		expect(outs.pending).toEqual({ edge1: "offline" });
		await stream.create(streamProps(bench.connection, { sources: sources("edge1") }));

		await bench.startDevice("edge1");
		await edgeStreams.update("north", outs, props(["edge1"]));
		for (let i = 0; i < 10; i++) await bench.device("edge1").request("vehicle.speed", "x", { timeout: 5_000 });
		await until(
			async () => {
				const { state } = await way.api("hub").ask<StreamInfo>("STREAM.INFO.hub_can", undefined, 1_000);
				return state.messages === 10;
			},
			"10 messages on the hub",
			RETRIED_MS,
		);
	},
	2 * RETRIED_MS,
);

test("a source is not taken away while its device holds what the hub does not have", async () => {
	await way
		.api("hub")
		.ask("STREAM.DELETE.hub_can", undefined, 5_000)
		.catch(() => {});
	await way
		.api("edge6")
		.ask("STREAM.DELETE.edge6_can", undefined, 5_000)
		.catch(() => {});
	await edgeStreams.update("north", props(), props(["edge6"]));
	for (let i = 0; i < 300; i++) await bench.device("edge6").request("vehicle.speed", "x", { timeout: 5_000 });
	const hub = (changes: object) => streamProps(bench.connection, changes);
	const [before, after] = [hub({ sources: sources("edge6") }), hub({ sources: {} })];
	const reason = async (next: object) => (await held(before, { ...next })).edge6;

	expect(await reason(after)).toMatch(
		/hub_can: the hub does not have everything yet: edge6_can holds 300 messages\. Set the device to `retired: drain`/,
	);
	expect(await reason({ ...after, allowDataLoss: true })).toBeUndefined();
	await stream.create(before);
	await until(async () => (await reason(after)) === undefined, "edge6 is drained");
});

describe.each(["durable", "ephemeral"] as const)("a device with %s sourcing that is taken out", (sourcing) => {
	const { consumer: _, external, ...ordinary } = source("edge6");
	const own = {
		edge6_can:
			sourcing === "durable"
				? source("edge6")
				: { ...ordinary, opt_start_seq: 1, external: { api: external?.api ?? "", deliver: "deliver.edge6" } },
	};
	const hub = (changes = {}) => streamProps(bench.connection, changes);
	const reason = async (lost: readonly string[] = []) =>
		(await held(hub({ sources: own }), hub({ sources: {}, lost }))).edge6;
	const publish = (subject: string) => bench.device("edge6").request(subject, "x", { timeout: 5_000 });
	const gone = async (device: string, name: string) =>
		way
			.api(device)
			.ask(`STREAM.DELETE.${name}`, undefined, 5_000)
			.catch(() => {});

	beforeAll(async () => {
		await gone("hub", "hub_can");
		await gone("edge6", "edge6_can");
		await edgeStreams.update("north", props(), props(["edge6"], { classes: { can: { ...CAN, sourcing } } }));
	});

	test("is refused for a few messages too, and says how many", async () => {
		for (let i = 0; i < 3; i++) await publish("vehicle.speed");
		expect(await reason()).toMatch(/the hub does not have everything yet: edge6_can holds 3 messages\./);
	});

	test("waits for what is on its way", async () => {
		await stream.create(hub({ sources: own }));
		await until(async () => (await reason()) === undefined, "edge6 is drained");
	});

	// After a power cut the gate moves the stream on by messages of its own, which it takes away again.
	test("does not count sequences that were skipped", async () => {
		for (let i = 0; i < 500; i++) await publish("edge6.can.skipped");
		await way.api("edge6").ask("STREAM.PURGE.edge6_can", { filter: "edge6.can.skipped" }, 5_000);
		await gone("hub", "hub_can");
		const { messages, last_seq } = (await info("edge6")).state;
		expect([messages, last_seq]).toEqual([3, 503]);
		expect(await reason()).toMatch(/edge6_can holds 3 messages\./);
		await way.api("edge6").ask("STREAM.PURGE.edge6_can", undefined, 5_000);
		expect(await reason()).toBeUndefined();
	});

	test("is refused where its stream is not there, for nobody knows what that held", async () => {
		await gone("edge6", "edge6_can");
		expect(await reason()).toMatch(
			/hub_can: not on its device: edge6_can, so nobody knows .*`pulumi up --refresh`.*`retired: lost`/,
		);
		expect(await reason(["edge6"])).toBeUndefined();
	});
});

test("nor while its device is offline, for nobody knows what that holds, unless the fleet file gives it up", async () => {
	const hub = (changes: object) => streamProps(bench.connection, changes);
	const before = hub({ sources: sources("edge5", "edge6") });
	const reason = async (next: object) => (await held(before, { ...hub({}), ...next })).edge6;
	await bench.kill("edge6");
	await present("edge6", false);

	expect(await reason({ sources: sources("edge5") })).toMatch(
		/hub_can: the device of edge6_can does not answer, .*`retired: drain`.*`retired: lost`/,
	);
	expect(await reason({ sources: sources("edge5"), lost: ["edge5"] })).toMatch(/edge6_can does not answer/);
	expect(await reason({ sources: sources("edge5"), lost: ["edge6"] })).toBeUndefined();
	expect(await reason({ sources: sources("edge5"), allowDataLoss: true })).toBeUndefined();
	expect(await reason({ sources: sources("edge5", "edge6") })).toBeUndefined();
	await bench.startDevice("edge6");
	await present("edge6", true);
});

test("a device that is given up goes with what it holds, also while it is connected", async () => {
	await edgeStreams.update("north", props(), props(["edge5"]));
	for (let i = 0; i < 300; i++) await bench.device("edge5").request("vehicle.speed", "x", { timeout: 5_000 });
	const before = streamProps(bench.connection, { sources: sources("edge5") });
	const after = (lost: string[]) => streamProps(bench.connection, { lost });
	expect((await held(before, after([]))).edge5).toMatch(/edge5_can holds 300 messages/);
	expect(await held(before, after(["edge5"]))).toEqual({});
});

test("a device that refuses is named, and leaves the others done", async () => {
	await way.api("edge1").ask("STREAM.DELETE.edge1_can", undefined, 5_000);
	await way
		.api("edge1")
		.ask("STREAM.CREATE.edge1_can", { name: "edge1_can", subjects: ["else"], max_bytes: 1_000_000 }, 5_000);
	const classes = { can: { ...CAN, maxBytes: 70_000_000 } };
	const { outs } = await edgeStreams.update("north", props(), props(DEVICES, { classes }));
	expect(outs.failed).toEqual({ edge1: expect.stringMatching(/^a stream edge1_can exists already/) });
	expect(Object.keys(outs.pending as object)).toEqual(["edge1"]);
	expect((await info("edge6")).config.max_bytes).toBe(70_000_000);
});

test("the hub killed with -9 in the middle costs no device", async () => {
	await way.api("edge1").ask("STREAM.DELETE.edge1_can", undefined, 5_000);
	const classes = Object.fromEntries(
		Array.from({ length: 8 }, (_, i) => [`c${i}`, { ...CAN, accepts: [], maxBytes: 1_000_000 }]),
	);
	bench.pause("hub");
	const running = edgeStreams.update("north", props(), props(DEVICES, { classes }));
	expect(await Promise.race([running, sleep(1_000)])).toBeUndefined();
	await bench.kill("hub");
	await bench.start("hub");
	const { outs } = await running;
	expect(outs.pending).toEqual({});
	expect((await edgeStreams.read("north", outs)).props).toEqual(outs);
}, 120_000);
