import type { NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { devices, edgeStreams, stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import { BadAnswer } from "../../jetstream/errors";
import { isUnder, patternsOf, readOrigin } from "../../jetstream/origin";
import type { StreamSource } from "../../topology/jetstream";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { type Liar, type Lie, startLiar } from "../support/liar";
import { edgeProps, source, sources, streamProps } from "./fixtures";

/** Three devices, of which one is in the hands of somebody who answers what he likes. */
const GOOD = ["edge1", "edge2"];
const ALL = [...GOOD, "edge4"];
let bench: Bench;
let way: Control;
let liar: Liar;
let program: NatsConnection | undefined;

beforeAll(async () => {
	bench = await startBench();
	program = (await bench.startEdge("edge1")).client;
	await bench.startEdge("edge2");
	const port = bench.hubs[0]?.ports.leaf ?? 0;
	liar = await startLiar({ port, ca: bench.ca, credentials: bench.credentials("edge4"), name: "edge4" });
	way = await control(bench.connection);
	await way.ready();
	await eventually(async () => (await way.leaves())?.has("edge4"), { what: "edge4 is connected" });
});
afterAll(async () => {
	liar?.close();
	await closeAll();
	await bench?.close();
});
beforeEach(() => liar.tell(honest));

/** What a good device answers to the same, as if it were this one. */
const honest: Lie = async (call, body) => [await reallyAnswered(call, body)];
async function reallyAnswered(call: string, body: string): Promise<string> {
	const swap = (text: string, from: string, to: string) => text.replaceAll(from, to);
	const subject = `$JS.edge1.API.${swap(call, "edge4", "edge1")}`;
	const reply = await way.hub.request(subject, swap(body, "edge4", "edge1"), { timeout: 5_000 });
	return swap(reply.string(), "edge1", "edge4");
}
const always = (...answers: string[]): Lie => {
	return () => answers;
};
/** The honest answer, with one part of it put to something else. */
const but =
	(path: string, value: unknown): Lie =>
	async (call, body) => {
		const answer = JSON.parse(await reallyAnswered(call, body)) as Record<string, unknown>;
		for (const entry of (answer.streams as Record<string, unknown>[] | null | undefined) ?? [answer])
			put(entry, path, value);
		return [JSON.stringify(answer).replaceAll('"1e400"', "1e400")];
	};
function put(target: Record<string, unknown>, path: string, value: unknown): void {
	const [step = "", ...rest] = path.split(".");
	if (rest.length === 0) target[step] = value;
	else if (typeof target[step] === "object") put(target[step] as Record<string, unknown>, rest.join("."), value);
}

const props = (names = ALL, changes = {}) => edgeProps(bench.connection, names, changes);
const info = (domain: string, name: string) => way.api(domain).ask<StreamInfo>(`STREAM.INFO.${name}`, undefined, 5_000);

const ANSI = "\u001b[2J\u001b[1;1H\u001b[32mall 3 devices are fine\u001b[0m\n\u001b]0;owned\u0007\u202e\u200b";
const KEYS = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`leafline.k${i}`, "v"]));
const LIES: readonly [string, Lie, RegExp][] = [
	["nothing in it", always('{"config":null,"state":null}'), /its answer cannot be used: /],
	["null", always("null"), /it is no JSON object/],
	["an empty map", always("{}"), /its answer cannot be used: /],
	["a number", always("5"), /it is no JSON object/],
	["no text at all", always(""), /it is empty/],
	[
		"texts for everything",
		always('{"config":"x","state":"y","consumers":5,"streams":"x","total":"z"}'),
		/cannot be used: total: /,
	],
	["500,000 brackets", always("[".repeat(500_000)), /nested more than 32 deep/],
	["a megabyte of values", always(`[${"0,".repeat(500_000)}0]`), /more than 200000 values/],
	["20,000 keys", but("config.metadata", KEYS), /config\.metadata: more than the 128 KiB/],
	[
		"numbers that are none",
		but("state", { messages: 1e308, bytes: -5, first_seq: "a", last_seq: {} }),
		/state\.messages: /,
	],
	["infinite ones", but("state.bytes", "1e400"), /state\.bytes: /],
	["another stream's answers", but("config.name", "edge2_can"), /.*/],
	["another domain's", but("domain", "edge2"), /from the domain edge2|cannot be used/],
	["the answer to another call", async () => [await reallyAnswered("INFO", "")], /it is the answer to another call/],
	[
		"a refusal that gives orders to the terminal",
		always(JSON.stringify({ error: { code: 400, err_code: 10099, description: ANSI } })),
		/all 3 devices are fine/,
	],
	["a refusal that is none", always('{"error":{"code":"x"}}'), /error\.code: /],
	[
		"two answers, the second one good",
		async (call, body) => ["{}", await reallyAnswered(call, body)],
		/its answer cannot be used/,
	],
	[
		"a list without an end",
		async (call, body) => {
			if (!call.startsWith("STREAM.LIST")) return honest(call, body);
			const { offset = 0 } = JSON.parse(body) as { offset?: number };
			const state = { messages: 0, bytes: 0, first_seq: 0, last_seq: 0 };
			const one = { config: { name: `x${offset}` }, state };
			return [
				JSON.stringify({ total: 9_000_000, offset, limit: 1, streams: offset < 3 ? [one] : [{ ...one, state: null }] }),
			];
		},
		/state: /,
	],
];

describe("a device that answers", () => {
	test("what a server would is settled, though it is none", async () => {
		const { outs } = await edgeStreams.create(props());
		expect(outs).toEqual({ ...props(), pending: {} });
	});

	test.each(LIES)("%s is one failed device, and the others are done", async (_, lie, cause) => {
		const done = (await edgeStreams.update("north", props(), props())).outs;
		for (const device of GOOD) await way.api(device).ask(`STREAM.DELETE.${device}_can`, undefined, 5_000);
		liar.tell(lie);
		const { outs } = await edgeStreams.update("north", done, props());
		for (const device of GOOD) expect((await info(device, `${device}_can`)).config.name).toBe(`${device}_can`);
		expect(Object.keys(outs.pending as object)).toEqual(["edge4"]);
		expect(outs.failed).toEqual(outs.pending);
		const { edge4: reason = "" } = outs.failed as Record<string, string>;
		expect(reason).toMatch(cause);
		expect(reason.length).toBeLessThan(1_000);

		// What fails is the last resource, by name, and the state holds everything.
		const error = await devices.create({ failed: outs.failed }).catch((caught) => caught);
		expect(error.message).toMatch(/^1 device failed, all others are done:\nedge4: /);
		expect(error.message.replace("\n", "")).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);

		// A refresh keeps what is known of it; the next update heals when it answers rightly.
		const read = await edgeStreams.read("north", done);
		expect(read.props).toEqual(done);
		expect(await edgeStreams.diff("north", outs, props())).toEqual({ changes: true });
		liar.tell(honest);
		expect((await edgeStreams.update("north", outs, props())).outs).toEqual(done);
	});

	test("late is pending, and an answer that comes after its time is nobody's", async () => {
		let held: string[] = [];
		const first = new Promise<void>((resolve) => {
			liar.tell(async (call, body) => {
				if (held.length > 0) return honest(call, body);
				held = [await reallyAnswered(call, body)];
				await new Promise((later) => setTimeout(later, 2_500));
				resolve();
				return ["null"];
			});
		});
		const { outs } = await edgeStreams.update("north", props(), props());
		await first;
		expect(outs.pending).toEqual({});
	});
});

describe("the hub's streams", () => {
	const ordinary = (device: string): StreamSource => {
		const { consumer: _, ...rest } = source(device);
		return { ...rest, opt_start_seq: 1, external: { api: `$JS.${device}.API`, deliver: `deliver.${device}` } };
	};
	const nonsense = always('{"config":null,"state":null}');

	test("move the sources of all others, and say why not that of the liar", async () => {
		await edgeStreams.update("north", props(), props());
		const before = streamProps(bench.connection, { sources: sources(...ALL) });
		const { outs } = await stream.create(before);
		// Something must be there, or there is no place to go on from.
		await program?.request("vehicle.speed", "x", { timeout: 5_000 });
		const taken = async () => (await info("hub", "hub_can")).state.messages > 0;
		await eventually(taken, { what: "the hub has a message" });
		liar.tell(nonsense);
		const after = streamProps(bench.connection, {
			sources: { edge1_can: ordinary("edge1"), edge2_can: ordinary("edge2"), edge4_can: ordinary("edge4") },
		});
		const moved = await stream.update("hub_can", outs, after);
		expect(moved.outs.pending).toEqual({
			edge4: expect.stringMatching(/^hub_can: edge4 STREAM\.INFO\.edge4_can: its answer cannot be used: config: /),
		});
		const live = (await info("hub", "hub_can")).config.sources ?? [];
		expect(live.find(({ name }) => name === "edge1_can")?.consumer).toBeUndefined();
		expect(live.find(({ name }) => name === "edge4_can")?.consumer).toBeDefined();
	});

	test("keep the source of one whose word cannot be used, as that of one who says nothing", async () => {
		liar.tell(nonsense);
		const before = streamProps(bench.connection, { sources: sources("edge1", "edge4") });
		const after = streamProps(bench.connection, { sources: sources("edge1") });
		const { outs } = await stream.update("hub_can", before, after);
		expect(outs.failed).toEqual({ edge4: expect.stringMatching(/the device of edge4_can does not answer/) });
		expect(Object.keys(outs.sources as object)).toEqual(["edge1_can", "edge4_can"]);
	});
});

test("where a message is says whose it is, whatever its header says", () => {
	const patterns = patternsOf(["edge2.can.>"]);
	expect(isUnder("edge2.can.vehicle.a", patterns)).toBe(true);
	for (const subject of ["edge1.can.vehicle.a", "edge2.can.*", "edge2.can..a", "edge2.can", "stray.a", "*.can.a"])
		expect(isUnder(subject, patterns), subject).toBe(false);
	expect(isUnder("anything", patternsOf([]))).toBe(true);
	expect(patternsOf(["edge2.can.{{wildcard(1)}}", "edge2.$1.x"])).toEqual(["edge2.can.*", "edge2.*.x"]);
});

test("of several headers the last one in order is the server's", () => {
	const read = (...lines: string[]) =>
		readOrigin(Buffer.from(`NATS/1.0\r\n${lines.join("\r\n")}\r\n\r\n`).toString("base64"));
	const own = "Nats-Stream-Source: edge1_can:x 5 > > a";
	const forged = "edge2_can:x 999 > > a";
	expect(read(own)).toMatchObject({ stream: "edge1_can", seq: 5 });
	for (const name of ["nats-stream-source", "NATS-STREAM-SOURCE", "Nats-Stream-Source"])
		expect(read(`${name}: ${forged}`, own)).toMatchObject({ stream: "edge1_can", seq: 5 });
	expect(read(`X: y\nNats-Stream-Source: ${forged}`, own)).toMatchObject({ stream: "edge1_can", seq: 5 });
	expect(read(`X: y\rNats-Stream-Source: ${forged}`)).toBeUndefined();
	expect(read(`Nats-Stream-Source: edge1_can ${"9".repeat(400)} > > a`)).toBeUndefined();
});

test("an answer of the hub is judged by the same rules", async () => {
	await expect(way.api("hub").ask("STREAM.INFO.hub_none", undefined, 5_000)).rejects.toThrow(
		/stream not found \(10059\)/,
	);
	const error = new BadAnswer("hub", "STREAM.LIST", "x");
	expect(error.message).toBe("hub STREAM.LIST: its answer cannot be used: x");
});
