import { connect, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { type ReaderFacts, readerStates, readReaders } from "../../cli/fleet/readers";
import { fleetState } from "../../cli/fleet/state";
import { statusLines } from "../../cli/status/view";
import type { StoredMessage } from "../../jetstream/answers";
import { domainApi } from "../../jetstream/api";
import { stackFixture } from "../contract/fixture";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { makeServers } from "../support/servers";

const MINUTE = 60_000;
const reader = (changes: Partial<ReaderFacts> = {}): ReaderFacts => ({
	reader: "lake",
	stream: "hub_sensor",
	waiting: 12_345,
	given: 1000,
	quietMs: 12 * MINUTE,
	idleMs: 10_000,
	ackWaitMs: 30_000,
	oldestMs: 60 * MINUTE,
	...changes,
});
const note = (changes: Partial<ReaderFacts>) => readerStates([reader(changes)])[0]?.note;

describe("a reader is stuck", () => {
	it("that is given messages and acknowledges none, as old clients do", () => {
		expect(note({})).toBe(
			"12,345 messages wait; it is given messages and has acknowledged none for 12 min: either it fails on each, or its " +
				"client cannot read them (docs/clients.md)",
		);
	});

	it("that nobody is", () => {
		expect(note({ given: 0, idleMs: 12 * MINUTE })).toBe("12,345 messages wait, and nobody has fetched for 12 min");
	});

	it.each([
		["has nothing to read", { waiting: 0, given: 0 }],
		["acknowledged something not long ago", { quietMs: 4 * MINUTE }],
		["was through with everything until a message came just now", { waiting: 1, given: 1, oldestMs: 200 }],
		["may take as long as that for a message", { ackWaitMs: 10 * MINUTE }],
		["has not been asked about its oldest message", { oldestMs: undefined }],
	])("but not one that %s", (_what, changes) => {
		expect(note(changes as Partial<ReaderFacts>)).toBeUndefined();
	});
});

test("status says so, below what it says of the devices", () => {
	const { leafline } = stackFixture();
	const readers = [reader(), reader({ reader: "view", waiting: 0 })];
	const state = fleetState(leafline, { at: 0, hub: {}, edges: {}, cuts: {}, readers });
	expect(state.hub.readers).toMatchObject([
		{ reader: "lake", waiting: 12_345, note: expect.any(String) },
		{ reader: "view", waiting: 0 },
	]);
	const lines = statusLines(state).filter((line) => line.includes("reader"));
	expect(lines).toEqual([expect.stringMatching(/^ {2}! reader lake of hub_sensor: 12,345 messages wait; /)]);
});

describe("on a server", () => {
	const servers = makeServers();
	let nats: NatsConnection;
	const api = <T>(call: string, body?: unknown) =>
		domainApi(nats, "hub", undefined, "$JS.hub.API").ask<T>(call, body, 3_000);

	beforeAll(async () => {
		const [port = 0] = await freePorts(1);
		const jetstream = `jetstream: { domain: hub, store_dir: "${servers.path("store")}" }`;
		await servers.add("hub", { port }, `server_name: hub, listen: "127.0.0.1:${port}"\n${jetstream}`).start();
		nats = await connect({ servers: `127.0.0.1:${port}` });
		await api("STREAM.CREATE.hub_sensor", { name: "hub_sensor", subjects: ["edge1.>"], storage: "memory" });
		const config = { durable_name: "lake", ack_policy: "explicit", deliver_policy: "all", ack_wait: 60_000_000_000 };
		await api("CONSUMER.CREATE.hub_sensor.lake", { stream_name: "hub_sensor", config: { ...config, name: "lake" } });
	});
	afterAll(async () => {
		await nats?.close();
		await servers.close();
	});

	const { leafline } = stackFixture();
	const { hub_sensor } = leafline.streams;
	if (!hub_sensor) throw new Error("no stream");
	const outputs = { ...leafline, streams: { hub_sensor: { ...hub_sensor, consumers: ["lake", "gone"] } } };
	const hub = { api: (domain: string) => domainApi(nats, domain, undefined, "$JS.hub.API") };

	it("what waits, what was given, and since when, of the readers that there are", async () => {
		const jetstream = nats.jetstream({ domain: "hub" });
		for (let i = 0; i < 5; i++) await jetstream.publish("edge1.sensor.x", "y");
		const consumer = await jetstream.consumers.get("hub_sensor", "lake");
		for await (const message of await consumer.fetch({ max_messages: 2, expires: 1_000 })) {
			if (message.seq === 1) await message.ackAck();
		}
		const [lake, ...others] = await readReaders(outputs, hub);
		expect(others).toEqual([]);
		expect(lake).toMatchObject({ reader: "lake", stream: "hub_sensor", waiting: 4, given: 1, ackWaitMs: 60_000 });
		expect(lake?.quietMs).toBeLessThan(60_000);
		expect(lake).not.toHaveProperty("oldestMs");
	});

	it("where nothing moves, the age of the first message that waits", async () => {
		const config = { durable_name: "lake", ack_policy: "explicit", deliver_policy: "all", ack_wait: 1_000_000 };
		await api("CONSUMER.CREATE.hub_sensor.lake", { stream_name: "hub_sensor", config: { ...config, name: "lake" } });
		const oldest = await eventually(async () => (await readReaders(outputs, hub, 1))[0]?.oldestMs, {
			what: "nothing was acknowledged for some milliseconds",
		});
		const { message } = await api<StoredMessage>("STREAM.MSG.GET.hub_sensor", { seq: 2 });
		const age = Date.now() - Date.parse(message.time);
		expect(oldest).toBeGreaterThan(0);
		expect(oldest).toBeLessThanOrEqual(age);
	});
});
