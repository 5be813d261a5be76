import { afterAll, beforeAll, expect, test } from "vitest";
import { devices, edgeStreams, stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import type { ConsumerConfig } from "../../topology/jetstream";
import { type Bench, type Edge, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { CAN, edgeProps, hubConfig, source, streamProps } from "./fixtures";

/**
 * A fleet of five: edge1 stays, edge2 is drained and leaves, edge3 leaves with what the hub does not have, edge4 while it is
 * away, edge5 comes. All in one update, of two classes and a downlink.
 */
const BEFORE = ["edge1", "edge2", "edge3", "edge4"];
const AFTER = ["edge1", "edge5"];
const ALARM = { ...CAN, accepts: ["alarm.>"], maxBytes: 1_000_000 };
const CLASSES = { can: { ...CAN, maxBytes: 5_000_000 }, alarm: ALARM };
let bench: Bench;
let way: Control;
const edges = new Map<string, Edge>();

beforeAll(async () => {
	bench = await startBench({ downlinks: ["hub_commands"] });
	const start = async (name: string) => void edges.set(name, await bench.startEdge(name));
	await Promise.all([...BEFORE, "edge5"].map(start));
	way = await control(bench.connection);
	await way.ready();
});
afterAll(async () => {
	await closeAll();
	await bench?.close();
});

const group = (names: readonly string[]) => edgeProps(bench.connection, names, { classes: CLASSES });
const hub = (name: "can" | "alarm", names: readonly string[], changes = {}) =>
	streamProps(bench.connection, {
		config: hubConfig({ name: `hub_${name}` }),
		sources: Object.fromEntries(names.map((device) => [`${device}_${name}`, source(device, name)])),
		...changes,
	});
const feeder = (device: string): ConsumerConfig => ({
	durable_name: device,
	deliver_subject: `dl.${device}.commands`,
	deliver_policy: "all",
	ack_policy: "flow_control",
	replay_policy: "instant",
	flow_control: true,
	idle_heartbeat: 1_000_000_000,
	max_ack_pending: 64,
	filter_subject: `down.${device}.commands.>`,
});
const commands = (names: readonly string[]) =>
	streamProps(bench.connection, {
		config: hubConfig({ name: "hub_commands", subjects: ["down.*.commands.>"] }),
		consumers: Object.fromEntries(names.map((device) => [device, feeder(device)])),
	});
const info = (domain: string, name: string) => way.api(domain).ask<StreamInfo>(`STREAM.INFO.${name}`, undefined, 5_000);
const sourcesOf = async (name: string) =>
	((await info("hub", name)).config.sources as { name: string }[]).map(({ name: each }) => each).sort();
const readersOf = async () =>
	(await way.api("hub").ask<{ consumers: string[] }>("CONSUMER.NAMES.hub_commands", {}, 5_000)).consumers.sort();

type Outs = Record<"can" | "alarm" | "commands" | "edges", Record<string, unknown>>;

/** What the engine does, in the order of the program. */
async function up(old: Outs | undefined, names: readonly string[], more = {}): Promise<Outs> {
	const news = {
		commands: { ...commands(names), ...more },
		edges: group(names),
		can: hub("can", names, more),
		alarm: hub("alarm", names, more),
	};
	const one = async (key: keyof Outs, handler: typeof stream) => {
		const was = old?.[key];
		if (!was) return (await handler.create(news[key])).outs;
		expect((await handler.check(was, news[key])).failures ?? []).toEqual([]);
		if (!(await handler.diff(key, was, news[key])).changes) return was;
		return (await handler.update(key, was, news[key])).outs;
	};
	const downlink = await one("commands", stream);
	const made = await one("edges", edgeStreams);
	return { commands: downlink, edges: made, can: await one("can", stream), alarm: await one("alarm", stream) };
}
const failed = ({ can, alarm, commands: down, edges }: Outs) =>
	Object.assign({}, ...[down, edges, can, alarm].map((outs) => outs.failed ?? {})) as Record<string, string>;

let outs: Outs;

test("from a device that must not be let go nothing is taken, and all others are done", {
	timeout: 120_000,
}, async () => {
	outs = await up(undefined, BEFORE);
	expect(failed(outs)).toEqual({});
	// The hub asks for a consumer that is gone again after 10 s: until then this is on the device alone.
	await way.api("edge3").ask("CONSUMER.DELETE.edge3_can.hub", undefined, 5_000);
	for (let i = 0; i < 20; i++) await edges.get("edge3")?.client.request("vehicle.speed", "x", { timeout: 5_000 });
	await edges.get("edge4")?.server.kill();
	await eventually(async () => (await way.leaves())?.has("edge4") === false, { what: "edge4 is gone" });

	outs = await up(outs, AFTER);
	expect(failed(outs)).toEqual({
		edge3: expect.stringMatching(/^hub_can: the hub does not have everything yet: edge3_can holds 20 messages\. Set /),
		edge4: expect.stringMatching(/^hub_\w+: the device of edge4_\w+ does not answer, .*`retired: lost`/),
	});
	// edge3 is drained in its other class, which stays as well: it is one device.
	for (const name of ["can", "alarm"]) {
		expect(await sourcesOf(`hub_${name}`)).toEqual(["edge1", "edge3", "edge4", "edge5"].map((it) => `${it}_${name}`));
	}
	expect(await readersOf()).toEqual(["edge1", "edge3", "edge4", "edge5"]);
	expect((await info("edge5", "edge5_can")).config.name).toBe("edge5_can");

	// The state says what is there: nothing to be done by a refresh, and the same to be done again by an update.
	for (const key of ["can", "alarm", "commands"] as const) {
		const name = key === "commands" ? "hub_commands" : `hub_${key}`;
		expect((await stream.read(name, outs[key])).props).toEqual(outs[key]);
	}
	expect(Object.keys(outs.can.sources as object).sort()).toEqual(await sourcesOf("hub_can"));
	expect(await stream.diff("hub_can", outs.can, hub("can", AFTER))).toEqual({ changes: true });
	expect(await stream.diff("hub_commands", outs.commands, commands(AFTER))).toEqual({ changes: true });
	await expect(devices.create({ failed: failed(outs) })).rejects.toThrow(
		/^2 devices failed, all others are done:\nedge3: .*\nedge4: /,
	);
});

test("what comes of it meanwhile arrives, and when it has what is told comes true", { timeout: 120_000 }, async () => {
	// Put back both are as they are asked to be, and nothing fails any more; then edge4 is given up.
	expect(failed(await up(outs, [...AFTER, "edge3", "edge4"]))).toEqual({});
	const read = await edgeStreams.read("north", (await up(outs, [...AFTER, "edge3"], { lost: ["edge4"] })).edges);
	outs = await up({ ...outs, edges: read.props }, [...AFTER, "edge3"], { lost: ["edge4"] });
	expect(failed(outs)).toEqual({});
	expect(await sourcesOf("hub_can")).toEqual(["edge1_can", "edge3_can", "edge5_can"]);
	await eventually(async () => (await info("hub", "hub_can")).state.messages === 20, {
		what: "what edge3 holds is at the hub",
		within: 90_000,
	});
	outs = await up(outs, AFTER, { lost: ["edge4"] });
	expect(failed(outs)).toEqual({});
	expect(await sourcesOf("hub_can")).toEqual(["edge1_can", "edge5_can"]);
	expect(await sourcesOf("hub_alarm")).toEqual(["edge1_alarm", "edge5_alarm"]);
	expect(await readersOf()).toEqual(AFTER);
});
