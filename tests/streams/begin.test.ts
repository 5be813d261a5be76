import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Props } from "../../components/streams/provider/handler";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/answers";
import type { StreamSource } from "../../topology/jetstream";
import { ADMIN_API } from "../../topology/permissions";
import { type Bench, startBench, until } from "./bench";
import { edgeProps, hubConfig, source, streamProps } from "./fixtures";

/** A hub that loses its newest messages after a source of it was moved: what the stream has by the old source is not taken again. */
let bench: Bench;
let way: Control;
const WITHIN = 120_000;
vi.setConfig({ testTimeout: 3 * WITHIN });

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

const ask = <T>(domain: string, endpoint: string, body?: unknown) => way.api(domain).ask<T>(endpoint, body, 10_000);
const info = (domain: string, name: string) => ask<StreamInfo>(domain, `STREAM.INFO.${name}`);

const durable = source;
/** The same to the hub's readers, and another source to its server. */
const other = (device: string): StreamSource => ({
	...durable(device),
	subject_transforms: [{ src: "*.*.>", dest: `${device}.can.>` }],
});
const props = (device: string, wanted: StreamSource) =>
	streamProps(bench.connection, { config: hubConfig({ name: `hub_${device}` }), sources: { [wanted.name]: wanted } });

/** Publishes the numbers from the last one on; gives how many there are then. */
const published = new Map<string, number>();
async function publish(device: string, messages: number): Promise<void> {
	const from = published.get(device) ?? 0;
	published.set(device, from + messages);
	for (let at = from; at < from + messages; at++) {
		await bench.device(device).request("vehicle.n", String(at), { timeout: 20_000 });
	}
}

/** Everything is there, and the device has been told so. */
async function arrived(device: string): Promise<void> {
	const all = published.get(device) ?? 0;
	await until(async () => (await info("hub", `hub_${device}`)).state.messages >= all, `${all} of ${device}`, WITHIN);
	const told = async () => {
		const { ack_floor } = await ask<ConsumerInfo>(device, `CONSUMER.INFO.${device}_can.hub`);
		return ack_floor.stream_seq >= (await info(device, `${device}_can`)).state.last_seq;
	};
	await until(told, `${device} knows`, WITHIN);
}

async function numbers(device: string): Promise<number[]> {
	const { last_seq = 0 } = (await info("hub", `hub_${device}`)).state;
	const jetstream = way.hub.jetstream({ apiPrefix: ADMIN_API });
	const found: number[] = [];
	for await (const message of await (await jetstream.consumers.get(`hub_${device}`)).consume()) {
		found.push(Number(message.string()));
		if (message.seq >= last_seq) return found;
	}
	return found;
}
const upTo = (messages: number) => Array.from({ length: messages }, (_, i) => i);

/** What comes next arrives, and nothing is there twice, is missing, or stands before what was published earlier. */
async function holdsAll(device: string): Promise<void> {
	await publish(device, 50);
	await arrived(device);
	expect(await numbers(device)).toEqual(upTo(published.get(device) ?? 0));
}

const image = () => fs.cpSync(bench.path("hub"), `${bench.path("hub")}.image`, { recursive: true });
async function goBack(): Promise<void> {
	await bench.kill("hub");
	fs.rmSync(bench.path("hub"), { recursive: true });
	fs.renameSync(`${bench.path("hub")}.image`, bench.path("hub"));
	await bench.start("hub");
	await way.ready();
}

/** Sourced in one way, in another, and in the first one again, which the server has messages of. */
async function movedToAndFro(device: string): Promise<Props> {
	await edgeStreams.create(edgeProps(bench.connection, [device]));
	let { outs } = await stream.create(props(device, durable(device)));
	for (const next of [other(device), durable(device)]) {
		await publish(device, 200);
		await arrived(device);
		({ outs } = await stream.update(`hub_${device}`, outs, props(device, next)));
		expect(outs.pending).toBeUndefined();
	}
	return outs;
}

describe("a source that was moved, and moved back", () => {
	test("does not go back to where it was the first time, when the hub starts before its first message", async () => {
		await movedToAndFro("edge1");
		await bench.kill("hub");
		await bench.start("hub");
		await way.ready();
		await holdsAll("edge1");
	});

	test("goes back to what the hub has lost of it, and no further", async () => {
		await movedToAndFro("edge2");
		image();
		await publish("edge2", 100);
		await arrived("edge2");
		await goBack();
		await holdsAll("edge2");
	});

	test("is moved on by an update where the hub lost the move as well", async () => {
		await edgeStreams.create(edgeProps(bench.connection, ["edge3"]));
		let { outs } = await stream.create(props("edge3", durable("edge3")));
		await publish("edge3", 200);
		await arrived("edge3");
		image();
		({ outs } = await stream.update("hub_edge3", outs, props("edge3", other("edge3"))));
		await publish("edge3", 200);
		await arrived("edge3");
		await goBack();
		await until(async () => (await info("hub", "hub_edge3")).state.messages >= 400, "400 again", WITHIN);
		const { props: found } = (await stream.read?.("hub_edge3", outs)) ?? { props: outs };
		await stream.update("hub_edge3", found, props("edge3", other("edge3")));
		await holdsAll("edge3");
	});
});
