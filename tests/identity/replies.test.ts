import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readerCreds } from "../../components/identity/credentials";
import { readerInbox, SHARES } from "../../topology/permissions";
import { flowControlRequest, happens, onWire } from "../support/attacker";
import { type Bench, type Edge, sourcingConsumer, startBench, streamConfig } from "../support/bench";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { WIDE_SHARES } from "../support/wide-shares";

/**
 * What a reply reaches that somebody named who may not publish there, with a server that sends it: the accounts hold
 * where the server does not. Each attack is tried with the accounts as they once were as well, where it succeeds.
 */

/** Empty messages there empty or end something of another device. */
const OF_ANOTHER_DEVICE = [
	"$JS.edge2.API.STREAM.PURGE.edge2_can",
	"$JS.edge2.API.CONSUMER.DELETE.edge2_can.hub",
	"$JS.edge2.API.STREAM.DELETE.edge2_can",
];
const READER = "lake";
const MESSAGES = 20;

describe.each([
	{ title: "with the accounts as they are", open: false },
	{ title: "with readers and administrators among the streams, and every device's API there", open: true },
])("the official server, $title", ({ open }) => {
	let bench: Bench;
	let edges: { edge1: Edge; edge2: Edge };
	let reader: NatsConnection;

	beforeAll(async () => {
		const as = { program: await officialServer() };
		bench = await startBench({ rules: { shares: open ? WIDE_SHARES : SHARES }, ...as });
		edges = { edge1: await bench.startEdge("edge1", as), edge2: await bench.startEdge("edge2", as) };
		await fill(bench, edges);
		const authenticator = credsAuthenticator(new TextEncoder().encode(readerCreds(bench.keys, READER, ["hub_can"])));
		const servers = `nats://127.0.0.1:${bench.hubs[0]?.ports.client}`;
		reader = open
			? await bench.join(bench.keys.hub)
			: await connect({ servers, authenticator, inboxPrefix: readerInbox(READER) });
	}, 240_000);
	afterAll(async () => {
		await reader?.close();
		await bench?.close();
	});

	/** Messages and consumers of a stream; nothing if there is none. */
	const state = async (domain: string, stream: string) => {
		try {
			const info = (await bench.api(domain, `STREAM.INFO.${stream}`)).state as Record<string, number>;
			return { messages: info.messages, consumers: info.consumer_count };
		} catch {
			return undefined;
		}
	};
	/** Whether what an attack is aimed at is another than before, after it was tried. */
	async function changes(domain: string, stream: string, act: () => Promise<void>): Promise<boolean> {
		const before = await state(domain, stream);
		expect(before?.messages).toBeGreaterThan(0);
		return happens(async () => {
			await act();
			return JSON.stringify(await state(domain, stream)) !== JSON.stringify(before);
		});
	}
	async function store(device: "edge1" | "edge2"): Promise<void> {
		for (let i = 0; i < 3; i++) await edges[device].client.jetstream().publish(`${device}.can.x`, String(i));
	}

	/** Asks for messages where none wait: the server says so, without a body, to the subject of the reply. */
	const ask = (reply: string) => async () => {
		const request = JSON.stringify({ batch: 1, no_wait: true });
		reader.publish(`$JS.API.CONSUMER.MSG.NEXT.hub_can.${READER}`, request, { reply });
		await reader.flush();
	};

	it("gives a reader that asks for messages what there is", async () => {
		const consumer = await reader.jetstream().consumers.get("hub_can", READER);
		let read = 0;
		for await (const message of await consumer.fetch({ max_messages: 2 * MESSAGES, expires: 3_000 })) {
			message.ack();
			if (++read === 2 * MESSAGES) break;
		}
		expect(read).toBe(2 * MESSAGES);
		await reader.flush();
	});

	it(`${open ? "sends" : "sends nothing of"} a reader's reply to another device`, async () => {
		expect(await changes("edge2", "edge2_can", ask("$JS.edge2.API.STREAM.PURGE.edge2_can"))).toBe(open);
	});

	it(`${open ? "sends" : "sends nothing of"} a reader's reply to the hub`, async () => {
		if (open) await store("edge1");
		for (const stream of ["hub_can", "hub_other"]) {
			expect(await changes("hub", stream, ask(`$JS.API.STREAM.PURGE.${stream}`))).toBe(open);
		}
	});

	it.each(OF_ANOTHER_DEVICE)(`${open ? "sends" : "sends nothing of"} a source's answer to %s`, async (subject) => {
		if (open) await store("edge2");
		const hostile = await onWire({
			port: bench.hubs[0]?.ports.leaf ?? 0,
			ca: bench.ca,
			credentials: bench.credentials("edge1"),
			name: "hostile",
		});
		const forge = () => hostile.publish("deliver.edge1.can", "", subject, flowControlRequest);
		expect(await changes("edge2", "edge2_can", forge).finally(() => hostile.close())).toBe(open);
	});

	it.skipIf(open)("closes who names an acknowledgement for a reply", async () => {
		const { consumer_seq, stream_seq } = { consumer_seq: 1, stream_seq: 1 };
		const rude = await connect({
			servers: `nats://127.0.0.1:${bench.hubs[0]?.ports.client}`,
			authenticator: credsAuthenticator(new TextEncoder().encode(readerCreds(bench.keys, READER, ["hub_can"]))),
			reconnect: false,
			inboxPrefix: readerInbox(READER),
		});
		const told: string[] = [];
		void (async () => {
			for await (const { data } of rude.status()) told.push(String(data));
		})();
		const reply = `$JS.ACK.hub_can.other.1.${stream_seq}.${consumer_seq}.0.0`;
		rude.publish(`$JS.API.CONSUMER.MSG.NEXT.hub_can.${READER}`, "1", { reply });
		await eventually(() => told.length > 0 || rude.isClosed(), { what: "it is refused" });
		await rude.close();
	});
});

/** Two devices, whose messages are at the hub, a reader, and another stream there. */
async function fill(bench: Bench, edges: Readonly<Record<string, Edge>>): Promise<void> {
	for (const [device, { client }] of Object.entries(edges)) {
		const stream = `${device}_can`;
		await bench.api(device, `STREAM.CREATE.${stream}`, streamConfig(stream, { subjects: [`${device}.can.>`] }));
		const consumer = sourcingConsumer("hub", `deliver.${device}.can`);
		await bench.api(device, `CONSUMER.CREATE.${stream}.hub`, { stream_name: stream, ...consumer });
		for (let i = 0; i < MESSAGES; i++) await client.jetstream().publish(`${device}.can.x`, String(i));
	}
	const sources = Object.keys(edges).map((device) => ({
		name: `${device}_can`,
		consumer: { name: "hub", deliver_subject: `deliver.${device}.can` },
		external: { api: `$JS.${device}.API`, deliver: "" },
	}));
	await bench.api("hub", "STREAM.CREATE.hub_can", streamConfig("hub_can", { sources, duplicate_window: 0 }));
	await bench.api("hub", "STREAM.CREATE.hub_other", streamConfig("hub_other", { subjects: ["down.*.other.>"] }));
	await bench.control.hub.request("down.edge1.other.x", "kept", { timeout: 3_000 });
	const config = { name: READER, durable_name: READER, ack_policy: "explicit", deliver_policy: "all" };
	await bench.api("hub", `CONSUMER.CREATE.hub_can.${READER}`, { stream_name: "hub_can", config });
	const arrived = async () => {
		const { state } = (await bench.api("hub", "STREAM.INFO.hub_can")) as { state: { messages: number } };
		return state.messages === 2 * MESSAGES;
	};
	await eventually(arrived, { what: "the hub has all messages", within: 60_000 });
}
