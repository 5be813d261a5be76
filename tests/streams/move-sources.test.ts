import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { edgeStreams, stream } from "../../components/streams/provider/index";
import { settleStream } from "../../components/streams/provider/settle-stream";
import { streamProps as asProps } from "../../components/streams/provider/stream-props";
import { type Control, closeAll, control } from "../../control/control";
import type { StreamInfo } from "../../jetstream/answers";
import type { Api } from "../../jetstream/api";
import type { StreamSource } from "../../topology/jetstream";
import { ADMIN_API } from "../../topology/permissions";
import { type Bench, startBench, until } from "./bench";
import { edgeProps, hubConfig, source, streamProps } from "./fixtures";

let bench: Bench;
let way: Control;

beforeAll(async () => {
	bench = await startBench();
	for (const name of ["edge1", "edge2", "edge3", "edge4", "edge5", "edge6"]) await bench.startDevice(name);
	way = await control(bench.connection);
	await way.ready();
});
afterAll(async () => {
	await closeAll();
	await bench.stop();
});

const ask = <T>(domain: string, endpoint: string, body?: unknown) => way.api(domain).ask<T>(endpoint, body, 5_000);
const info = (name: string) => ask<StreamInfo>("hub", `STREAM.INFO.${name}`);
const liveSources = async (name: string) => ((await info(name)).config.sources ?? []) as StreamSource[];

/** Through the durable consumer, with the three transforms of the fixtures. */
const durable = source;
/** The same with one transform. */
const oneTransform = (device: string): StreamSource => ({
	...durable(device),
	subject_transforms: [{ src: "*.*.>", dest: `${device}.can.>` }],
});
const ephemeral = (device: string): StreamSource => {
	const { consumer: _, ...rest } = durable(device);
	return { ...rest, opt_start_seq: 1, external: { api: `$JS.${device}.API`, deliver: `deliver.${device}` } };
};

function props(device: string, wanted: StreamSource) {
	const config = hubConfig({ name: `hub_${device}` });
	return streamProps(bench.connection, { config, sources: { [wanted.name]: wanted } });
}

async function make(device: string, wanted: StreamSource) {
	await edgeStreams.create(edgeProps(bench.connection, [device]));
	return (await stream.create(props(device, wanted))).outs;
}

/** A program that publishes numbers, one after the other, until it is stopped; gives how many were acknowledged. */
function publisher(device: string, from = 0) {
	let running = true;
	const publishing = (async () => {
		let at = from;
		for (; running; at += 20) {
			const batch = Array.from({ length: 20 }, (_, i) => String(at + i));
			const local = bench.device(device);
			await Promise.all(batch.map((number) => local.request("vehicle.n", number, { timeout: 10_000 })));
		}
		return at;
	})();
	// A test that fails has ended its servers before it looks at this.
	publishing.catch(() => {});
	return async () => {
		running = false;
		return publishing;
	};
}

/** Numbers that the hub holds, sorted, when it has `messages` and has got no more for a moment. */
async function arrived(name: string, messages: number): Promise<number[]> {
	await until(async () => (await info(name)).state.messages >= messages, `${messages} in ${name}`, 40_000);
	const { last_seq = 0 } = (await info(name)).state;
	const jetstream = way.hub.jetstream({ apiPrefix: ADMIN_API });
	const reading = await (await jetstream.consumers.get(name)).consume();
	const found: number[] = [];
	for await (const message of reading) {
		found.push(Number(message.string()));
		if (message.seq >= last_seq) break;
	}
	return found.sort((a, b) => a - b);
}
const upTo = (messages: number) => Array.from({ length: messages }, (_, i) => i);

describe("a source of a stream that runs", () => {
	test("gets other transforms, and everything that is published meanwhile arrives once", async () => {
		let outs = await make("edge1", durable("edge1"));
		const stop = publisher("edge1");
		await until(async () => (await info("hub_edge1")).state.messages > 500, "traffic");
		({ outs } = await stream.update("hub_edge1", outs, props("edge1", oneTransform("edge1"))));
		expect(outs.sources).toEqual({ edge1_can: oneTransform("edge1") });
		expect(await liveSources("hub_edge1")).toEqual([oneTransform("edge1")]);
		expect((await info("hub_edge1")).config.subjects).toBeUndefined();
		const before = (await info("hub_edge1")).state.messages;
		await until(async () => (await info("hub_edge1")).state.messages > before + 500, "traffic by the new source");
		const published = await stop();
		expect(await arrived("hub_edge1", published)).toEqual(upTo(published));
		expect(JSON.stringify((await info("hub_edge1")).config.metadata)).not.toMatch(/position/);
	});

	test("becomes ordinary and durable again; what the hub took as ordinary before is not taken again", async () => {
		let outs = await make("edge2", durable("edge2"));
		const stop = publisher("edge2");
		await until(async () => (await info("hub_edge2")).state.messages > 500, "traffic");
		({ outs } = await stream.update("hub_edge2", outs, props("edge2", ephemeral("edge2"))));
		expect(outs.sources).toEqual({ edge2_can: ephemeral("edge2") });
		await until(async () => (await info("hub_edge2")).sources?.[0]?.seq !== undefined, "traffic as ordinary");
		({ outs } = await stream.update("hub_edge2", outs, props("edge2", durable("edge2"))));
		expect(outs.sources).toEqual({ edge2_can: durable("edge2") });
		await until(async () => (await info("hub_edge2")).sources?.[0]?.seq !== undefined, "traffic as durable");

		({ outs } = await stream.update("hub_edge2", outs, props("edge2", ephemeral("edge2"))));
		expect(outs.sources).toEqual({ edge2_can: durable("edge2") });
		expect(outs.pending).toEqual({ edge2: expect.stringMatching(/sourced in this way before/) });
		expect(await stream.diff("hub_edge2", outs, props("edge2", ephemeral("edge2")))).toMatchObject({ changes: true });
		const ignoring = { ...props("edge2", ephemeral("edge2")), ignorePending: true };
		expect(await stream.diff("hub_edge2", outs, ignoring)).toMatchObject({ changes: false });
		const published = await stop();
		expect(await arrived("hub_edge2", published)).toEqual(upTo(published));
	});

	test("stays as it is while its device is offline, and is moved by the next update", async () => {
		let outs = await make("edge3", durable("edge3"));
		const stop = publisher("edge3");
		await until(async () => (await info("hub_edge3")).state.messages > 300, "traffic");
		const published = await stop();
		await bench.kill("edge3");
		await until(async () => (await way.leaves())?.has("edge3") === false, "edge3 is gone");
		({ outs } = await stream.update("hub_edge3", outs, props("edge3", oneTransform("edge3"))));
		expect(outs).toMatchObject({
			sources: { edge3_can: durable("edge3") },
			pending: { edge3: "hub_edge3: offline, and stays as it is sourced now" },
		});
		expect(await liveSources("hub_edge3")).toEqual([durable("edge3")]);
		await bench.startDevice("edge3");
		await until(async () => (await way.leaves())?.has("edge3") === true, "edge3 is back");
		const again = publisher("edge3", published);
		({ outs } = await stream.update("hub_edge3", outs, props("edge3", oneTransform("edge3"))));
		expect(outs.pending).toBeUndefined();
		const all = await again();
		expect(await arrived("hub_edge3", all)).toEqual(upTo(all));
	});

	test("is moved once, at whatever request the update was interrupted before", async () => {
		let outs = await make("edge4", durable("edge4"));
		const stop = publisher("edge4");
		const kinds = [oneTransform("edge4"), durable("edge4")];
		let interrupted = 0;
		for (let requests = 3; requests <= 16; requests++) {
			const next = props("edge4", kinds[requests % 2] ?? durable("edge4"));
			const existing = await info("hub_edge4");
			const attempt = settleStream(failingAfter(requests), asProps(next), existing, patience(), SILENT);
			await attempt.catch(() => interrupted++);
			({ outs } = await stream.update("hub_edge4", outs, next));
			expect(outs.pending).toBeUndefined();
		}
		expect(interrupted).toBeGreaterThan(6);
		const published = await stop();
		expect(await arrived("hub_edge4", published)).toEqual(upTo(published));
	});

	test("is moved once also where the server has to be asked whether it was sourced so before", async () => {
		let outs = await make("edge6", durable("edge6"));
		const stop = publisher("edge6");
		// What is left when the process is killed while the server is asked.
		const { config } = await info("hub_edge6");
		const probe = { ...ephemeral("edge6"), external: { api: "$JS.edge6.API", deliver: "leafline.probe" } };
		await ask("hub", "STREAM.UPDATE.hub_edge6", { ...config, sources: [durable("edge6"), probe] });
		await until(async () => (await info("hub_edge6")).state.messages > 300, "traffic");
		({ outs } = await stream.update("hub_edge6", outs, props("edge6", ephemeral("edge6"))));
		expect(await liveSources("hub_edge6")).toEqual([ephemeral("edge6")]);
		await until(async () => (await info("hub_edge6")).sources?.[0]?.seq !== undefined, "its first message", 30_000);
		let interrupted = 0;
		for (const requests of [6, 8]) {
			// Each time in another way, for one that was had before is not moved to.
			const only = { src: `only${requests}.>`, dest: `edge6.can.only${requests}.>` };
			const ordinary = ephemeral("edge6");
			const wanted = { ...ordinary, subject_transforms: [only, ...(ordinary.subject_transforms ?? [])] };
			for (const next of [props("edge6", wanted), props("edge6", durable("edge6"))]) {
				const attempt = settleStream(
					failingAfter(requests),
					asProps(next),
					await info("hub_edge6"),
					patience(),
					SILENT,
				);
				await attempt.catch(() => interrupted++);
				({ outs } = await stream.update("hub_edge6", outs, next));
				expect(outs.pending).toBeUndefined();
				await until(async () => (await info("hub_edge6")).sources?.[0]?.seq !== undefined, "its first message", 30_000);
			}
		}
		expect(interrupted).toBeGreaterThan(1);
		const published = await stop();
		expect(await arrived("hub_edge6", published)).toEqual(upTo(published));
	});

	test("is refused another address in preview, with what stands there, what is wanted and what to do", async () => {
		const outs = await make("edge5", durable("edge5"));
		const other = { ...durable("edge5"), external: { api: "$JS.edge9.API", deliver: "" } };
		const { failures } = (await stream.check?.(outs, props("edge5", other))) ?? {};
		expect(failures?.[0]?.reason).toMatch(
			/hub_edge5: source edge5_can, external.api from \$JS.edge5.API to \$JS.edge9.API: .*retired: drain.*allowDataLoss/,
		);
		await expect(stream.update("hub_edge5", outs, props("edge5", other))).rejects.toThrow(/external.api from/);
		expect(await liveSources("hub_edge5")).toEqual([durable("edge5")]);
		expect(await stream.check?.(outs, props("edge5", oneTransform("edge5")))).not.toHaveProperty("failures");
	});
});

const SILENT = { progress() {}, info() {}, warn() {}, flush: async () => {} };
const patience = () => ({ deadline: Date.now() + 20_000, timeoutsMs: [2_000] });

/** The way to the hub until so many requests were sent; as a process that is killed then. */
function failingAfter(requests: number): Control {
	let left = requests;
	const api = (domain: string): Api => ({
		domain,
		ask: async (...request) => {
			if (left-- <= 0) throw new Error("killed");
			return way.api(domain).ask(...request);
		},
	});
	return { ...way, api };
}
