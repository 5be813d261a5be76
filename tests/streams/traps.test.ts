import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import { maxConsumers } from "../../topology/consumers";
import { flowControlled } from "../../topology/edge";
import type { StreamSource } from "../../topology/jetstream";
import { type Bench, startBench, until } from "./bench";
import { edgeProps, hubConfig, source, streamProps } from "./fixtures";

/**
 * What nats-server takes without a word and loses or doubles by, each first without the measure and then with what the
 * provider makes. docs/guarantees.md has the list.
 */
let bench: Bench;
let way: Control;

beforeAll(async () => {
	bench = await startBench();
	for (const device of ["edge1", "edge2", "edge3", "edge4", "edge5", "edge6"]) await bench.startDevice(device);
	way = await control(bench.connection);
	await way.ready();
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

const ask = <T>(domain: string, endpoint: string, body?: unknown) => way.api(domain).ask<T>(endpoint, body, 10_000);
const stored = async (domain: string, name: string) =>
	(await ask<StreamInfo>(domain, `STREAM.INFO.${name}`)).state.messages;
const arrived = (name: string, messages: number) =>
	until(async () => (await stored("hub", name)) >= messages, `${messages} in ${name}`, 60_000);

/** The source that one would write by hand: no consumer of its own, no start. */
const plain = (device: string): StreamSource => ({
	name: `${device}_can`,
	external: { api: `$JS.${device}.API`, deliver: `deliver.${device}.plain` },
});
/** A stream of the hub as one would make it by hand. */
const byHand = (name: string, sources: readonly StreamSource[], changes = {}) =>
	ask("hub", `STREAM.CREATE.${name}`, { ...hubConfig({ name, ...changes }), sources });

async function publish(device: string, messages: number, id?: string): Promise<void> {
	const jetstream = bench.device(device).jetstream();
	for (let at = 0; at < messages; at++) {
		await jetstream.publish("vehicle.n", String(at), id === undefined ? {} : { msgID: `${id}${at}` });
	}
}

/** Streams on devices, as the provider makes them. */
const onDevices = (...devices: string[]) => edgeStreams.create(edgeProps(bench.connection, devices));
/** A stream of the hub, as the provider makes it. */
const made = (name: string, ...devices: string[]) =>
	streamProps(bench.connection, {
		config: hubConfig({ name }),
		sources: Object.fromEntries(devices.map((device) => [`${device}_can`, source(device)])),
	});

describe("a device that comes late, with a backlog", () => {
	const BACKLOG = 300;
	const LEFT = 5;

	/** Once a stream has lost its first messages to age, the server starts a new source at the time of its last one. */
	async function aged(name: string): Promise<void> {
		await arrived(name, 20);
		await ask("hub", `STREAM.PURGE.${name}`, { keep: LEFT });
	}

	beforeAll(async () => {
		await onDevices("edge1", "edge2");
		await publish("edge2", BACKLOG);
		// The hub has something of another device that is younger than the backlog.
		await publish("edge1", 20);
	});

	test("loses it where its source has no start", async () => {
		await byHand("hub_late", [plain("edge1")]);
		await aged("hub_late");
		const { config } = await ask<StreamInfo>("hub", "STREAM.INFO.hub_late");
		await ask("hub", "STREAM.UPDATE.hub_late", { ...config, sources: [plain("edge1"), plain("edge2")] });
		// It sources what is published from now on: so the backlog has had its time.
		await publish("edge2", 1);
		await arrived("hub_late", LEFT + 1);
		expect(await stored("hub", "hub_late")).toBe(LEFT + 1);
	});

	test("brings all of it as leafline adds it", async () => {
		const first = made("hub_can", "edge1");
		await stream.create(first);
		await aged("hub_can");
		await stream.update("hub_can", first, made("hub_can", "edge1", "edge2"));
		await arrived("hub_can", LEFT + BACKLOG + 1);
		expect(await stored("hub", "hub_can")).toBe(LEFT + BACKLOG + 1);
	});
});

describe("two devices that use the same message ids", () => {
	const MESSAGES = 50;

	beforeAll(async () => {
		await onDevices("edge3", "edge4");
		for (const device of ["edge3", "edge4"]) await publish(device, MESSAGES, "id-");
	});

	test("lose what the hub takes for doubles, with a duplicate window there", async () => {
		const sources = [plain("edge3"), plain("edge4")].map((each) => ({ ...each, opt_start_seq: 1 }));
		await byHand("hub_window", sources, { duplicate_window: 120_000_000_000 });
		await arrived("hub_window", MESSAGES);
		const last = bench.device("edge4").jetstream().publish("vehicle.last", "last");
		await last;
		await arrived("hub_window", MESSAGES + 1);
		expect(await stored("hub", "hub_window")).toBe(MESSAGES + 1);
	});

	test("lose nothing as leafline makes the stream", async () => {
		await stream.create(made("hub_ids", "edge3", "edge4"));
		await arrived("hub_ids", 2 * MESSAGES + 1);
		expect(await stored("hub", "hub_ids")).toBe(2 * MESSAGES + 1);
	});
});

describe("a source that is taken out and put in again, when the hub holds nothing of it any more", () => {
	const MESSAGES = 200;

	/** As somebody does it by hand, to a stream that also has another source. */
	async function outAndIn(name: string): Promise<void> {
		const { config } = await ask<StreamInfo>("hub", `STREAM.INFO.${name}`);
		const sources = config.sources as StreamSource[];
		await ask("hub", `STREAM.UPDATE.${name}`, { ...config, sources: sources.slice(1) });
		await ask("hub", `STREAM.PURGE.${name}`);
		await ask("hub", `STREAM.UPDATE.${name}`, { ...config, sources });
	}

	beforeAll(async () => {
		await onDevices("edge5", "edge6");
		await publish("edge5", MESSAGES);
	});

	test("sends everything again where the hub alone knows its position", async () => {
		await byHand("hub_again", [{ ...plain("edge5"), opt_start_seq: 1 }, plain("edge6")]);
		await arrived("hub_again", MESSAGES);
		await outAndIn("hub_again");
		await arrived("hub_again", MESSAGES);
	});

	test("goes on where it was when updates do it, which write down where that is", async () => {
		const [both, other] = [made("hub_once", "edge5", "edge6"), made("hub_once", "edge6")];
		await stream.create(both);
		await arrived("hub_once", MESSAGES);
		await settled("edge5");
		await stream.update("hub_once", both, other);
		await ask("hub", "STREAM.PURGE.hub_once");
		await stream.update("hub_once", other, both);
		await publish("edge5", 10);
		await arrived("hub_once", 10);
		expect(await stored("hub", "hub_once")).toBe(10);
	});
});

test("a stream of the hub that is lost altogether and made anew gets again what devices still hold, and no message twice", async () => {
	const name = "hub_lost";
	await bench.startDevice("edge7");
	await onDevices("edge7");
	const props = made(name, "edge7");
	await stream.create(props);
	await publish("edge7", 100);
	await arrived(name, 100);
	const { num_ack_pending: waiting } = await settled("edge7");
	expect(waiting).toBe(0);
	await ask("hub", `STREAM.DELETE.${name}`);
	await publish("edge7", 30);
	await ask("edge7", "STREAM.PURGE.edge7_can", { seq: 41 });
	await stream.create(props);
	await publish("edge7", 10);
	await arrived(name, 100);
	expect(await stored("hub", name)).toBe(100);
});

interface Consumer {
	readonly ack_floor: { readonly stream_seq: number };
	readonly num_ack_pending: number;
}

/** The consumer of a device, when it knows that everything has arrived. */
async function settled(device: string): Promise<Consumer> {
	const look = () => ask<Consumer>(device, `CONSUMER.INFO.${device}_can.hub`);
	await until(
		async () => (await look()).ack_floor.stream_seq >= (await stored(device, `${device}_can`)),
		"it knows",
		60_000,
	);
	return look();
}

describe("a downlink with a consumer for each of more than a thousand devices", () => {
	const DEVICES = 1_001;
	const names = Array.from({ length: DEVICES }, (_, index) => `truck-${index + 1}`);
	const config = (name: string, changes = {}) => hubConfig({ name, subjects: [`${name}.>`], ...changes });
	const consumers = Object.fromEntries(
		names.map((device) => [device, { durable_name: device, deliver_subject: device, ...flowControlled(64) }]),
	);
	const feeding = (name: string, changes = {}) =>
		streamProps(bench.connection, { config: config(name, changes), sources: {}, consumers });

	test("has none for some, where the stream does not say how many it takes", async () => {
		await expect(stream.create(feeding("hub_many"))).rejects.toThrow("maximum consumers limit reached");
	}, 120_000);

	test("has all, as leafline plans it, also where the stream was made before", async () => {
		const small = streamProps(bench.connection, { config: config("hub_all"), sources: {} });
		await stream.create(small);
		await stream.update("hub_all", small, feeding("hub_all", { max_consumers: maxConsumers(1) }));
		expect((await ask<StreamInfo>("hub", "STREAM.INFO.hub_all")).state.consumer_count).toBe(DEVICES);
	}, 120_000);
});
