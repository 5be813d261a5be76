import { headers, type Msg, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { FLEET, type Solo, startSolo } from "../device/solo";
import { flowControlRequest } from "../support/attacker";
import { type Bench, sourcingConsumer, startBench, streamConfig } from "../support/bench";
import { eventually } from "../support/eventually";
import { halt } from "../support/halt";
import { officialServer } from "../support/official-server";
import { openRawLeaf, type RawLeaf } from "../support/raw-leaf";
import { planFleet } from "../support/rig";
import { makeServers, type Server } from "../support/servers";

/**
 * An answer of flow control that was under way when its consumer was reset, as it comes from a hub that has much to do.
 * The hub is played by the test, for a real one answers late when it pleases (`npm run bench -- stalls`).
 */

const STREAM = "edge1_can";
const DELIVER = "deliver.edge1.can";
const MESSAGES = 3_000;
/** Messages that may be out. */
const WINDOW = 100;
/** The consumer has delivered as many when it is reset: its next deliveries are numbered from 1. */
const BEFORE = 1_000;

/** What a hub does with what a durable source's consumer sends (nats-server, `stream.go`). */
class Hub {
	sequence = 0;
	private delivered = 0;
	private held: Msg | undefined;
	private heldAt = 0;
	/** Heartbeats since the last message. */
	idle = 0;

	constructor(private readonly nc: NatsConnection) {}

	listen() {
		return this.nc.subscribe(DELIVER, { callback: (_, message) => this.take(message) });
	}

	/** Whether an answer is due, and held back. */
	get owes(): boolean {
		return this.held !== undefined;
	}

	/** The consumer was reset. */
	begin(): void {
		this.heldAt = this.delivered;
		this.delivered = 0;
	}

	/** What was held back is sent, with the numbers of its time. */
	answerLate(): void {
		if (this.held?.reply) this.answer(this.held.reply, this.heldAt);
	}

	private take(message: Msg): void {
		const { headers: given, reply = "" } = message;
		if (given?.code === 100) {
			const stalled = given.get("Nats-Consumer-Stalled");
			if (stalled) this.nc.publish(stalled);
			if (reply === "") this.idle++;
			else if (this.delivered >= BEFORE && !this.held) this.held = message;
			else this.answer(reply, this.delivered);
			return;
		}
		this.idle = 0;
		// $JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<times>.<sequence>.<delivery>.<time>.<pending>
		const [sequence = 0, delivery = 0] = reply.split(".").slice(-4, -2).map(Number);
		if (delivery !== this.delivered + 1) throw new Error(`delivery ${delivery} after ${this.delivered}`);
		this.delivered = delivery;
		this.sequence = Math.max(this.sequence, sequence);
	}

	private answer(subject: string, delivered: number): void {
		const numbers = headers();
		numbers.set("Nats-Last-Consumer", String(delivered));
		numbers.set("Nats-Last-Stream", String(this.sequence));
		this.nc.publish(subject, "", { headers: numbers });
	}
}

async function fill({ api, owner }: Solo): Promise<void> {
	const stream = streamConfig(STREAM, { subjects: ["edge1.can.>"], max_bytes: 16 * 1024 ** 2 });
	expect(await api(`STREAM.CREATE.${STREAM}`, stream)).not.toHaveProperty("error");
	for (let sent = 0; sent < MESSAGES; sent += 500) {
		await Promise.all(Array.from({ length: 500 }, () => owner.jetstream().publish("edge1.can.x", "x")));
	}
	const { config } = sourcingConsumer("hub", DELIVER);
	const consumer = { stream_name: STREAM, config: { ...config, max_ack_pending: WINDOW } };
	expect(await api(`CONSUMER.CREATE.${STREAM}.hub`, consumer)).not.toHaveProperty("error");
}

test.each([
	{ edition: "leafline's server goes on to the last message", official: false },
	{ edition: "the official server stops for good after one window", official: true },
])(
	"an answer of before a consumer's reset: $edition",
	async ({ official }) => {
		const servers = makeServers();
		const program = official ? { program: await officialServer() } : {};
		const device = await startSolo(servers, planFleet(FLEET), "edge1", { limited: false, ...program });
		try {
			await fill(device);
			const hub = new Hub(device.owner);
			const before = hub.listen();
			await eventually(() => hub.owes, { what: "an answer is due", within: 60_000 });
			before.unsubscribe();
			await device.owner.flush();
			expect(await device.api(`CONSUMER.RESET.${STREAM}.hub`)).not.toHaveProperty("error");
			hub.begin();
			hub.answerLate();
			await device.owner.flush();
			hub.listen();
			// Both sides agree on the last delivery, heartbeat after heartbeat: nothing more is to come.
			await eventually(() => hub.idle >= 5 || hub.sequence === MESSAGES, { what: "the end", within: 60_000 });
			const { num_ack_pending } = await device.api(`CONSUMER.INFO.${STREAM}.hub`);
			expect(hub.sequence === MESSAGES).toBe(!official);
			if (official) expect(num_ack_pending).toBe(WINDOW);
		} finally {
			await device.close();
			await servers.close();
		}
	},
	180_000,
);

/** A device by hand, to which the hub's stream on three nodes is a source's. */
describe.each([
	{ edition: "leafline's server", official: false },
	{ edition: "the official server", official: true },
])("a hub of three nodes with $edition", ({ official }) => {
	const HUB_STREAM = "hub_can";
	let bench: Bench;
	let leaf: RawLeaf;
	let leader: Server;
	let followers: Server[];
	beforeAll(async () => {
		bench = await startBench({ nodes: 3, ...(official && { program: await officialServer() }) });
		const source = {
			name: STREAM,
			consumer: { name: "hub", deliver_subject: DELIVER },
			external: { api: "$JS.edge1.API", deliver: "" },
		};
		const stream = streamConfig(HUB_STREAM, { sources: [source], duplicate_window: 0, num_replicas: 3 });
		const made = (await bench.api("hub", `STREAM.CREATE.${HUB_STREAM}`, stream)) as { cluster: { leader: string } };
		leader = bench.hubs.find(({ name }) => name === made.cluster.leader) as Server;
		followers = bench.hubs.filter((server) => server !== leader);
		const ca = bench.ca;
		leaf = await openRawLeaf({
			port: leader.ports.leaf ?? 0,
			ca,
			credentials: bench.credentials("edge1"),
			name: "edge1",
		});
		for (const subject of [`$JS.edge1.API.CONSUMER.RESET.${STREAM}.hub`, "$JS.FC.edge1.>"]) leaf.subscribe(subject);
	}, 240_000);
	afterAll(async () => {
		leaf?.close();
		await bench?.close();
	});

	const resets = () => leaf.messages.filter(({ subject }) => subject.includes("CONSUMER.RESET"));
	const answers = () => leaf.messages.filter(({ subject }) => subject.startsWith("$JS.FC."));
	const listens = () => leaf.lines.filter((line) => line === `LS+ ${DELIVER}`);
	/** The consumer says that it begins anew, behind what it has acknowledged, and how far it has come since. */
	const confirm = (acknowledged: number, delivered = acknowledged) => {
		const at = (sequence: number) => ({ consumer_seq: sequence - acknowledged, stream_seq: sequence });
		const config = {
			name: "hub",
			durable_name: "hub",
			deliver_subject: DELIVER,
			ack_policy: "flow_control",
			deliver_policy: "all",
		};
		const info = { stream_name: STREAM, name: "hub", config, delivered: at(delivered), ack_floor: at(acknowledged) };
		const type = "io.nats.jetstream.api.v1.consumer_reset_response";
		leaf.publish(resets().at(-1)?.reply ?? "", JSON.stringify({ type, ...info, reset_seq: acknowledged + 1 }));
	};
	/** Messages from one sequence to another, the first deliveries since the consumer began. */
	const deliver = (first: number, last: number) => {
		for (let sequence = first; sequence <= last; sequence++) {
			leaf.publish(DELIVER, "x", `$JS.ACK.edge1.acc.${STREAM}.hub.1.${sequence}.${sequence - first + 1}.1.0`);
		}
	};
	const askFlowControl = (id: string) =>
		leaf.publish(DELIVER, "", `$JS.FC.edge1.acc.${STREAM}.hub.${id}`, flowControlRequest);
	const heartbeat = (delivered: number) =>
		leaf.publish(DELIVER, "", undefined, `NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: ${delivered}\r\n\r\n`);

	it(`${official ? "answers" : "does not answer"} after a reset what was asked before it`, async () => {
		await eventually(() => resets().length > 0, { what: "the hub looks for its consumer", within: 60_000 });
		confirm(0);
		await eventually(() => listens().length > 0, { what: "the hub listens", within: 60_000 });
		deliver(1, 5);
		askFlowControl("before");
		await eventually(() => answers().length === 1, { what: "an answer, as usual", within: 60_000 });
		expect(answers()[0]?.body).toMatch(/Nats-Last-Consumer: 5\r\nNats-Last-Stream: 5\r\n/);

		const [asked, listened] = [resets().length, listens().length];
		// What is answered goes through the log of the stream, which takes nothing while the others are not there.
		await Promise.all(followers.map((server) => halt(server.pid() ?? 0)));
		try {
			askFlowControl("late");
			// Something is missing, so that the hub has the consumer begin anew.
			heartbeat(9);
			await eventually(() => resets().length > asked, { what: "the hub resets its consumer" });
		} finally {
			for (const server of followers) process.kill(server.pid() ?? 0, "SIGCONT");
		}
		confirm(5);
		await eventually(() => listens().length > listened, {
			what: "the hub listens again",
		});
		await eventually(
			() => {
				askFlowControl("after");
				return answers().some(({ subject }) => subject.endsWith(".after"));
			},
			{ what: "an answer, as usual again", within: 60_000 },
		);
		expect(answers().some(({ subject }) => subject.endsWith(".late"))).toBe(official);
	}, 180_000);

	it(`${official ? "loses" : "has"} what its consumer delivered before it listened`, async () => {
		const messages = async () =>
			((await bench.api("hub", `STREAM.INFO.${HUB_STREAM}`)) as { state: { messages: number } }).state.messages;
		await eventually(async () => (await messages()) === 5, { what: "what was delivered before" });
		const [asked, listened] = [resets().length, listens().length];
		heartbeat(9);
		await eventually(() => resets().length > asked, { what: "the hub resets its consumer" });
		// Interest that is not yet gone: the consumer has delivered to nobody by the time that it answers.
		confirm(5, 8);
		await eventually(() => listens().length > listened, { what: "the hub listens again" });
		// And again, because the hub has missed them.
		heartbeat(3);
		await eventually(() => resets().length > asked + 1, { what: "the hub resets its consumer again" });
		confirm(5);
		await eventually(() => listens().length > listened + 1, { what: "the hub listens once more" });
		deliver(6, 9);
		await eventually(async () => (await messages()) >= 6, { what: "the last message at least" });
		askFlowControl("lost");
		await eventually(() => answers().some(({ subject }) => subject.endsWith(".lost")), { what: "an answer" });
		expect(answers().at(-1)?.body).toMatch(/Nats-Last-Stream: 9\r\n/);
		await eventually(async () => (await messages()) === (official ? 6 : 9), { what: "all that it takes" });
	}, 180_000);
});
