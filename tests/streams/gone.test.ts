import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Props } from "../../components/streams/provider/handler";
import { heldBack } from "../../components/streams/provider/held-back";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { streamProps as parsed } from "../../components/streams/provider/stream-props";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import { type Bench, startBench, until } from "./bench";
import { edgeProps, sources, streamProps } from "./fixtures";

/** What a stack still knows of sources that somebody took away by hand, after a refresh has seen that. */

let bench: Bench;
let way: Control;

beforeAll(async () => {
	bench = await startBench();
	await Promise.all(["edge1", "edge2"].map((name) => bench.startDevice(name)));
	way = await control(bench.connection);
	await way.ready();
	for (const name of ["edge1", "edge2"]) await connected(name, true);
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

const ask = <T>(domain: string, call: string, body?: unknown) => way.api(domain).ask<T>(call, body, 5_000);
const deleted = (domain: string, name: string) => ask(domain, `STREAM.DELETE.${name}`).catch(() => {});
const connected = (name: string, yes: boolean) =>
	until(async () => (await way.leaves())?.has(name) === yes, `${name} is ${yes ? "connected" : "gone"}`);
const hubInfo = () => ask<StreamInfo>("hub", "STREAM.INFO.hub_can");
const hub = (changes: object) => streamProps(bench.connection, changes);
const both = () => hub({ sources: sources("edge1", "edge2") });
const without = (changes = {}) => hub({ sources: sources("edge1"), ...changes });
/** Why an update would not let a device go. */
const refused = async (olds: Props, news: Props) => {
	const patience = { deadline: Date.now() + 10_000, timeoutsMs: [2_000] };
	return Object.values(await heldBack(way, parsed(olds), parsed(news), patience))[0];
};
const publish = async (device: string, messages: number) => {
	for (let i = 0; i < messages; i++) await bench.device(device).request("vehicle.n", "x", { timeout: 5_000 });
};

beforeEach(async () => {
	await Promise.all([deleted("hub", "hub_can"), deleted("edge1", "edge1_can"), deleted("edge2", "edge2_can")]);
	await edgeStreams.create(edgeProps(bench.connection, ["edge1", "edge2"]));
});

/** A refresh as the engine does it: what it returns is the state, and its inputs are the ones of the next check. */
async function refresh(state: Props): Promise<{ outs: Props; inputs: Props }> {
	const { id, props, inputs = {} } = await stream.read("hub_can", state);
	expect(id).toBe("hub_can");
	return { outs: props, inputs };
}

describe("a stream that was deleted by hand", () => {
	test("is not made anew without a device that holds messages, connected or not, unless it is given up", async () => {
		const { outs: made } = await stream.create(both());
		await publish("edge2", 20);
		await until(async () => (await hubInfo()).state.messages === 20, "20 at the hub");
		await deleted("hub", "hub_can");
		await publish("edge2", 10);
		const { outs, inputs } = await refresh(made);
		expect(outs).toMatchObject({ sources: {}, consumers: {}, gone: sources("edge1", "edge2") });
		// A device that holds nothing may go.
		expect(await refused(inputs, hub({ sources: sources("edge2") }))).toBeUndefined();
		const holds =
			/^hub_can: the hub does not have everything yet: edge2_can holds 30 messages\. Set the device to `retired: drain`/;
		expect(await refused(inputs, without())).toMatch(holds);
		expect((await stream.check(inputs, without())).failures).toBeUndefined();
		// Looked at as often as somebody likes.
		const again = await refresh(outs);
		expect(again.outs).toEqual(outs);
		expect(await refused(again.inputs, without())).toMatch(holds);
		expect(await refused(inputs, without({ lost: ["edge2"] }))).toBeUndefined();
		expect(await refused(inputs, without({ allowDataLoss: true }))).toBeUndefined();
		await bench.kill("edge2");
		await connected("edge2", false);
		expect(await refused(inputs, without())).toMatch(/^hub_can: the device of edge2_can does not answer, .*`retired/);
		await bench.startDevice("edge2");
		await connected("edge2", true);
	});

	test("is made anew by the next update, gets what its devices hold, and then lets them go", async () => {
		const { outs: made } = await stream.create(both());
		await publish("edge2", 20);
		await deleted("hub", "hub_can");
		const { outs, inputs } = await refresh(made);
		expect(await refused(inputs, both())).toBeUndefined();
		expect(await stream.diff("hub_can", outs, both())).toMatchObject({ changes: true });
		const updated = await stream.update("hub_can", outs, both());
		expect(updated.outs).toEqual(both());
		await until(async () => (await hubInfo()).state.messages === 20, "20 at the hub");
		expect((await refresh(updated.outs)).outs).toEqual(updated.outs);
		await until(async () => (await refused(updated.outs, without())) === undefined, "edge2 is drained");
	});

	test("is made anew also where no device is left, and can be taken out of the stack", async () => {
		const { outs: made } = await stream.create(both());
		await deleted("hub", "hub_can");
		const { outs } = await refresh(made);
		const none = hub({ sources: {}, lost: ["edge1", "edge2"] });
		expect(await stream.diff("hub_can", outs, none)).toMatchObject({ changes: true });
		await stream.update("hub_can", outs, none);
		expect((await hubInfo()).config.name).toBe("hub_can");
		await deleted("hub", "hub_can");
		await stream.delete("hub_can", outs);
	});
});

test("a source that was taken out by hand still holds its device, until it is sourced again and drained", async () => {
	const { outs: made } = await stream.create(both());
	const { config } = await hubInfo();
	const left = (config.sources ?? []).filter(({ name }) => name !== "edge2_can");
	await ask("hub", "STREAM.UPDATE.hub_can", { ...config, sources: left });
	await publish("edge2", 20);
	const { outs, inputs } = await refresh((await refresh(made)).outs);
	expect(outs).toMatchObject({ sources: sources("edge1"), gone: sources("edge2") });
	expect(await refused(inputs, without())).toMatch(/edge2_can holds 20 messages/);
	expect(await stream.diff("hub_can", outs, both())).toMatchObject({ changes: true });
	const updated = await stream.update("hub_can", outs, both());
	expect(updated.outs).toEqual(both());
	await until(async () => (await refused(updated.outs, without())) === undefined, "edge2 is drained");
});

test("a stream that is taken over is not made to let go of a device that holds messages", async () => {
	await stream.create(without());
	const { config } = await hubInfo();
	await bench.kill("edge2");
	await connected("edge2", false);
	const all = Object.values(sources("edge1", "edge2"));
	await ask("hub", "STREAM.UPDATE.hub_can", { ...config, sources: all });
	// Its state is lost, and with it who was in the fleet.
	const taken = (await stream.create(without({ adopt: true }))).outs;
	expect(taken.failed).toEqual({ edge2: expect.stringMatching(/^hub_can: the device of edge2_can does not answer/) });
	expect((await hubInfo()).config.sources).toHaveLength(2);
	expect((await stream.update("hub_can", taken, both())).outs).toEqual(both());
	const given = (await stream.create(without({ adopt: true, lost: ["edge2"] }))).outs;
	expect(given.failed).toBeUndefined();
	expect((await hubInfo()).config.sources).toHaveLength(1);
	await bench.startDevice("edge2");
	await connected("edge2", true);
});
