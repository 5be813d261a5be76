import { afterAll, beforeAll, expect, test } from "vitest";
import { type Control, closeAll, control } from "../../components/streams/provider/control";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import type { StreamInfo } from "../../components/streams/provider/jetstream";
import { type Bench, startBench, until } from "./bench";
import { edgeProps, hubConfig, sources, streamProps } from "./fixtures";

let bench: Bench;
let way: Control;

beforeAll(async () => {
	bench = await startBench({ nodes: 3 });
	await bench.startDevice("edge1");
	await bench.startDevice("edge2");
	way = await control(bench.connection);
	await way.ready();
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

test("with three nodes, devices are found whichever node they are linked to", async () => {
	const { outs } = await edgeStreams.create(edgeProps(bench.connection, ["edge1", "edge2"]));
	expect(outs.pending).toEqual({});
	const leaves = await way.leaves();
	expect(["edge1", "edge2"].filter((name) => leaves?.has(name))).toEqual(["edge1", "edge2"]);
});

test("a replicated stream is created, changed and read while nodes are killed with -9", async () => {
	const config = hubConfig({ num_replicas: 3 });
	const inputs = streamProps(bench.connection, { config, sources: sources("edge1") });
	const { id, outs } = await stream.create(inputs);
	expect((await stream.read(id, outs)).props).toEqual(outs);

	await bench.kill("hub_1");
	const both = streamProps(bench.connection, { config, sources: sources("edge1", "edge2") });
	await stream.update(id, outs, both);
	expect((await stream.read(id, both)).props).toEqual(both);
	await bench.start("hub_1");
	await bench.kill("hub_2");
	await stream.update(id, both, outs);
	expect((await stream.read(id, outs)).props).toEqual(outs);
	await bench.start("hub_2");
	await until(async () => {
		const { state } = await way.api("hub").ask<StreamInfo>("STREAM.INFO.hub_can", undefined, 2_000);
		return state.messages === 0;
	}, "the stream answers again");
}, 180_000);
