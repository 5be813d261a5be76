import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceRole, SHARES } from "../../topology/permissions";
import { type Bench, type Edge, sourcingConsumer, startBench, streamConfig } from "../support/bench";
import { eventually } from "../support/eventually";

const DOWNLINK = "hub_commands";

describe("two accounts, two devices", () => {
	let bench: Bench;
	let edges: { edge1: Edge; edge2: Edge };

	beforeAll(async () => {
		bench = await startBench({ downlinks: [DOWNLINK] });
		edges = { edge1: await bench.startEdge("edge1"), edge2: await bench.startEdge("edge2") };
		for (const device of Object.keys(edges)) {
			const stream = `${device}_can`;
			await bench.api(
				device,
				`STREAM.CREATE.${stream}`,
				streamConfig(stream, { subjects: [`${device}.can.>`, "odd.>", "one"] }),
			);
			const { config } = sourcingConsumer("hub", `deliver.${device}.can`);
			await bench.api(device, `CONSUMER.CREATE.${stream}.hub`, { stream_name: stream, config });
		}
	});
	afterAll(() => bench?.close());

	const messages = async (domain: string, stream: string) =>
		((await bench.api(domain, `STREAM.INFO.${stream}`)).state as { messages: number }).messages;

	it("carries data to the hub, under the true device's name, past several flow-control windows", async () => {
		const sources = Object.keys(edges).map((device) => ({
			name: `${device}_can`,
			consumer: { name: "hub", deliver_subject: `deliver.${device}.can` },
			external: { api: `$JS.${device}.API`, deliver: "" },
			subject_transforms: [{ src: "*.*.>", dest: `${device}.can.>` }],
		}));
		const subject_transform = { src: "*.*", dest: "stray" };
		const config = streamConfig("hub_can", { sources, subject_transform, duplicate_window: 0 });
		await bench.api("hub", "STREAM.CREATE.hub_can", config);
		const js = edges.edge1.client.jetstream();
		const body = new Uint8Array(1024);
		for (let i = 0; i < 12; i++) await Promise.all(Array.from({ length: 500 }, () => js.publish("edge1.can.x", body)));
		for (const forged of ["odd.can.edge2", "odd.x", "one"]) await js.publish(forged, "forged");
		await eventually(async () => (await messages("hub", "hub_can")) === 6_003, { what: "all messages are on the hub" });
		const subjects = (await bench.api("hub", "STREAM.INFO.hub_can", { subjects_filter: ">" })).state as {
			subjects: Record<string, number>;
		};
		expect(subjects.subjects).toEqual({ "edge1.can.x": 6_000, "edge1.can.edge2": 1, stray: 1, one: 1 });
	});

	it("carries commands to the one device they are for", async () => {
		await bench.api("hub", `STREAM.CREATE.${DOWNLINK}`, streamConfig(DOWNLINK, { subjects: ["down.*.commands.>"] }));
		for (const device of Object.keys(edges)) {
			const filter = `down.${device}.commands.>`;
			const { config } = sourcingConsumer(device, `dl.${device}.commands`, filter);
			await bench.api("hub", `CONSUMER.CREATE.${DOWNLINK}.${device}.${filter}`, { stream_name: DOWNLINK, config });
			const source = {
				name: DOWNLINK,
				consumer: { name: device, deliver_subject: `dl.${device}.commands` },
				external: { api: "$DOWN.hub.API", deliver: "" },
			};
			const stream = `${device}_commands`;
			await bench.api(device, `STREAM.CREATE.${stream}`, streamConfig(stream, { sources: [source] }));
		}
		const body = new Uint8Array(1024);
		for (let i = 0; i < 8; i++) {
			await Promise.all(
				Array.from({ length: 500 }, () => bench.control.hub.request("down.edge1.commands.x", body, { timeout: 5_000 })),
			);
		}
		await bench.control.hub.request("down.edge2.commands.x", "for edge2");
		await eventually(async () => (await messages("edge1", "edge1_commands")) === 4_000, {
			what: "edge1 has its commands",
		});
		await eventually(async () => (await messages("edge2", "edge2_commands")) === 1, { what: "edge2 has its command" });
	});

	it("carries data of an ordinary source as well", async () => {
		const source = {
			name: "edge2_can",
			opt_start_seq: 1,
			external: { api: "$JS.edge2.API", deliver: "deliver.edge2" },
		};
		const js = edges.edge2.client.jetstream();
		const body = new Uint8Array(1024);
		for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 500 }, () => js.publish("edge2.can.x", body)));
		await bench.api(
			"hub",
			"STREAM.CREATE.hub_plain",
			streamConfig("hub_plain", { sources: [source], duplicate_window: 0 }),
		);
		await eventually(async () => (await messages("hub", "hub_plain")) === 5_000, { what: "all are on the hub" });
		await bench.api("hub", "STREAM.DELETE.hub_plain");
	});

	it("goes on where it was after the hub and a device were killed", async () => {
		await Promise.all([bench.hubs[0]?.kill(), edges.edge1.server.kill()]);
		await Promise.all([bench.hubs[0]?.start(), edges.edge1.server.start()]);
		const js = edges.edge1.client.jetstream();
		await eventually(() => js.publish("edge1.can.x", "after"), { what: "the device takes messages again" });
		// An acknowledgement that was lost makes a second message: count what the device has.
		const wanted = await eventually(() => messages("edge1", "edge1_can"), { what: "the device is back" });
		expect(wanted).toBeGreaterThanOrEqual(6_004);
		const arrived = async () => (await messages("hub", "hub_can")) === wanted + (await messages("edge2", "edge2_can"));
		await eventually(arrived, { what: "the hub has every message, once", within: 40_000 });
		await bench.control.hub.request("down.edge1.commands.x", "after", { timeout: 3_000 });
		const commanded = async () => (await messages("edge1", "edge1_commands")) === 4_001;
		await eventually(commanded, { what: "the device has its command, once", within: 40_000 });
	});
});

describe("a downlink that is added while devices are connected", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await startBench();
	});
	afterAll(() => bench?.close());

	it("reaches them without a restart", async () => {
		await bench.startEdge("edge1");
		await bench.push({ role: deviceRole([DOWNLINK]) });
		await bench.api("hub", `STREAM.CREATE.${DOWNLINK}`, streamConfig(DOWNLINK, { subjects: ["down.*.commands.>"] }));
		const { config } = sourcingConsumer("edge1", "dl.edge1.commands", "down.edge1.commands.>");
		await bench.api("hub", `CONSUMER.CREATE.${DOWNLINK}.edge1.down.edge1.commands.>`, {
			stream_name: DOWNLINK,
			config,
		});
		const consumer = { name: "edge1", deliver_subject: "dl.edge1.commands" };
		const source = { name: DOWNLINK, consumer, external: { api: "$DOWN.hub.API", deliver: "" } };
		const stream = "edge1_commands";
		await eventually(() => bench.api("edge1", `STREAM.CREATE.${stream}`, streamConfig(stream, { sources: [source] })), {
			what: "the device has the stream",
		});
		await bench.control.hub.request("down.edge1.commands.x", "go", { timeout: 3_000 });
		await eventually(
			async () => ((await bench.api("edge1", `STREAM.INFO.${stream}`)).state as { messages: number }).messages === 1,
			{ what: "the command is there", within: 60_000 },
		);
	});
});

describe.each([1, 3] as const)("accounts that exchange other streams than before, at a hub of %i", (nodes) => {
	let bench: Bench;
	beforeAll(async () => {
		const before = SHARES.filter(({ kind, to }) => kind !== "stream" || to !== "ADMIN");
		bench = await startBench({ nodes, rules: { shares: before } });
	});
	afterAll(() => bench?.close());

	it("have the devices connect anew, for the server takes subscriptions from open links", async () => {
		const { client } = await bench.startEdge("edge1");
		await bench.push({ shares: SHARES });
		const stream = streamConfig("edge1_can", { subjects: ["edge1.can.>"] });
		await eventually(() => bench.api("edge1", "STREAM.CREATE.edge1_can", stream), { what: "the device is heard" });
		const consumer = sourcingConsumer("hub", "deliver.edge1.can");
		await bench.api("edge1", "CONSUMER.CREATE.edge1_can.hub", { stream_name: "edge1_can", ...consumer });
		const source = {
			name: "edge1_can",
			consumer: { name: "hub", deliver_subject: "deliver.edge1.can" },
			external: { api: "$JS.edge1.API", deliver: "" },
		};
		await bench.api("hub", "STREAM.CREATE.hub_can", streamConfig("hub_can", { sources: [source] }));
		await client.jetstream().publish("edge1.can.x", "1");
		const arrived = async () => {
			const { state } = (await bench.api("hub", "STREAM.INFO.hub_can")) as { state: { messages: number } };
			return state.messages === 1;
		};
		await eventually(arrived, { what: "its message is on the hub", within: 60_000 });
	});
});
