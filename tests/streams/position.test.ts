import { afterAll, beforeAll, expect, test } from "vitest";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/answers";
import { readSourceHeader } from "../../jetstream/origin";
import type { ConsumerConfig } from "../../topology/jetstream";
import { ADMIN_API } from "../../topology/permissions";
import { officialServer } from "../support/official-server";
import { type Bench, startBench, until } from "./bench";
import { CAN, edgeProps, hubConfig, source, streamProps } from "./fixtures";

/** Several windows of 256: less than one would not stop a source that is behind. */
const BACKLOG = 1_500;

let bench: Bench;
let way: Control;

beforeAll(async () => {
	bench = await startBench({ downlinks: ["hub_commands"] });
	for (const name of ["edge1", "edge2", "edge3", "edge4"]) await bench.startDevice(name);
	way = await control(bench.connection);
	await way.ready();
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

const ask = <T>(domain: string, endpoint: string, body?: unknown) => way.api(domain).ask<T>(endpoint, body, 5_000);
const info = (domain: string, name: string) => ask<StreamInfo>(domain, `STREAM.INFO.${name}`);
const consumer = (device: string) => ask<ConsumerInfo>(device, `CONSUMER.INFO.${device}_can.hub`);
const settle = (device: string) => edgeStreams.update("north", {}, edgeProps(bench.connection, [device]));

/** A device whose messages have all arrived in a hub stream of its own, `messages` of them. */
async function sourced(device: string, messages: number): Promise<string> {
	await edgeStreams.create(edgeProps(bench.connection, [device]));
	const name = `hub_${device}`;
	const sources = { [`${device}_can`]: source(device) };
	await stream.create(streamProps(bench.connection, { config: hubConfig({ name }), sources }));
	await publish(device, 0, messages);
	await arrived(name, messages);
	return name;
}

async function publish(device: string, from: number, to: number): Promise<void> {
	const local = bench.device(device);
	for (let at = from; at < to; at += 100) {
		const numbers = Array.from({ length: Math.min(100, to - at) }, (_, i) => at + i);
		await Promise.all(numbers.map((number) => local.request("vehicle.n", String(number), { timeout: 10_000 })));
	}
}

async function arrived(name: string, messages: number): Promise<void> {
	await until(async () => (await info("hub", name)).state.messages >= messages, `${messages} in ${name}`, 40_000);
}

/** Numbers that the hub holds, in its order. */
async function numbers(name: string): Promise<number[]> {
	const { last_seq = 0 } = (await info("hub", name)).state;
	const jetstream = way.hub.jetstream({ apiPrefix: ADMIN_API });
	const messages = await (await jetstream.consumers.get(name)).consume();
	const found: number[] = [];
	for await (const message of messages) {
		found.push(Number(message.string()));
		if (message.seq >= last_seq) break;
	}
	return found;
}
const upTo = (messages: number) => Array.from({ length: messages }, (_, i) => i);

test("a consumer that was deleted on a device is made anew where the hub is, and everything arrives once", async () => {
	const hub = await sourced("edge1", BACKLOG);
	// The hub looks for it from its start on; one that still listens would find its way by itself.
	await bench.kill("hub");
	await bench.owner("edge1").request("$JS.API.CONSUMER.DELETE.edge1_can.hub", "");
	await bench.start("hub");
	await way.ready();
	await settle("edge1");
	await publish("edge1", BACKLOG, BACKLOG + 300);
	await arrived(hub, BACKLOG + 300);
	const sorted = (await numbers(hub)).sort((a, b) => a - b);
	expect(sorted).toEqual(upTo(BACKLOG + 300));
	await until(async () => (await consumer("edge1")).num_ack_pending === 0, "everything is acknowledged");
});

test("a consumer with an older position is named by a refresh, and goes on where the hub is after an update", async () => {
	const hub = await sourced("edge2", BACKLOG);
	// As after a power cut that took the consumer's last writes.
	await bench.kill("hub");
	await bench.owner("edge2").request("$JS.API.CONSUMER.RESET.edge2_can.hub", JSON.stringify({ seq: 1 }));
	// leafline's would see to it by itself, when it finds its consumer again.
	await bench.start("hub", await officialServer());
	await until(
		async () => ((await consumer("edge2").catch(() => undefined))?.num_ack_pending ?? 0) >= CAN.window,
		"a whole window waits",
		30_000,
	);
	const { props } = await edgeStreams.read("north", edgeProps(bench.connection, ["edge2"]));
	expect(JSON.stringify(props.devices)).toMatch(
		/edge2_can, consumer hub has sent up to \d+, and 1500 is there already/,
	);
	await settle("edge2");
	await publish("edge2", BACKLOG, BACKLOG + 100);
	await arrived(hub, BACKLOG + 100);
	expect((await numbers(hub)).sort((a, b) => a - b)).toEqual(upTo(BACKLOG + 100));
	const again = await edgeStreams.read("north", edgeProps(bench.connection, ["edge2"]));
	expect(JSON.stringify(again.props.devices)).not.toMatch(/sent up to/);
});

test("a consumer with an older position goes on where the hub is by itself, with leafline's server", async () => {
	await bench.kill("hub");
	await bench.owner("edge2").request("$JS.API.CONSUMER.RESET.edge2_can.hub", JSON.stringify({ seq: 1 }));
	await bench.start("hub");
	await publish("edge2", BACKLOG + 100, BACKLOG + 400);
	await arrived("hub_edge2", BACKLOG + 400);
	expect((await numbers("hub_edge2")).sort((a, b) => a - b)).toEqual(upTo(BACKLOG + 400));
});

test("a stream that was made anew on a device starts at its first message, wherever the hub was with the old one", async () => {
	const hub = await sourced("edge3", 600);
	await ask("edge3", "STREAM.DELETE.edge3_can");
	await settle("edge3");
	await publish("edge3", 600, 700);
	await arrived(hub, 700);
	// Its consumer as well, while the stream holds more than the old one did.
	await publish("edge3", 700, 1_400);
	await arrived(hub, 1_400);
	await ask("edge3", "CONSUMER.DELETE.edge3_can.hub");
	await settle("edge3");
	await publish("edge3", 1_400, 1_500);
	await arrived(hub, 1_500);
	expect((await numbers(hub)).sort((a, b) => a - b)).toEqual(upTo(1_500));
});

test("a device's consumer on a downlink that was deleted on the hub goes on where the device is", async () => {
	const commands = { ...CAN, direction: "downlink" as const, accepts: [], discard: "old" as const };
	const feeder: ConsumerConfig = {
		durable_name: "edge4",
		deliver_subject: "dl.edge4.commands",
		filter_subject: "down.edge4.commands.>",
		deliver_policy: "all",
		ack_policy: "flow_control",
		replay_policy: "instant",
		flow_control: true,
		idle_heartbeat: 1_000_000_000,
		max_ack_pending: 64,
	};
	const config = hubConfig({ name: "hub_commands", subjects: ["down.*.commands.>"] });
	const props = streamProps(bench.connection, { config, consumers: { edge4: feeder } });
	await stream.create(props);
	await edgeStreams.create(edgeProps(bench.connection, ["edge4"], { classes: { commands } }));
	const send = async (messages: number) => {
		for (let i = 0; i < messages; i++) await way.hub.request("down.edge4.commands.go", "now", { timeout: 5_000 });
	};
	const onDevice = async () => (await info("edge4", "edge4_commands")).state.messages;
	await send(300);
	await until(async () => (await onDevice()) === 300, "300 commands on the device");
	await bench.kill("edge4");
	await ask("hub", "CONSUMER.DELETE.hub_commands.edge4");
	await bench.startDevice("edge4");
	await until(async () => (await onDevice().catch(() => 0)) === 300, "the device is back");
	await stream.update("hub_commands", { ...props, consumers: {} }, props);
	await send(20);
	await until(async () => (await onDevice()) === 320, "320 commands on the device", 40_000);
});

test("the hub's header tells stream, sequence and which of two streams of one name", () => {
	expect(readSourceHeader(" edge1_can:aB3dE6gH:C=xY9 17 *.*.>\f*.* a.>\fa edge1.can.x AbCd1234")).toEqual({
		stream: "edge1_can",
		seq: 17,
		identity: "AbCd1234",
	});
	expect(readSourceHeader("edge1_can:aB3dE6gH 17 > > edge1.can.x")).toEqual({ stream: "edge1_can", seq: 17 });
	expect(readSourceHeader("nonsense")).toBeUndefined();
});
