import { ErrorCode, type NatsError } from "nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import type { EdgeClass } from "../../topology/model";
import { ADMIN_API } from "../../topology/permissions";
import { type Bench, startBench, until } from "./bench";
import { CAN, edgeProps, hubConfig, source, streamProps } from "./fixtures";

let bench: Bench;
let way: Control;

beforeAll(async () => {
	bench = await startBench();
	for (const name of ["edge1", "edge2", "edge3", "edge4", "edge5", "edge6", "edge7"]) await bench.startDevice(name);
	way = await control(bench.connection);
	await way.ready();
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

/** `max_file` of the bench's devices. */
const BUFFER = 1024 ** 3;

const accepts = (...subjects: string[]): EdgeClass => ({ ...CAN, accepts: subjects });
const props = (device: string, classes: Record<string, EdgeClass>, changes = {}) =>
	edgeProps(bench.connection, [device], { classes, ...changes });
const info = (domain: string, name: string) => way.api(domain).ask<StreamInfo>(`STREAM.INFO.${name}`, undefined, 5_000);
const subjects = async (device: string, name: string) => (await info(device, `${device}_${name}`)).config.subjects;

/** What a publisher lived through that never stops: it says each number again until it is acknowledged. */
interface Lived {
	/** By subject. */
	readonly acknowledged: Record<string, number>;
	/** Messages of a subject that nobody took at first, by subject: one each time that it was without a stream. */
	readonly refused: Record<string, number>;
	/** Stream that took the last message of a subject. */
	readonly last: Record<string, string>;
}

function publishing(device: string, words: readonly string[]) {
	const lived: Lived = { acknowledged: {}, refused: {}, last: {} };
	let running = true;
	const local = bench.device(device);
	const program = async (word: string) => {
		for (let number = 0; running; ) {
			let taken = false;
			for (let attempt = 1; !taken; attempt++) {
				try {
					const ack = await local.request(`${word}.n`, `${word} ${number}`, { timeout: 10_000 });
					lived.last[word] = ack.json<{ stream: string }>().stream;
					taken = true;
				} catch (error) {
					if ((error as NatsError).code !== ErrorCode.NoResponders) throw error;
					if (attempt === 1) lived.refused[word] = (lived.refused[word] ?? 0) + 1;
				}
			}
			lived.acknowledged[word] = ++number;
		}
	};
	const programs = Promise.all(words.map(program));
	programs.catch(() => {});
	return {
		lived,
		stop: async () => {
			running = false;
			await programs;
			return lived;
		},
	};
}

/** Every payload in these hub streams, sorted. */
async function onHub(names: readonly string[], messages: number): Promise<string[]> {
	const all: string[] = [];
	const count = async () =>
		(await Promise.all(names.map((name) => info("hub", name)))).reduce((sum, { state }) => sum + state.messages, 0);
	await until(async () => (await count()) >= messages, `${messages} on the hub`, 40_000);
	for (const name of names) {
		const { state } = await info("hub", name);
		if (state.messages === 0) continue;
		const jetstream = way.hub.jetstream({ apiPrefix: ADMIN_API });
		for await (const message of await (await jetstream.consumers.get(name)).consume()) {
			all.push(message.string());
			if (message.seq >= (state.last_seq ?? 0)) break;
		}
	}
	return all.sort();
}

async function hubStream(device: string, name: string): Promise<void> {
	const config = hubConfig({ name: `hub_${device}_${name}` });
	await stream.create(
		streamProps(bench.connection, { config, sources: { [`${device}_${name}`]: source(device, name) } }),
	);
}

/** Makes the change under a publisher of each word, and sees that everything acknowledged is on the hub once. */
async function change(
	device: string,
	before: Record<string, EdgeClass>,
	after: Record<string, EdgeClass>,
	words: readonly string[],
) {
	const { outs } = await edgeStreams.create(props(device, before));
	const publisher = publishing(device, words);
	await until(() => words.every((word) => (publisher.lived.acknowledged[word] ?? 0) > 50), "traffic");
	const updated = await edgeStreams.update("north", outs, props(device, after));
	expect(updated.outs.pending).toEqual({});
	const sofar = { ...publisher.lived.acknowledged };
	await until(
		() => words.every((word) => (publisher.lived.acknowledged[word] ?? 0) > (sofar[word] ?? 0) + 50),
		"traffic after",
	);
	const lived = await publisher.stop();
	const classes = [...new Set([...Object.keys(before), ...Object.keys(after)])];
	for (const name of classes) await hubStream(device, name);
	const expected = words.flatMap((word) =>
		Array.from({ length: lived.acknowledged[word] ?? 0 }, (_, i) => `${word} ${i}`),
	);
	const names = classes.map((name) => `hub_${device}_${name}`);
	expect(await onHub(names, expected.length)).toEqual(expected.sort());
	for (const times of Object.values(lived.refused)) expect(times).toBeLessThanOrEqual(1);
	return lived;
}

describe("a subject that goes to another class of a device that is in use", () => {
	test("is moved to a class that is new", async () => {
		const lived = await change(
			"edge1",
			{ can: accepts("vehicle.>") },
			{ can: accepts("telemetry.>"), legacy: accepts("vehicle.>") },
			["vehicle"],
		);
		expect(lived.last).toEqual({ vehicle: "edge1_legacy" });
		expect(await subjects("edge1", "can")).toEqual(["edge1.can.>", "telemetry.>"]);
	});

	test("is moved to a class that is new where the classes that there were have all the room", async () => {
		const half = (...subjects: string[]) => ({ ...accepts(...subjects), maxBytes: BUFFER / 2 });
		const lived = await change(
			"edge5",
			{ can: { ...accepts("vehicle.>"), maxBytes: BUFFER } },
			{ can: half("telemetry.>"), legacy: half("vehicle.>") },
			["vehicle"],
		);
		expect(lived.last).toEqual({ vehicle: "edge5_legacy" });
	});

	test("room goes from one class to another, and from one that leaves to those that stay", async () => {
		const { outs } = await edgeStreams.create(
			props("edge6", {
				can: { ...accepts("vehicle.>"), maxBytes: BUFFER / 2 },
				log: { ...accepts(), maxBytes: BUFFER / 2 },
			}),
		);
		await bench.device("edge6").request("edge6.log.n", "kept", { timeout: 10_000 });
		const after = {
			can: { ...accepts("vehicle.>"), maxBytes: BUFFER - 10_000_000 },
			log: { ...accepts(), maxBytes: 10_000_000 },
		};
		const updated = await edgeStreams.update("north", outs, props("edge6", after));
		expect(updated.outs.pending).toEqual({});
		expect((await info("edge6", "edge6_can")).config.max_bytes).toBe(BUFFER - 10_000_000);
		expect((await info("edge6", "edge6_log")).state.messages).toBe(1);
		const alone = { can: { ...accepts("vehicle.>"), maxBytes: BUFFER } };
		const taken = await edgeStreams.update("north", updated.outs, props("edge6", alone, { allowDataLoss: true }));
		expect(taken.outs.pending).toEqual({});
		expect((await info("edge6", "edge6_can")).config.max_bytes).toBe(BUFFER);
	});

	test("a class that leaves keeps its messages, and the room that it does not need goes to the others", async () => {
		const half = (...subjects: string[]) => ({ ...accepts(...subjects), maxBytes: BUFFER / 2 });
		const { outs } = await edgeStreams.create(props("edge7", { can: half("vehicle.>"), old: half("log.>") }));
		await bench.device("edge7").request("log.n", "kept", { timeout: 10_000 });
		const after = { can: { ...accepts("vehicle.>"), maxBytes: BUFFER - 50_000_000 } };
		const updated = await edgeStreams.update("north", outs, props("edge7", after));
		expect(updated.outs.pending).toEqual({});
		const { config, state } = await info("edge7", "edge7_old");
		expect([config.max_bytes, config.subjects, state.messages]).toEqual([2 * 1024 ** 2, ["edge7.old.>", "log.>"], 1]);
	});

	test("is exchanged with another one", async () => {
		const lived = await change(
			"edge2",
			{ can: accepts("vehicle.>"), legacy: accepts("telemetry.>") },
			{ can: accepts("telemetry.>"), legacy: accepts("vehicle.>") },
			["vehicle", "telemetry"],
		);
		expect(lived.last).toEqual({ vehicle: "edge2_legacy", telemetry: "edge2_can" });
	});

	test("is taken over from a class that leaves the fleet, whose stream stays with its messages", async () => {
		const lived = await change(
			"edge3",
			{ can: accepts("vehicle.>"), old: accepts("telemetry.*") },
			{ can: accepts("vehicle.>"), next: accepts("telemetry.>") },
			["telemetry", "vehicle"],
		);
		expect(lived.last).toEqual({ vehicle: "edge3_can", telemetry: "edge3_next" });
		expect(await subjects("edge3", "old")).toEqual(["edge3.old.>"]);
	});

	test("stays where it is when a stream that leafline does not manage is in the way, which is named", async () => {
		const { outs } = await edgeStreams.create(props("edge4", { can: accepts("vehicle.>"), legacy: accepts("log.>") }));
		await way
			.api("edge4")
			.ask(
				"STREAM.CREATE.theirs",
				{ name: "theirs", subjects: ["telemetry.door"], storage: "file", max_bytes: 1_000_000 },
				5_000,
			);
		const after = { can: accepts("telemetry.>"), legacy: accepts("vehicle.>") };
		const { outs: refused } = await edgeStreams.update("north", outs, props("edge4", after));
		expect((refused.failed as Record<string, string>).edge4).toMatch(
			/edge4_can is to capture telemetry.>, and the stream theirs.* captures telemetry.door on edge4/,
		);
		expect(await subjects("edge4", "can")).toEqual(["edge4.can.>", "vehicle.>"]);
		expect(await subjects("edge4", "legacy")).toEqual(["edge4.legacy.>", "log.>"]);
	});
});
