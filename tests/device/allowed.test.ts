import { AckPolicy, connect, type JetStreamManager, type NatsConnection, nanos } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planFleet } from "../support/rig";
import { makeServers, type Servers } from "../support/servers";
import { FLEET, type Program, type Solo, startSolo } from "./solo";

const MIB = 1024 ** 2;

/** No credentials, nothing changes. */
describe("a program on a device goes on", () => {
	let servers: Servers;
	let device: Solo;
	let program: Program;
	let nc: NatsConnection;
	let manager: JetStreamManager;
	beforeAll(async () => {
		servers = makeServers();
		device = await startSolo(servers, planFleet(FLEET), "edge1", { limited: true });
		await device.makeStreams();
		program = await device.program();
		nc = program.nc;
		manager = await nc.jetstreamManager();
	});
	afterAll(async () => {
		await device?.close();
		await servers?.close();
	});
	/** Nothing of it was refused, not even something that has no answer. */
	const nothingRefused = async () => expect(await program.refusals()).toEqual([]);
	const last = async () => (await manager.streams.info("edge1_can")).state.last_seq;

	it("publishing what a class accepts and under the device's own name, with and without acknowledgement", async () => {
		const before = await last();
		nc.publish("vehicle.speed", "88");
		expect(await nc.jetstream().publish("vehicle.speed", "89", { msgID: "a" })).toMatchObject({ stream: "edge1_can" });
		expect(await nc.jetstream().publish("vehicle.speed", "89", { msgID: "a" })).toMatchObject({ duplicate: true });
		await nc.jetstream().publish("edge1.can.door.front", "open", { expect: { streamName: "edge1_can" } });
		expect(await last()).toBe(before + 3);
		await nothingRefused();
	});

	it("asking and answering on subjects of its own, alone and in a queue", async () => {
		for (const queue of [undefined, "workers"]) {
			const service = nc.subscribe("brakes.check", {
				...(queue && { queue }),
				callback: (_, message) => message.respond("fine"),
			});
			const other = await connect({ servers: `127.0.0.1:${device.port}` });
			expect((await other.request("brakes.check", "")).string()).toBe("fine");
			service.unsubscribe();
			await other.close();
		}
		await expect(nc.request("nobody.there", "", { timeout: 2_000 })).rejects.toThrow("503");
		await nothingRefused();
	});

	it("being found as a service of NATS", async () => {
		const service = await nc.services.add({ name: "brakes", version: "1.0.0" });
		service.addEndpoint("check", { handler: (_, message) => void message?.respond("fine") });
		const found: string[] = [];
		for await (const { name } of await nc.services.client().info("brakes")) found.push(name);
		expect(found).toEqual(["brakes"]);
		await service.stop();
		await nothingRefused();
	});

	it("hearing everything that others say, by one wildcard", async () => {
		const heard: string[] = [];
		const sub = nc.subscribe(">", { callback: (_, { subject }) => void heard.push(subject) });
		await nc.flush();
		device.owner.publish("vehicle.speed", "");
		device.owner.publish("anything.else", "");
		await device.owner.flush();
		await nothingRefused();
		expect(heard).toEqual(expect.arrayContaining(["vehicle.speed", "anything.else"]));
		sub.unsubscribe();
	});

	it("using key-value buckets: put, get, create, watch, keys, delete, purge, destroy", async () => {
		const kv = await nc.jetstream().views.kv("settings", { max_bytes: MIB, history: 5 });
		await kv.put("volume", "11");
		await kv.create("lamp", "on");
		expect((await kv.get("volume"))?.string()).toBe("11");
		const seen: string[] = [];
		const watch = await kv.watch();
		for await (const { key } of watch) if (seen.push(key) === 2) break;
		expect(seen).toEqual(["volume", "lamp"]);
		await kv.delete("volume");
		await kv.purge("lamp");
		expect((await kv.get("lamp"))?.operation).toBe("PURGE");
		await kv.destroy();
		await nothingRefused();
	});

	it("using object stores: put, get, delete, list, destroy", async () => {
		const store = await nc.jetstream().views.os("files", { max_bytes: 4 * MIB });
		const data = new Uint8Array(700_000).fill(7);
		await store.putBlob({ name: "map" }, data);
		expect(await store.getBlob("map")).toEqual(data);
		expect(await store.list()).toHaveLength(1);
		await store.delete("map");
		await store.destroy();
		await nothingRefused();
	});

	it("having streams of its own, with everything that can be done to them", async () => {
		const { streams } = manager;
		await streams.add({ name: "own", subjects: ["own.>"], max_bytes: MIB });
		for (let i = 0; i < 5; i++) await nc.jetstream().publish("own.a", `${i}`);
		await streams.update("own", { max_msgs: 100 });
		await streams.deleteMessage("own", 1);
		expect((await streams.getMessage("own", { seq: 2 })).string()).toBe("1");
		await streams.purge("own", { keep: 2 });
		expect((await streams.info("own")).state.messages).toBe(2);
		const backup = await nc.request(
			"$JS.API.STREAM.SNAPSHOT.own",
			JSON.stringify({ deliver_subject: nc.info?.client_ip }),
		);
		expect(backup.json<object>()).not.toHaveProperty("error");
		await streams.delete("own");
		await nothingRefused();
	});

	it("having consumers on streams of its own: durable, ordered, pushed with flow control", async () => {
		await manager.streams.add({ name: "own", subjects: ["own.>"], max_bytes: 8 * MIB });
		for (let i = 0; i < 1_000; i++) nc.publish("own.a", new Uint8Array(1_024));
		await nc.flush();
		await manager.consumers.add("own", { durable_name: "mine", ack_policy: AckPolicy.Explicit });
		await manager.consumers.pause("own", "mine", new Date(Date.now() + 60_000));
		await manager.consumers.resume("own", "mine");
		const mine = await nc.jetstream().consumers.get("own", "mine");
		const message = await mine.next();
		expect(await message?.ackAck()).toBe(true);
		expect(await count(await (await nc.jetstream().consumers.get("own")).consume(), 1_000)).toBe(1_000);

		// A window of flow control is smaller than what there is: who may not answer it gets no further.
		const inbox = "push.to.me";
		let got = 0;
		const arrived = new Promise<void>((done) => {
			nc.subscribe(inbox, {
				callback: (_, pushed) => {
					if (pushed.headers?.code === 100) pushed.respond();
					else if (++got === 1_000) done();
				},
			});
		});
		await manager.consumers.add("own", {
			durable_name: "pushed",
			deliver_subject: inbox,
			ack_policy: AckPolicy.None,
			flow_control: true,
			idle_heartbeat: nanos(1_000),
		});
		await arrived;
		await manager.consumers.delete("own", "pushed");
		await manager.streams.delete("own");
		await nothingRefused();
	});

	it("reading what the device stores for the hub, by consumers of its own", async () => {
		const all = await last();
		await manager.consumers.add("edge1_can", { durable_name: "local", ack_policy: AckPolicy.Explicit });
		expect(await count(await (await nc.jetstream().consumers.get("edge1_can", "local")).consume(), all)).toBe(all);
		expect(await count(await (await nc.jetstream().consumers.get("edge1_can")).consume(), all)).toBe(all);
		await manager.consumers.delete("edge1_can", "local");
		expect((await manager.streams.getMessage("edge1_can", { seq: 1 })).string()).toBe("first");
		expect((await nc.request("$JS.API.DIRECT.GET.edge1_can", '{"seq":1}')).string()).toBe("first");
		expect((await manager.consumers.info("edge1_can", "hub")).config.durable_name).toBe("hub");
		expect(await nc.jetstream().consumers.get("edge1_commands")).toBeDefined();
		await nothingRefused();
	});

	it("copying it into a stream of its own, and learning of its own account", async () => {
		await manager.streams.add({ name: "copy", sources: [{ name: "edge1_can" }], max_bytes: MIB });
		await expect
			.poll(async () => (await manager.streams.info("copy")).state.messages, { timeout: 20_000 })
			.toBe(await last());
		await manager.streams.delete("copy");
		expect((await manager.getAccountInfo()).domain).toBe("edge1");
		const names: string[] = [];
		for await (const { config } of manager.streams.list()) names.push(config.name);
		expect(names.sort()).toEqual(["edge1_can", "edge1_commands"]);
		await nothingRefused();
	});

	it("naming the device's domain, as programs do that know it", async () => {
		const { streams } = await nc.jetstreamManager({ domain: "edge1" });
		await streams.add({ name: "own", subjects: ["own.>"], max_bytes: MIB });
		expect(await nc.jetstream({ domain: "edge1" }).publish("own.a", "1")).toMatchObject({ domain: "edge1", seq: 1 });
		await streams.purge("own");
		await streams.delete("own");
		const consumer = await nc.jetstream({ domain: "edge1" }).consumers.get("edge1_can");
		expect((await consumer.next())?.string()).toBe("first");
		await nothingRefused();
	});
});

async function count(messages: AsyncIterable<{ ack(): void }>, until: number): Promise<number> {
	let seen = 0;
	for await (const message of messages) {
		message.ack();
		if (++seen === until) break;
	}
	return seen;
}
