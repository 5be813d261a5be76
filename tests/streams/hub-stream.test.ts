import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { stream } from "../../components/streams/provider/index";
import { closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import type { Api } from "../../jetstream/api";
import type { ConsumerConfig, StreamConfig } from "../../topology/jetstream";
import { RESERVE_KEY } from "../../topology/reserve";
import { type Bench, startBench } from "./bench";
import { DAY, hubConfig, sources, streamProps } from "./fixtures";

let bench: Bench;
let hub: Api;

beforeAll(async () => {
	bench = await startBench();
	const way = await control(bench.connection);
	await way.ready();
	hub = way.api("hub");
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});
afterEach(async () => {
	await hub.ask("STREAM.DELETE.hub_can", undefined, 5_000).catch(() => {});
});

const props = (changes = {}) => streamProps(bench.connection, changes);
const info = () => hub.ask<StreamInfo>("STREAM.INFO.hub_can", undefined, 5_000);
const update = (config: object) => hub.ask("STREAM.UPDATE.hub_can", config, 5_000);

/** A stream that an administrator may publish to. */
const listening = (changes: Partial<StreamConfig> = {}) => ({
	config: hubConfig({ subjects: ["down.>"], ...changes }),
});

async function fill(messages: number) {
	const way = await control(bench.connection);
	for (let i = 0; i < messages; i++) await way.hub.request("down.edge1.can.x", "x".repeat(100), { timeout: 5_000 });
}

describe("a hub stream", () => {
	test("is created with its owner in the metadata, and reads back as it was asked for", async () => {
		const inputs = props({ sources: sources("edge1", "edge2") });
		const { id, outs } = await stream.create(inputs);
		expect(id).toBe("hub_can");
		expect(outs).toEqual(inputs);
		const { config } = await info();
		expect(config.metadata).toMatchObject({ "leafline.owner": "leafline/test" });
		expect(config.subjects).toBeUndefined();
		expect((config.sources as unknown[]).length).toBe(2);

		const read = await stream.read(id, outs);
		expect(read.props).toEqual(outs);
		expect(read.inputs).toEqual(outs);
		expect(await stream.diff(id, outs, inputs)).toEqual({ changes: false });
	});

	test("shows what was changed by hand: a source removed, a limit lowered, a switch turned on", async () => {
		const { id, outs } = await stream.create(props({ sources: sources("edge1", "edge2") }));
		const { config } = await info();
		const left = (config.sources as { name: string }[]).filter(({ name }) => name !== "edge1_can");
		await update({ ...config, sources: left, max_bytes: 5_000_000, deny_delete: true });

		const read = await stream.read(id, outs);
		expect(Object.keys(read.props.sources as object)).toEqual(["edge2_can"]);
		expect(read.props.config).toEqual({ ...hubConfig(), max_bytes: 5_000_000, deny_delete: true });
		expect(await stream.diff(id, read.props, outs)).toMatchObject({ changes: true });
	});

	test("gets its sources back by an update", async () => {
		const inputs = props({ sources: sources("edge1", "edge2") });
		const { id, outs } = await stream.create(inputs);
		const { config } = await info();
		await update({ ...config, sources: (config.sources as unknown[]).slice(1) });
		const read = await stream.read(id, outs);
		await stream.update(id, read.props, inputs);
		expect((await stream.read(id, outs)).props).toEqual(outs);
	});

	test("of an older version is told in place to reserve its sequences, and keeps what it holds", async () => {
		const { id, outs } = await stream.create(props(listening()));
		await fill(3);
		const wanted = props(listening({ metadata: { [RESERVE_KEY]: "64" } }));
		const change = await stream.diff(id, outs, wanted);
		expect([change.changes, change.replaces ?? []]).toEqual([true, []]);
		await stream.update(id, outs, wanted);
		const { config, state } = await info();
		expect(config.metadata).toMatchObject({ [RESERVE_KEY]: "64", "leafline.owner": "leafline/test" });
		expect(state).toMatchObject({ messages: 3, last_seq: 3 });
		const read = await stream.read(id, wanted);
		expect(await stream.diff(id, read.props, wanted)).toMatchObject({ changes: false });
		await stream.delete(id, { ...wanted, allowDataLoss: true });
	});

	test("listens on no subject after its last source is removed and another is added", async () => {
		const { id, outs } = await stream.create(props({ sources: sources("edge1") }));
		const none = props({ sources: {}, lost: ["edge1"] });
		await stream.update(id, outs, none);
		expect((await info()).config.subjects).toEqual(["hub_can"]);
		expect((await stream.read(id, none)).props).toEqual(none);
		const again = props({ sources: sources("edge2") });
		await stream.update(id, none, again);
		expect((await info()).config.subjects ?? []).toEqual([]);
	});

	test("is gone from the state when it was deleted by hand", async () => {
		const { id, outs } = await stream.create(props());
		await hub.ask("STREAM.DELETE.hub_can", undefined, 5_000);
		expect(await stream.read(id, outs)).toEqual({ id: "", props: {} });
		await stream.delete(id, outs);
	});

	test("is not deleted while it holds messages, and says how many", async () => {
		const { id, outs } = await stream.create(props(listening()));
		await fill(3);
		await expect(stream.delete(id, outs)).rejects.toThrow(/hub_can holds 3 messages.*leafline:allowDataLoss true/);
		expect((await info()).state.messages).toBe(3);
		await stream.delete(id, { ...outs, allowDataLoss: true });
		await expect(info()).rejects.toThrow(/stream not found/);
	});
});

describe("a stream that exists already", () => {
	test("is refused when it is not this stack's", async () => {
		await hub.ask("STREAM.CREATE.hub_can", hubConfig(), 5_000);
		const { failures } = await stream.check({}, props());
		expect(failures?.[0]?.reason).toMatch(/a stream hub_can exists on the hub already.*leafline:adopt/);
		await expect(stream.create(props())).rejects.toThrow(/exists on the hub already.*leafline:adopt/);
	});

	test("is taken over when the user says so", async () => {
		await hub.ask("STREAM.CREATE.hub_can", hubConfig({ max_age: DAY }), 5_000);
		expect((await stream.check({}, props({ adopt: true }))).failures).toBeUndefined();
		await stream.create(props({ adopt: true }));
		expect((await info()).config).toMatchObject({ max_age: 7 * DAY, metadata: { "leafline.owner": "leafline/test" } });
	});

	test("is taken for what an interrupted create left behind when it is just that", async () => {
		const { outs } = await stream.create(props());
		expect((await stream.create(props())).outs).toEqual(outs);
	});
});

describe("a change is refused in preview", () => {
	const check = async (from: object, to: object) => {
		const { failures } = await stream.check(props(from), props(to));
		return (failures ?? []).map(({ reason }) => reason).join("\n");
	};

	test("when the server would reject it", async () => {
		const reason = await check({}, { config: hubConfig({ storage: "memory" }) });
		expect(reason).toMatch(/hub_can: the server rejects this change: storage cannot change from "file" to "memory"/);
	});

	test("when it would delete messages that the stream holds", async () => {
		await stream.create(props(listening()));
		await fill(3);
		expect(await check(listening(), listening({ max_msgs: 2 }))).toMatch(
			/lowering max_msgs from -1 to 2 would delete some of the 3 messages/,
		);
	});

	test("but not when the lowered limit still holds everything", async () => {
		await stream.create(props(listening()));
		await fill(3);
		expect(await check(listening(), listening({ max_msgs: 3 }))).toBe("");
	});

	test("but not when the stack may lose data", async () => {
		expect(await check({}, { config: hubConfig({ storage: "memory" }), allowDataLoss: true })).toBe("");
		const next = props({ config: hubConfig({ storage: "memory" }), allowDataLoss: true });
		expect(await stream.diff("hub_can", props({ allowDataLoss: true }), next)).toEqual({
			changes: true,
			replaces: ["config"],
			deleteBeforeReplace: true,
		});
	});
});

describe("a preview without the hub", () => {
	const gone = (changes: object) =>
		streamProps({ ...bench.connection, urls: ["tls://127.0.0.1:1"] }, { ...listening(), ...changes });

	test("lets a new stream pass", async () => {
		expect((await stream.check({}, gone({}))).failures).toBeUndefined();
	});

	test("refuses to lower a limit blindly, and says why", async () => {
		const started = Date.now();
		const { failures } = await stream.check(gone({}), gone(listening({ max_msgs: 2 })));
		expect(failures?.[0]?.reason).toMatch(/hub_can: lowering max_msgs.*cannot be told: the hub at .* did not answer/);
		// It was asked a moment ago; every stream would wait for it again.
		expect(Date.now() - started).toBeLessThan(1_000);
	});
});

describe("consumers", () => {
	const lake: ConsumerConfig = {
		durable_name: "lake",
		deliver_policy: "all",
		ack_policy: "explicit",
		ack_wait: 30_000_000_000,
		replay_policy: "instant",
		max_ack_pending: 1_000,
	};
	const named = (name: string, changes = {}) => ({ [name]: { ...lake, durable_name: name, ...changes } });

	test("are made, changed and removed with the stream, and others are left alone", async () => {
		const { id, outs } = await stream.create(props({ consumers: { ...named("lake"), ...named("audit") } }));
		await hub.ask(
			"CONSUMER.CREATE.hub_can.guest",
			{ stream_name: "hub_can", config: { ...lake, durable_name: "guest" } },
			5_000,
		);
		const next = props({ consumers: named("lake", { max_ack_pending: 5, filter_subject: "edge1.can.>" }) });
		await stream.update(id, outs, next);
		const list = await hub.ask<{ consumers: { name: string; config: object }[] }>("CONSUMER.LIST.hub_can", {}, 5_000);
		expect(list.consumers.map(({ name }) => name).sort()).toEqual(["guest", "lake"]);
		expect((await stream.read(id, next)).props).toEqual(next);
	});

	test("show in a refresh when they were deleted or changed by hand", async () => {
		const wanted = { ...named("lake"), ...named("audit") };
		const { id, outs } = await stream.create(props({ consumers: wanted }));
		await hub.ask("CONSUMER.DELETE.hub_can.audit", undefined, 5_000);
		const changed = { ...lake, max_ack_pending: 7 };
		await hub.ask("CONSUMER.CREATE.hub_can.lake", { stream_name: "hub_can", config: changed }, 5_000);
		expect((await stream.read(id, outs)).props.consumers).toEqual(named("lake", { max_ack_pending: 7 }));
	});

	test("keep their position: a change that would lose it is refused", async () => {
		const { failures } = await stream.check(
			props({ consumers: named("lake") }),
			props({ consumers: named("lake", { deliver_policy: "new" }) }),
		);
		expect(failures?.[0]?.reason).toMatch(/consumer lake: deliver_policy cannot change from "all" to "new"/);
	});
});
