import { connect, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Edges } from "../../cli/fleet/edges";
import { besideNotes } from "../../cli/fleet/notes/programs";
import { buildOutputs } from "../../contract/build";
import type { LeaflineOutput } from "../../contract/outputs";
import { leafTree } from "../../render/leaf";
import { type ConfMap, renderNatsConfig } from "../../render/nats-config";
import { expandEdge } from "../../topology/edge";
import { freePorts } from "../support/ports";
import { planFleet } from "../support/rig";
import { makeServers, type Servers } from "../support/servers";

const FLEET = `apiVersion: leafline/v1
fleet: programs
hardware:
  board: { arch: amd64, buffer: 16MiB }
link: { up: 4Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;

/** Programs on one device, whose server runs alone, as before its streams had to state their limits. */
describe("what programs do beside the classes", () => {
	let servers: Servers;
	let nc: NatsConnection;
	let outputs: LeaflineOutput;

	beforeAll(async () => {
		servers = makeServers();
		const [clientPort = 0, hub = 0] = await freePorts(2);
		const topology = planFleet(FLEET, { leaves: { clientPort } });
		outputs = buildOutputs(topology, { ca: "", urls: [], versionFloor: "2.15.0", pending: {} });
		const files = { credentials: servers.path("none"), ca: servers.path("none") };
		const options = { urls: [`tls://127.0.0.1:${hub}`], storeDir: servers.path("store"), ...files };
		const { accounts, no_auth_user, leafnodes, ...rest } = leafTree(topology, "edge1", options);
		await servers.add("edge1", { clientPort }, renderNatsConfig(rest as ConfMap)).start();
		nc = await connect({ servers: `127.0.0.1:${clientPort}` });
		const [can] = topology.edgeGroups.all ? expandEdge(topology.edgeGroups.all, "edge1") : [];
		await (await nc.jetstreamManager()).streams.add(can?.stream as never);
	});
	afterAll(async () => {
		await nc?.close();
		await servers?.close();
	});

	async function told(): Promise<string[]> {
		const edges = new Edges(outputs, undefined);
		const { edge1 } = (await edges.ask(undefined, { health: true })).devices;
		await edges.close();
		return besideNotes(outputs, "edge1", edge1).map(({ text }) => text);
	}
	/** As in docs/fleet.md: who answers, and who asks. */
	async function answer(subject: string): Promise<string> {
		const responder = nc.subscribe(subject, { callback: (_, message) => message.respond("the answer") });
		const reply = await nc.request(subject, "question");
		responder.unsubscribe();
		return reply.string();
	}

	it("is nothing to tell of where there is nothing", async () => {
		expect(await told()).toEqual([]);
	});

	it("names a bucket without a limit, and not the classes' streams or bounded ones", async () => {
		await nc.jetstream().views.kv("open");
		await nc.jetstream().views.kv("bounded", { max_bytes: 1024 });
		expect(await told()).toEqual([
			"KV_open has no max_bytes and may take the room of the classes; nats stream edit KV_open --max-bytes sets one",
		]);
		await (await nc.jetstreamManager()).streams.delete("KV_open");
	});

	it("a request under what a class accepts gets the acknowledgement, one outside of it the answer", async () => {
		for (let i = 0; i < 6; i++)
			expect(JSON.parse(await answer("vehicle.brakes"))).toMatchObject({ stream: "edge1_can" });
		for (let i = 0; i < 6; i++) expect(await answer("ask.brakes")).toBe("the answer");
		// Nobody there: the asker takes the acknowledgement for an answer all the same.
		expect((await nc.request("vehicle.nobody")).json()).toMatchObject({ stream: "edge1_can" });
		await expect(nc.request("ask.nobody")).rejects.toThrow("503");
	});

	it("names each service that answers under what a class stores, once, and no other", async () => {
		const services = await Promise.all([1, 2].map(() => nc.services.add({ name: "brakes", version: "1.0.0" })));
		for (const service of services) {
			service.addEndpoint("check", { subject: "vehicle.brakes.check" });
			service.addEndpoint("other", { subject: "ask.brakes" });
			service.addEndpoint("own", { subject: "edge1.can.*" });
		}
		await nc.flush();
		const tail =
			"whoever asks gets the stream's acknowledgement for an answer; ask on subjects outside of it, or accept a narrower one";
		expect(await told()).toEqual([
			`service brakes answers on edge1.can.*, but can stores edge1.can.>: ${tail}`,
			`service brakes answers on vehicle.brakes.check, but can stores vehicle.>: ${tail}`,
		]);
		await Promise.all(services.map((service) => service.stop()));
		expect(await told()).toEqual([]);
	});
});
