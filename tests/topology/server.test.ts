import { type Codec, JSONCodec } from "nats";
import { afterEach, describe, expect, it } from "vitest";
import { expandEdge } from "../../topology/edge";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { edgeStoredBytes, hubStoredBytes } from "../../topology/sizes";
import { type Bench, type Edge, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { downlink, makeFleet, makeSettings, uplink } from "./fixtures";

/*
 * What the plan says, carried out word for word on real servers with real identities. It shows that the server takes
 * each stream and consumer, gives it back as it was asked for, and that the data flows.
 */

const codec: Codec<unknown> = JSONCodec();

let bench: Bench | undefined;

afterEach(async () => {
	await bench?.close();
	bench = undefined;
});

function planned(sourcing: "durable" | "ephemeral"): Topology {
	const whenFull = sourcing === "durable" ? "refuse" : "drop-oldest";
	const fleet = makeFleet({
		devices: ["edge1", "edge2"],
		bufferBytes: 1024 ** 3,
		programsBytes: 0,
		classes: {
			can: uplink({ rate: 10, accepts: ["vehicle.*.speed.>"], whenFull }),
			alarm: uplink({ rate: 1, priority: "high", whenFull }),
			debug: uplink({ rate: 1, storage: "memory", whenFull: "drop-oldest", maxAgeMs: 60_000 }),
		},
		downlink: sourcing === "durable" ? { commands: downlink({ rate: 0.01 }) } : {},
		consumers: {
			lake: { class: "can", deliver: "all", ackWaitMs: 30_000, maxAckPending: 1000 },
			late: {
				class: "can",
				deliver: "by-start-time",
				startTime: "2026-01-01T00:00:00Z",
				filter: "edge1.can.>",
				ackWaitMs: 1000,
				maxAckPending: 10,
			},
			last: { class: "alarm", deliver: "last-per-subject", filter: "*.alarm.>", ackWaitMs: 1000, maxAckPending: 10 },
		},
	});
	const settings = makeSettings({ sourcing, hub: { fileBytes: 7 * 1024 ** 3 } });
	const { topology, problems } = plan(fleet, settings);
	if (!topology) throw new Error(JSON.stringify(problems));
	return topology;
}

async function carryOut(topology: Topology): Promise<{ bench: Bench; edges: Edge[] }> {
	const downlinks = Object.entries(topology.hubStreams).filter(([, { direction }]) => direction === "downlink");
	const made = await startBench({ downlinks: downlinks.map(([name]) => name) });
	bench = made;
	const edges = await Promise.all(Object.keys(topology.devices).map((device) => made.startEdge(device)));
	const create = async (domain: string, endpoint: string, body: unknown, wanted: object) => {
		const reply = (await made.api(domain, endpoint, body)) as { config?: object };
		expect(reply.config).toMatchObject(asRead(wanted));
	};
	for (const { config, consumers } of Object.values(topology.hubStreams)) {
		await create("hub", `STREAM.CREATE.${config.name}`, config, config);
		for (const [name, consumer] of Object.entries(consumers)) {
			const suffix = consumer.filter_subject === undefined ? name : `${name}.${consumer.filter_subject}`;
			const body = { stream_name: config.name, config: { ...consumer, name } };
			await create("hub", `CONSUMER.CREATE.${config.name}.${suffix}`, body, consumer);
		}
	}
	for (const group of Object.values(topology.edgeGroups)) {
		for (const device of Object.keys(group.devices)) {
			for (const { stream, consumer } of expandEdge(group, device)) {
				await create(device, `STREAM.CREATE.${stream.name}`, stream, stream);
				if (!consumer) continue;
				const body = { stream_name: stream.name, config: { ...consumer, name: consumer.durable_name } };
				await create(device, `CONSUMER.CREATE.${stream.name}.${consumer.durable_name}`, body, consumer);
			}
		}
	}
	return { bench: made, edges };
}

/** As the server gives it back: without what is zero or empty. */
function asRead(wanted: object): object {
	const entries = Object.entries(wanted).filter(([key, value]) => key !== "duplicate_window" || value !== 0);
	return JSON.parse(JSON.stringify(Object.fromEntries(entries)).replaceAll(',"deliver":""', "")) as object;
}

async function messagesOf(made: Bench, domain: string, stream: string, count: number): Promise<[string, unknown][]> {
	await eventually(
		async () => {
			const { state } = (await made.api(domain, `STREAM.INFO.${stream}`)) as { state: { messages: number } };
			if (state.messages < count) throw new Error(`${state.messages} messages`);
			return true;
		},
		{ what: `${stream} has ${count} messages`, within: 60_000 },
	);
	const messages = [];
	for (let seq = 1; seq <= count; seq++) {
		const { message } = (await made.api(domain, `STREAM.MSG.GET.${stream}`, { seq })) as {
			message: { subject: string; data: string };
		};
		messages.push([message.subject, codec.decode(Buffer.from(message.data, "base64"))] as [string, unknown]);
	}
	return messages;
}

describe.each(["durable", "ephemeral"] as const)("a plan with %s sourcing", (sourcing) => {
	it("is taken by the servers, and every message arrives under the device that stored it", async () => {
		const topology = planned(sourcing);
		const { bench: made, edges } = await carryOut(topology);
		const publish = async (edge: Edge | undefined, subject: string, data: unknown) => {
			await edge?.client.jetstream().publish(subject, codec.encode(data));
		};
		await publish(edges[0], "vehicle.front.speed.kmh", 1);
		await publish(edges[0], "edge1.can.own", 2);
		await publish(edges[0], "edge1.alarm.fire", 3);
		await publish(edges[0], "edge1.debug.note", 4);
		expect((await messagesOf(made, "edge1", "edge1_can", 2)).map(([subject]) => subject)).toEqual([
			"edge1.can.vehicle.front.speed.kmh",
			"edge1.can.own",
		]);
		expect(await messagesOf(made, "hub", "hub_can", 2)).toEqual([
			["edge1.can.vehicle.front.speed.kmh", 1],
			["edge1.can.own", 2],
		]);
		expect(await messagesOf(made, "hub", "hub_alarm", 1)).toEqual([["edge1.alarm.fire", 3]]);
		expect(await messagesOf(made, "hub", "hub_debug", 1)).toEqual([["edge1.debug.note", 4]]);

		for (const [domain, stream, estimate] of [
			["edge1", "edge1_can", edgeStoredBytes("edge1", "can", 1)],
			["hub", "hub_can", hubStoredBytes("edge1", "can", 1)],
		] as const) {
			const { state } = (await made.api(domain, `STREAM.INFO.${stream}`)) as { state: { bytes: number } };
			// On the safe side by the allowances for headers and subjects, and not by more.
			expect(estimate).toBeGreaterThanOrEqual(state.bytes / 2);
			expect(estimate).toBeLessThan(state.bytes / 2 + 150);
		}

		// A device that takes in other subjects, as it can, is still no other device at the hub.
		const { config } = (await made.api("edge2", "STREAM.INFO.edge2_can")) as { config: { subjects: string[] } };
		const more = { ...config, subjects: [...config.subjects, "edge1.can.>", "short", "two.tokens"] };
		await made.api("edge2", "STREAM.UPDATE.edge2_can", more);
		for (const subject of ["edge1.can.forged.a", "short", "two.tokens", "edge2.can.true"]) {
			await publish(edges[1], subject, subject);
		}
		const strays = [
			["short", "short"],
			["stray", "two.tokens"],
		];
		const after = [
			["edge2.can.forged.a", "edge1.can.forged.a"],
			// An ordinary source takes only what its transform matches.
			...(sourcing === "durable" ? strays : []),
			["edge2.can.true", "edge2.can.true"],
		];
		expect((await messagesOf(made, "hub", "hub_can", 2 + after.length)).slice(2)).toEqual(after);
	}, 120_000);
});

describe("a downlink", () => {
	it("brings each device its own messages and no others", async () => {
		const topology = planned("durable");
		const { bench: made } = await carryOut(topology);
		const sent = ["down.edge1.commands.a", "down.edge2.commands.b", "down.edge1.commands.c"];
		for (const subject of sent) await made.control.request(subject, subject);
		const one = (await messagesOf(made, "edge1", "edge1_commands", 2)).map(([subject]) => subject);
		const two = (await messagesOf(made, "edge2", "edge2_commands", 1)).map(([subject]) => subject);
		expect(one).toEqual(["down.edge1.commands.a", "down.edge1.commands.c"]);
		expect(two).toEqual(["down.edge2.commands.b"]);
	}, 120_000);
});
