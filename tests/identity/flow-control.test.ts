import { randomUUID } from "node:crypto";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Attacker, flowControlRequest, happens, onDevice, onWire, stalledOn } from "../support/attacker";
import { type Bench, type Edge, sourcingConsumer, startBench, streamConfig } from "../support/bench";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { WIDE_SHARES } from "../support/wide-shares";

/**
 * A source answers requests of flow control in its own account, where no permission holds it back. Whoever can publish
 * on a source's delivery subject names the subject of the answer: with the official server any, with leafline's only
 * those of the source's own consumer.
 */

const REQUEST = "a request";
const HEARTBEAT = "a heartbeat";
const ON_DEVICE = "a program on the device";
const ON_WIRE = "a leaf connection of its own";

interface Case {
	/** Who has the answer sent. */
	readonly stream: string;
	/** @default where the hub's ordinary source has its consumer deliver */
	readonly deliver?: string;
	readonly by: typeof ON_DEVICE | typeof ON_WIRE;
}

const SOURCE: Case = { stream: "the hub's source", deliver: "deliver.edge1.can", by: ON_WIRE };
const CASES: readonly Case[] = [
	SOURCE,
	{ ...SOURCE, by: ON_DEVICE },
	{ stream: "the hub's ordinary source", by: ON_WIRE },
	{ stream: "the hub's mirror", deliver: "deliver.edge1.alarm", by: ON_WIRE },
	{ stream: "the device's own source", deliver: "dl.edge1.commands", by: ON_DEVICE },
];

/** An empty message there empties a stream of the hub, or of another device. */
const PURGES = [
	["hub", "hub_can", "$JS.API.STREAM.PURGE.hub_can"],

	["edge2", "edge2_can", "$JS.edge2.API.STREAM.PURGE.edge2_can"],
] as const;

/** Like those that are answered, and each wrong in one thing. */
const NEARLY = [
	"$JS.FC.edge2_can.hub.x1",
	"$JS.FC.edge1_can.lake.x1",
	"$JS.FC.edge1_can.hub",
	"$JS.FC.edge1_can.hub.x1.x2",
	"$JS.FC.edge2.acc.edge1_can.hub.x1",
	"$JS.FC.edge1.acc.edge2_can.hub.x1",
	"$JS.FC.edge1.acc.edge1_can.lake.x1",
	"$JS.FC.edge1.acc.edge1_can.hub.x1.x2",
	"$JS.FC.*.acc.edge1_can.hub.x1",
	"$JS.FC.edge1_can.hub.>",
	"$JS.fc.edge1_can.hub.x1",
	"$JS.FC.edge1.acc..edge1_can.hub.x1",
];

const EDITIONS = [
	{ title: "leafline's server", nodes: 1, official: false },
	{ title: "leafline's server on three nodes", nodes: 3, official: false },
	{ title: "the official server", nodes: 1, official: true },
	{ title: "the official server on three nodes", nodes: 3, official: true },
] as const;

describe.each(EDITIONS.map((edition) => [edition.title, edition] as const))("%s", (_, { nodes, official }) => {
	let bench: Bench;
	let edges: { edge1: Edge; edge2: Edge };
	/** Somebody in the account of the hub's streams, who hears what they send. */
	let among: NatsConnection;

	beforeAll(async () => {
		// With the accounts as they are, nothing that a source sends reaches a device's API, whatever the server.
		const as = official ? { program: await officialServer() } : {};
		const rules = official ? { shares: WIDE_SHARES } : {};
		bench = await startBench({ nodes, downlinks: ["hub_commands"], rules, ...as });
		among = await bench.join(bench.keys.hub);
		const [edge1, edge2] = [await bench.startEdge("edge1", as), await bench.startEdge("edge2", as)];
		edges = { edge1, edge2 };
		await fill(bench, edges, nodes);
	}, 240_000);
	afterAll(() => bench?.close());

	const attacker = (by: Case["by"]): Promise<Attacker> =>
		by === ON_DEVICE
			? Promise.resolve(onDevice(edges.edge1.owner))
			: onWire({
					port: bench.hubs[0]?.ports.leaf ?? 0,
					ca: bench.ca,
					credentials: bench.credentials("edge1"),
					name: "hostile",
				});

	/** Has a source asked for flow control at a subject. */
	async function forge(way: string, given: Case, subject: string): Promise<void> {
		const { deliver = "" } = given;
		const hostile = await attacker(given.by);
		try {
			if (way === REQUEST) await hostile.publish(deliver, "", subject, flowControlRequest);
			else await hostile.publish(deliver, "", undefined, stalledOn(subject));
		} finally {
			hostile.close();
		}
	}

	/** Whether something is sent to `subject` in the account of the stream that is asked. */
	async function answered(way: string, given: Case, subject: string, as = subject): Promise<boolean> {
		const account: NatsConnection = given.stream.startsWith("the hub") ? among : edges.edge1.owner;
		let heard = false;
		const listening = account.subscribe(as, {
			callback: (_, message) => {
				heard ||= message.subject === subject;
			},
		});
		await account.flush();
		const sent = happens(async () => {
			await forge(way, given, subject);
			return heard;
		});
		return sent.finally(() => listening.unsubscribe());
	}

	it.skipIf(official)(
		"says who asked for what, in one line, shortened and without what a terminal would obey",
		async () => {
			await forge(HEARTBEAT, SOURCE, `probe.\u001b[2J\n[1] forged ${"x".repeat(500)}`);
			const warned = () => bench.hubs.flatMap(({ log }) => refusals(log()));
			await eventually(() => warned().length > 0, { what: "the refusal is logged" });
			expect(warned()[0]).toMatch(
				/^\[\d+\] [\d/]+ [\d:.]+ \[WRN\] JetStream stream '\S+ > hub_can' source 'edge1_can' refused flow control at "probe\.\\x1b\[2J\\n\[1\] forged x{100,110}"\.\.\., which is not its consumer's; nothing was sent$/,
			);
			await forge(HEARTBEAT, SOURCE, "probe.again");
			await forge(REQUEST, SOURCE, "probe.again");
			await among.flush();
			expect(warned()).toHaveLength(1);
		},
	);

	describe.each([REQUEST, HEARTBEAT])("asked by %s", (way) => {
		const verb = official ? "sends" : "sends nothing";
		const titled = CASES.map((given) => [`${given.stream} ${verb} where ${given.by} says`, given] as const);
		it.each(titled)("%s", async (_, given) => {
			const { deliver = await ordinaryDelivery(edges.edge1) } = given;
			expect(await answered(way, { ...given, deliver }, `probe.${randomUUID()}`)).toBe(official);
			if (official) return;
			const logs = [...bench.hubs, edges.edge1.server].map((server) => server.log()).join("\n");
			expect(logs).toMatch(
				/\[WRN\] JetStream stream '\S+ > \S+' (source|mirror) '\S+' refused flow control at "probe\./,
			);
		});

		it.each(PURGES)(`${official ? "empties" : "leaves alone"} %s/%s by %s`, async (domain, stream, subject) => {
			await store(edges);
			const messages = async () => (await state(bench, domain, stream)).messages;
			expect(await messages()).toBeGreaterThan(0);
			await forge(way, SOURCE, subject);
			expect(await happens(async () => (await messages()) === 0)).toBe(official);
		});

		if (official) return;

		it("sends to the source's own consumer, in both forms", async () => {
			for (const subject of ["$JS.FC.edge1_can.hub.own1", "$JS.FC.edge1.acc.edge1_can.hub.own2"]) {
				expect([subject, await answered(way, SOURCE, subject, "$JS.FC.>")]).toEqual([subject, true]);
			}
		});

		it("sends nothing to a subject that is nearly the consumer's", async () => {
			const heard: string[] = [];
			const hub = among;
			const listening = hub.subscribe("$JS.*.>", { callback: (_, message) => void heard.push(message.subject) });
			await hub.flush();
			for (const subject of NEARLY) await forge(way, SOURCE, subject);
			// What is sent after them, and comes, shows that they would have come.
			expect(await answered(way, SOURCE, "$JS.FC.edge1_can.hub.last", "$JS.FC.>")).toBe(true);
			listening.unsubscribe();
			expect(heard.filter((subject) => NEARLY.includes(subject))).toEqual([]);
		});
	});

	if (official) return;

	it("goes on sourcing, and answers every request of its consumers", async () => {
		const jetstream = edges.edge1.client.jetstream();
		const body = "x".repeat(1_000);
		// Without answers a consumer stops after some 2 MB.
		for (let round = 0; round < 8; round++) {
			await Promise.all(Array.from({ length: 1_000 }, () => jetstream.publish("edge1.can.x", body)));
		}
		const { last_seq } = await state(bench, "edge1", "edge1_can");
		for (const stream of ["hub_can", "hub_plain"]) {
			const sources = async () =>
				(await bench.api("hub", `STREAM.INFO.${stream}`)).sources as { seq?: number; name: string }[];
			const arrived = async () => (await sources()).find(({ name }) => name === "edge1_can")?.seq === last_seq;
			await eventually(arrived, { what: `${stream} has what came after the attacks`, within: 60_000 });
		}
		const refused = [...bench.hubs, edges.edge1.server, edges.edge2.server].flatMap(({ log }) => refusals(log()));
		const own = refused.filter(
			(line) => line.includes('"$JS.FC.') && !NEARLY.some((subject) => line.includes(subject)),
		);
		expect(own).toEqual([]);
	});
});

const refusals = (log: string) => log.split("\n").filter((line) => line.includes("refused flow control"));

/** Where the hub's ordinary source has its consumer deliver: a device knows it from the hub's request, or hears it. */
async function ordinaryDelivery({ owner }: Edge): Promise<string> {
	let subject: string | undefined;
	const listening = owner.subscribe("deliver.edge1.S.*", {
		callback: (_, message) => {
			subject = message.subject;
		},
	});
	await eventually(() => subject !== undefined, { what: "a heartbeat for the ordinary source", within: 30_000 });
	listening.unsubscribe();
	return subject ?? "";
}

async function store({ edge1, edge2 }: { edge1: Edge; edge2: Edge }): Promise<void> {
	for (const [name, { client }] of Object.entries({ edge1, edge2 })) {
		for (let i = 0; i < 5; i++) await client.jetstream().publish(`${name}.can.x`, String(i));
	}
}

async function state(bench: Bench, domain: string, stream: string): Promise<{ messages: number; last_seq: number }> {
	return (await bench.api(domain, `STREAM.INFO.${stream}`)).state as { messages: number; last_seq: number };
}

/** Sources, a mirror and a source on the device, all of them flowing. */
async function fill(bench: Bench, edges: Record<string, Edge>, nodes: 1 | 3): Promise<void> {
	const copies = { num_replicas: nodes };
	const commands = streamConfig("hub_commands", { subjects: ["down.*.commands.>"], ...copies });
	await bench.api("hub", "STREAM.CREATE.hub_commands", commands);
	for (const device of Object.keys(edges)) {
		for (const name of ["can", "alarm"]) {
			const stream = `${device}_${name}`;
			const config = streamConfig(stream, { subjects: [`${device}.${name}.>`] });
			await bench.api(device, `STREAM.CREATE.${stream}`, config);
			const consumer = sourcingConsumer("hub", `deliver.${device}.${name}`);
			await bench.api(device, `CONSUMER.CREATE.${stream}.hub`, { stream_name: stream, ...consumer });
		}
	}
	const filter = "down.edge1.commands.>";
	const down = sourcingConsumer("edge1", "dl.edge1.commands", filter);
	await bench.api("hub", `CONSUMER.CREATE.hub_commands.edge1.${filter}`, { stream_name: "hub_commands", ...down });
	const source = {
		name: "hub_commands",
		consumer: { name: "edge1", deliver_subject: "dl.edge1.commands" },
		external: { api: "$DOWN.hub.API", deliver: "" },
	};
	await bench.api("edge1", "STREAM.CREATE.edge1_commands", streamConfig("edge1_commands", { sources: [source] }));
	const through = (device: string, name: string) => ({
		name: `${device}_${name}`,
		consumer: { name: "hub", deliver_subject: `deliver.${device}.${name}` },
		external: { api: `$JS.${device}.API`, deliver: "" },
	});
	const sources = Object.keys(edges).map((device) => through(device, "can"));
	await bench.api("hub", "STREAM.CREATE.hub_can", streamConfig("hub_can", { sources, duplicate_window: 0, ...copies }));
	const mirror = { ...streamConfig("hub_mirror", copies), mirror: through("edge1", "alarm") };
	await bench.api("hub", "STREAM.CREATE.hub_mirror", mirror);

	const ordinary = {
		name: "edge1_can",
		external: { api: "$JS.edge1.API", deliver: "deliver.edge1" },
		opt_start_seq: 1,
	};
	await bench.api("hub", "STREAM.CREATE.hub_plain", streamConfig("hub_plain", { sources: [ordinary], ...copies }));

	for (const [device, { client }] of Object.entries(edges)) {
		for (const name of ["can", "alarm"]) await client.jetstream().publish(`${device}.${name}.x`, "1");
	}
	await bench.control.hub.request("down.edge1.commands.x", "go", { timeout: 3_000 });
	const arrived: [string, string, number][] = [
		["hub", "hub_can", 2],
		["hub", "hub_plain", 1],
		["hub", "hub_mirror", 1],
		["edge1", "edge1_commands", 1],
	];
	for (const [domain, stream, messages] of arrived) {
		const there = async () => (await state(bench, domain, stream)).messages === messages;
		await eventually(there, { what: `${stream} has its messages`, within: 60_000 });
	}
}
