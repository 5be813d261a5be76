import { connect as dial } from "node:net";
import { generate, type IPublishPacket, parser as makeParser, type Packet } from "mqtt-packet";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { textsOf } from "../examples/stored";
import { eventually } from "../support/eventually";
import { halt } from "../support/halt";
import { planFleet } from "../support/rig";
import { makeServers, type Servers } from "../support/servers";
import { type BridgeProcess, mqttJs, startBridge } from "./bridge";
import { type Solo, startSolo } from "./solo";

const FLEET = `apiVersion: leafline/v1
fleet: bridged
hardware:
  board: { arch: amd64, buffer: 24MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 2s }
classes:
  can: { rate: 20/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 256B, priority: high, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 20/s, size: 1KiB, accepts: debug.>, whenFull: drop-oldest, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;

describe("the bridge of MQTT", () => {
	let servers: Servers;
	let device: Solo;
	let bridge: BridgeProcess;
	let nats: NatsConnection;
	beforeAll(async () => {
		servers = makeServers();
		const topology = planFleet(FLEET);
		device = await startSolo(servers, topology, "edge1", { limited: true });
		nats = device.owner;
		bridge = await startBridge(servers.path("bridge"), topology, "edge1", device.port, { "alarms/#": "alarm" });
	});
	beforeEach(() => device.makeStreams());
	afterAll(async () => {
		await bridge?.kill();
		await device?.close();
		await servers?.close();
	});

	/** What a stream holds besides the message that it was made with. */
	const stored = async (stream: string) => (await textsOf(nats, stream)).slice(1);

	it.for([4, 5] as const)(
		"stores what MQTT.js publishes by version %i, in order, and acknowledges it",
		async (protocolVersion) => {
			const client = await mqttJs(bridge, { protocolVersion });
			const texts = Array.from({ length: 500 }, (_, index) => `${protocolVersion}: ${index}`);
			await Promise.all(texts.map((text) => client.publishAsync("vehicle/speed", text, { qos: 1 })));
			await client.endAsync();
			expect(await stored("edge1_can")).toEqual(texts);
		},
	);

	/** As large as they may be, so that ten fill a class. */
	const big = (text: string) => `${text} `.padEnd(500_000, ".");

	it("acknowledges what is stored of 60 messages that do not fit, and says to a client of MQTT 5 which are not", async () => {
		const client = await mqttJs(bridge, { protocolVersion: 5 });
		const texts = Array.from({ length: 60 }, (_, index) => big(`five ${index}`));
		const publish = (text: string) => client.publishAsync("vehicle/speed", text, { qos: 1 });
		const outcomes = await Promise.allSettled(texts.map(publish));
		await client.endAsync();
		const acknowledged = texts.filter((_, index) => outcomes[index]?.status === "fulfilled");
		expect(acknowledged.length).toBeGreaterThan(2);
		expect(acknowledged.length).toBeLessThan(60);
		expect(await stored("edge1_can")).toEqual(acknowledged);
		const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
		expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 0x97));
		expect(bridge.said()).toContain("class can is full: not stored, say it again later");
	});

	it("keeps a client of MQTT 3.1.1 waiting until there is room, while its other classes go on", async () => {
		const js = nats.jetstream();
		const fill = async () => {
			await js.publish("edge1.can.x", big("fills it"));
			return false;
		};
		await eventually(() => fill().catch(() => true), { what: "the class is full" });
		const client = await mqttJs(bridge);
		const acknowledged: string[] = [];
		const texts = Array.from({ length: 5 }, (_, index) => big(`three ${index}`));
		const all = texts.map((text) =>
			client.publishAsync("vehicle/speed", text, { qos: 1 }).then(() => acknowledged.push(text)),
		);
		await client.publishAsync("alarms/brakes", "hot", { qos: 1 });
		expect(await stored("edge1_alarm")).toEqual(["hot"]);
		expect(acknowledged).toEqual([]);

		await (await nats.jetstreamManager()).streams.purge("edge1_can", { keep: 1 });
		await Promise.all(all);
		expect(acknowledged).toEqual(texts);
		expect(await stored("edge1_can")).toEqual(texts);
		await client.endAsync();
	});

	it("has stored everything that it acknowledged, when it and the server are killed meanwhile", async () => {
		const client = await mqttJs(bridge, { clientId: "killed", clean: false });
		const acknowledged: string[] = [];
		let running = true;
		const publishing = (async () => {
			for (let index = 0; running; index++) {
				await client.publishAsync("vehicle/speed", `kill ${index}`, { qos: 1 });
				acknowledged.push(`kill ${index}`);
			}
		})();
		const more = async () => {
			const enough = acknowledged.length + 200;
			await eventually(() => acknowledged.length >= enough, { what: "it goes on", within: 60_000 });
		};
		await more();
		for (const _ of [1, 2]) {
			await bridge.kill();
			await bridge.start();
			await more();
			await device.server.kill();
			await device.server.start();
			await more();
		}
		running = false;
		await publishing;
		await client.endAsync();
		const found = (await stored("edge1_can")).filter((text) => text.startsWith("kill"));
		expect([...new Set(found)]).toEqual(acknowledged);
		// At least once: an acknowledgement that was under way when the bridge died, at most one for each time.
		expect(found.length - acknowledged.length).toBeLessThanOrEqual(2);
	});

	describe("hears a message again on the next connection (DUP)", () => {
		it("and stores it once, where it was not acknowledged", async () => {
			const first = await rawClient(bridge.port, "again");
			const pid = device.server.pid() ?? 0;
			await halt(pid);
			try {
				first.publish("same", 7);
				// The bridge has it, and so has the server's system: a later connection finds it said.
				await first.pong();
				first.close();
				const second = await rawClient(bridge.port, "again");
				second.publish("same", 7, { dup: true });
				await second.pong();
				process.kill(device.server.pid() ?? 0, "SIGCONT");
				expect(await second.answer()).toMatchObject({ cmd: "puback", messageId: 7 });
				second.close();
			} finally {
				process.kill(device.server.pid() ?? 0, "SIGCONT");
			}
			expect(await stored("edge1_can")).toEqual(["same"]);
		});

		// Its identifier was free for another one, which may say the same.
		it("and stores it again, where it was", async () => {
			const first = await rawClient(bridge.port, "again");
			first.publish("same", 7);
			expect(await first.answer()).toMatchObject({ cmd: "puback", messageId: 7 });
			first.close();
			const second = await rawClient(bridge.port, "again");
			second.publish("same", 7, { dup: true });
			expect(await second.answer()).toMatchObject({ cmd: "puback", messageId: 7 });
			second.close();
			expect(await stored("edge1_can")).toEqual(["same", "same"]);
		});

		it("and stores it once in either case, where the client names an id", async () => {
			const client = await mqttJs(bridge, { protocolVersion: 5 });
			const properties = { userProperties: { "Nats-Msg-Id": "trip-1" } };
			for (const _ of [1, 2]) await client.publishAsync("vehicle/speed", "own", { qos: 1, properties });
			await client.endAsync();
			expect(await stored("edge1_can")).toEqual(["own"]);
		});
	});

	it.for([
		["no class's", "engine/oil", "belongs to no class: name one for it in the fleet file, at mqtt.topics of its group"],
		[
			"with a dot",
			"vehicle/v1.2",
			"has a dot in a level: write / or _ in place of the dot, which parts the words of a subject",
		],
		["with a space", "vehicle/front left", "has a space, or what is not plain ASCII: use plain ASCII without spaces"],
		[
			"with an empty level",
			"/vehicle/speed",
			"has an empty level: write one slash between two words, none before them or behind",
		],
		["with NATS's wildcard", "vehicle/>", "has > in a level: leave out >"],
		["of the server itself", "$SYS/broker", "begins with $, as what belongs to MQTT or NATS itself: start with a word"],
	] as const)("refuses a topic that is %s, in one line", async ([, topic, why]) => {
		const five = await mqttJs(bridge, { protocolVersion: 5 });
		await expect(five.publishAsync(topic, "x", { qos: 1 })).rejects.toMatchObject({ code: 0x90 });
		await five.endAsync();
		expect(bridge.said()).toContain(`topic ${JSON.stringify(topic)} ${why}`);

		// Before MQTT 5 there is no other way to say no than to go.
		const three = await rawClient(bridge.port, "three");
		three.publish("x", 1, { topic });
		expect(await three.answer()).toBeUndefined();
		expect((await stored("edge1_can")).length + (await stored("edge1_alarm")).length).toBe(0);
	});

	it("refuses QoS 2 and subscriptions, and says so", async () => {
		const three = await rawClient(bridge.port, "two");
		three.publish("x", 1, { qos: 2 });
		expect(await three.answer()).toBeUndefined();
		expect(bridge.said()).toContain("client two is disconnected: QoS 2 is not spoken here: publish with QoS 1");
		const client = await mqttJs(bridge, { clientId: "hears" });
		await expect(client.subscribeAsync("vehicle/#")).rejects.toThrow();
		await client.endAsync();
		expect(bridge.said()).toContain("client hears subscribes, and this bridge takes messages only");
	});

	it("publishes the will of a client that is gone, and not of one that has said goodbye", async () => {
		const will = (text: string) => ({ will: { topic: "alarms/gone", payload: Buffer.from(text), qos: 1 as const } });
		const polite = await mqttJs(bridge, will("polite"));
		await polite.endAsync();
		const gone = await mqttJs(bridge, { ...will("gone"), reconnectPeriod: 0 });
		gone.stream.destroy();
		await eventually(async () => (await stored("edge1_alarm")).length > 0, { what: "the will" });
		expect(await stored("edge1_alarm")).toEqual(["gone"]);
	});

	it("knows a session that is to last after it was killed, and none that is not", async () => {
		const present = async (clientId: string, clean: boolean) => {
			const raw = await rawClient(bridge.port, clientId, clean);
			raw.close();
			return raw.sessionPresent;
		};
		expect([await present("lasting", false), await present("passing", true)]).toEqual([false, false]);
		await bridge.kill();
		await bridge.start();
		expect([await present("lasting", false), await present("passing", false)]).toEqual([true, false]);
		expect([await present("lasting", true), await present("lasting", false)]).toEqual([false, false]);
	});

	it("ends a connection that is no client's, whatever it says", async () => {
		const rubbish = [
			[0x10, 0x00],
			[0x30, 0x05, 0, 3, 97, 98, 99],
			[0xff, 0xff, 0xff, 0xff, 0xff],
			[0x10, 0xff, 0xff, 0xff, 0x7f],
		];
		for (const bytes of rubbish) {
			const socket = dial(bridge.port, "127.0.0.1");
			socket.on("error", () => {});
			const ended = new Promise((done) => socket.once("close", done));
			socket.write(Uint8Array.from(bytes));
			socket.resume();
			await ended;
		}
		const client = await mqttJs(bridge);
		await client.publishAsync("vehicle/speed", "still here", { qos: 1 });
		await client.endAsync();
		expect(await stored("edge1_can")).toEqual(["still here"]);
	});
});

/** A client of MQTT 3.1.1 that does what it is told, right or wrong. */
async function rawClient(port: number, clientId: string, clean = false) {
	const socket = dial(port, "127.0.0.1");
	const parser = makeParser();
	const packets: Packet[] = [];
	let closed = false;
	parser.on("packet", (packet) => packets.push(packet));
	socket.on("data", (data) => parser.parse(data));
	socket.on("error", () => {});
	socket.on("close", () => {
		closed = true;
	});
	const send = (packet: Packet) => socket.write(generate(packet));
	send({ cmd: "connect", clientId, clean, keepalive: 60, protocolId: "MQTT", protocolVersion: 4 });
	const answer = async () => {
		await eventually(() => packets.length > 0 || closed, { what: "an answer" });
		return packets.shift();
	};
	const connack = await answer();
	return {
		sessionPresent: connack?.cmd === "connack" && connack.sessionPresent,
		publish: (payload: string, messageId: number, more: Partial<IPublishPacket> = {}) =>
			send({ cmd: "publish", topic: "vehicle/speed", payload, qos: 1, messageId, dup: false, retain: false, ...more }),
		/** Of the bridge; `undefined` once it has closed the connection. */
		answer,
		/** The bridge has taken everything that was said. */
		async pong() {
			send({ cmd: "pingreq" });
			expect(await answer()).toMatchObject({ cmd: "pingresp" });
		},
		close: () => socket.destroy(),
	};
}
