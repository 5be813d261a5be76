import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { heldBack } from "../../components/streams/provider/held-back";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { streamProps as parsed } from "../../components/streams/provider/stream-props";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import type { StreamSource } from "../../topology/jetstream";
import { ADMIN_API } from "../../topology/permissions";
import { type Bench, startBench, until } from "./bench";
import { CAN, edgeProps, edgeStream, hubConfig, source, streamProps } from "./fixtures";

/**
 * A class in memory: each start of the device's server begins a stream of its own. The hub has had 15 messages of the one
 * before, holds none of them any more, and has not heard of the new one.
 */
let bench: Bench;
let way: Control;
const WITHIN = 120_000;
vi.setConfig({ testTimeout: 2 * WITHIN });

beforeAll(async () => {
	bench = await startBench();
	for (const name of ["edge1", "edge2", "edge3"]) await bench.startDevice(name);
	way = await control(bench.connection);
	await way.ready();
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

const ask = <T>(domain: string, call: string, body?: unknown) => way.api(domain).ask<T>(call, body, 10_000);
const atHub = (device: string) => ask<StreamInfo>("hub", `STREAM.INFO.hub_${device}`);
const durable = source;
const ordinary = (device: string): StreamSource => {
	const { consumer: _, ...rest } = durable(device);
	return { ...rest, opt_start_seq: 1, external: { api: `$JS.${device}.API`, deliver: `deliver.${device}` } };
};
const props = (device: string, ...wanted: StreamSource[]) =>
	streamProps(bench.connection, {
		config: hubConfig({ name: `hub_${device}` }),
		sources: Object.fromEntries(wanted.map((each) => [each.name, each])),
	});
const MEMORY = { storage: "memory", discard: "old", max_bytes: 1_000_000 } as const;
const publish = async (device: string, from: number, to: number) => {
	for (let n = from; n < to; n++) await bench.device(device).request("vehicle.n", String(n), { timeout: 10_000 });
};

/** @returns the state of the hub's stream after what is told above, with messages 100 to `to` on the device */
async function madeAnew(device: string, wanted: StreamSource, to: number) {
	const classes = {
		can: { ...CAN, ...MEMORY, sourcing: wanted.consumer ? ("durable" as const) : ("ephemeral" as const) },
	};
	await edgeStreams.create(edgeProps(bench.connection, [device], { classes }));
	const { outs } = await stream.create(props(device, wanted));
	await publish(device, 0, 15);
	await until(async () => (await atHub(device)).sources?.[0]?.seq === 15, "15 at the hub", WITHIN);
	await ask("hub", `STREAM.PURGE.hub_${device}`);
	await bench.kill(device);
	await bench.startDevice(device);
	await until(async () => (await way.leaves())?.has(device) === true, `${device} is back`, WITHIN);
	// As its program makes it, which has been told already that nobody sources it through a consumer.
	const { stream: own } = edgeStream(device, MEMORY);
	await ask(device, `STREAM.CREATE.${own.name}`, { ...own, metadata: { "leafline.owner": "leafline/test" } });
	await publish(device, 100, to);
	return outs;
}

async function numbers(device: string): Promise<number[]> {
	const { last_seq = 0 } = (await atHub(device)).state;
	const found: number[] = [];
	const consumer = await way.hub.jetstream({ apiPrefix: ADMIN_API }).consumers.get(`hub_${device}`);
	for await (const message of await consumer.consume()) {
		found.push(Number(message.string()));
		if (message.seq >= last_seq) return found;
	}
	return found;
}
const all = Array.from({ length: 40 }, (_, i) => 100 + i);

async function moved(device: string, outs: object, wanted: StreamSource): Promise<void> {
	let state = { ...outs };
	const done = async () => {
		({ outs: state } = await stream.update(`hub_${device}`, state, props(device, wanted)));
		return !("pending" in state);
	};
	await until(done, "it is moved", WITHIN);
	await until(async () => (await atHub(device)).state.messages >= 40, "what the device holds", WITHIN);
	expect(await numbers(device)).toEqual(all);
}

describe("the new stream of a class in memory", () => {
	test("comes from its first message on when it becomes an ordinary source", async () => {
		const outs = await madeAnew("edge1", durable("edge1"), 140);
		await moved("edge1", outs, ordinary("edge1"));
	});

	test("comes from its first message on when it becomes a durable one", async () => {
		const outs = await madeAnew("edge2", ordinary("edge2"), 140);
		const classes = { can: { ...CAN, ...MEMORY } };
		await edgeStreams.create(edgeProps(bench.connection, ["edge2"], { classes }));
		await moved("edge2", outs, durable("edge2"));
	});

	test("is not let go as drained, however many messages it has", async () => {
		const outs = await madeAnew("edge3", durable("edge3"), 115);
		const patience = { deadline: Date.now() + WITHIN, timeoutsMs: [5_000] };
		const held = await heldBack(way, parsed(outs), parsed(props("edge3")), patience);
		expect(held.edge3).toMatch(/the hub does not have everything yet: edge3_can holds 15 messages\./);
	});
});
