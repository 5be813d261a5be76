import { afterAll, beforeAll, expect, test } from "vitest";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import type { StreamSource } from "../../topology/jetstream";
import { eventually } from "../support/eventually";
import { type Bench, startBench, until } from "./bench";
import { edgeProps, hubConfig, source, sources, streamProps } from "./fixtures";

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

test("a source of a replicated stream is moved under traffic, and a node that leads is killed right behind it", async () => {
	const config = hubConfig({ name: "hub_moved", num_replicas: 3 });
	const props = (changes: Partial<StreamSource>) =>
		streamProps(bench.connection, { config, sources: { edge2_can: { ...source("edge2"), ...changes } } });
	const read = () => way.api("hub").ask<Clustered>("STREAM.INFO.hub_moved", undefined, 3_000);
	const made = async () => stream.create(props({})).catch(() => undefined);
	const { id, outs } = await eventually(made, { what: "every node takes a stream again", within: 30_000 });
	let running = true;
	const saying = (async () => {
		let number = 0;
		for (; running; number++) await bench.device("edge2").request("vehicle.n", String(number), { timeout: 10_000 });
		return number;
	})();
	saying.catch(() => {});
	await until(async () => (await read()).state.messages > 300, "traffic", 30_000);
	const one = props({ subject_transforms: [{ src: "*.*.>", dest: "edge2.can.>" }] });
	const moved = await stream.update(id, outs, one);
	expect(moved.outs.sources).toEqual(one.sources);
	const { cluster } = await read();
	await bench.kill(cluster.leader);
	await bench.start(cluster.leader);
	await until(async () => (await read().catch(() => undefined)) !== undefined, "a leader", 30_000);
	running = false;
	const published = await saying;
	await until(async () => (await read()).state.messages >= published, `${published} messages`, 60_000);
	expect((await read()).state.messages).toBe(published);
}, 180_000);

interface Clustered extends StreamInfo {
	readonly cluster: { readonly leader: string };
}
