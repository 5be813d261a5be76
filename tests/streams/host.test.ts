import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { providerText } from "../../components/streams/dynamic";
import { UNKNOWN } from "../../components/streams/provider/handler";
import { closeAll, control } from "../../control/control";
import { type Bench, startBench, until } from "./bench";
import { CAN, edgeProps, hubConfig, sources, streamProps } from "./fixtures";
import { type Host, startHost } from "./host";

let bench: Bench;
let host: Host;

beforeAll(async () => {
	bench = await startBench();
	await bench.startDevice("edge1");
	host = await startHost({ "leafline:allowDataLoss": "false" });
});
afterAll(async () => {
	await closeAll();
	await host.stop();
	await bench.stop();
});

const stream = (changes = {}) => ({ ...streamProps(bench.connection, changes), __provider: providerText("stream") });
const edges = (changes = {}) => ({
	...edgeProps(bench.connection, ["edge1", "edge2"], changes),
	__provider: providerText("edgeStreams"),
});

describe("in Pulumi's own dynamic provider process, by nothing but the text in the state", () => {
	test("a stream is created, changed, read and deleted", async () => {
		const first = stream({ sources: sources("edge1"), lost: ["edge2"] });
		expect((await host.check({}, first)).failures).toEqual([]);
		const { id, outs } = await host.create(first);
		expect(outs).toEqual(first);
		expect(await host.diff(id, outs, first)).toBe(false);
		const second = stream({ sources: sources("edge1", "edge2") });
		expect(await host.diff(id, outs, second)).toBe(true);
		expect(await host.update(id, outs, second)).toEqual(second);
		expect(await host.read(id, second)).toEqual({ id, outs: second, inputs: second });
		expect(await host.update(id, second, first)).toEqual(first);
		await until(
			() =>
				host.shown.includes("warning: not sourced any more, their streams stay on them and nobody manages them: edge2"),
			"the warning",
		);
		await host.delete(id, first);
		// What it sourced is remembered, so that no device is let go unseen; where there is nothing to remember, it is gone.
		expect((await host.read(id, second)).outs).toMatchObject({ sources: {}, gone: sources("edge1", "edge2") });
		expect((await host.read(id, { ...second, sources: {} })).id).toBe("");
	});

	test("a preview that knows nothing of the hub yet passes", async () => {
		const unknown = { ...stream(), connection: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
		expect((await host.check({}, unknown)).failures).toEqual([]);
	});

	test("devices that are offline are a warning on the resource", async () => {
		const { outs } = await host.create(edges());
		expect(outs.pending).toEqual({ edge2: "offline" });
		await until(() => host.shown.includes("warning: 1 device pending: edge2 (offline)"), "the warning");
		expect(host.shown.some((line) => line.startsWith("progress: "))).toBe(true);
		expect(await host.diff("north", outs, edges())).toBe(true);
		await until(
			() => host.shown.includes("info: 1 device pending and tried again: edge2"),
			"the reason for the change",
		);
	});

	test("a refused device fails the operation at its end, where it is named", async () => {
		const classes = { can: { ...CAN, accepts: ["$JS.>"] } };
		const { outs } = await host.create(edges({ classes }));
		expect(outs.failed).toEqual({ edge1: expect.stringMatching(/^edge1 STREAM\.[A-Z]+\.edge1_can: /) });
		const last = (failed: unknown) => ({ failed, __provider: providerText("devices") });
		await expect(host.create(last(outs.failed))).rejects.toThrow(/1 device failed, all others are done:\nedge1: /);
		expect(await host.diff("devices", last(outs.failed), last(outs.failed))).toBe(true);
		expect(await host.update("devices", last(outs.failed), last({}))).toEqual(last({}));
		expect(await host.diff("devices", last({}), last({}))).toBe(false);
		// Or every preview would show a change.
		expect(await host.diff("devices", last({}), last(UNKNOWN))).toBe(false);
	});

	test("errors are one message, without a stack trace, and the process prints none", async () => {
		const way = await control(bench.connection);
		await way.ready();
		await way.api("hub").ask("STREAM.CREATE.hub_can", hubConfig({ subjects: ["down.>"] }), 5_000);
		const props = stream();
		await expect(host.create(props)).rejects.toThrow(/^a stream hub_can exists on the hub already/);
		await way.hub.request("down.edge1.commands.x", "x", { timeout: 5_000 });
		// The configuration of today counts, not what the last update stored.
		await expect(host.delete("hub_can", { ...props, allowDataLoss: true })).rejects.toThrow(/hub_can holds 1 message,/);
		expect(host.printed()).toBe("");
	});

	test("nothing that was shown holds a secret", () => {
		const everything = host.shown.join("\n") + host.printed();
		expect(everything).not.toMatch(/SEED|BEGIN|eyJ/);
		expect(host.shown.length).toBeGreaterThan(0);
	});
});

test("the control leaf ends when the engine kills the provider", async () => {
	const way = await control(bench.connection);
	const another = await startHost();
	try {
		await another.read("hub_none", { ...stream(), config: hubConfig({ name: "hub_none" }) });
		const controls = async () => [...((await way.leaves()) ?? [])].filter((name) => name.startsWith("control-")).length;
		const before = await controls();
		await another.kill();
		await until(async () => (await controls()) === before - 1, "one control leaf less");
	} finally {
		await another.stop();
	}
});
