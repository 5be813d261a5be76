import { readFileSync } from "node:fs";
import { connect, type NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leafTree } from "../../render/leaf";
import { type ConfMap, renderNatsConfig } from "../../render/nats-config";
import { expandEdge } from "../../topology/edge";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { planFleet } from "../support/rig";
import { makeServers, type Server, type Servers } from "../support/servers";

const FLEET = `apiVersion: leafline/v1
fleet: kept
hardware:
  board: { arch: amd64, buffer: 16MiB }
link: { up: 4Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;
const MIB = 1024 ** 2;

/** A device that was set up before its streams had an account with a limit: everything lies in the default account. */
describe("a device that gets a configuration with an account of its own", () => {
	let servers: Servers;
	let device: Server;
	let nc: NatsConnection;
	let before: string;
	let after: string;

	beforeEach(async () => {
		servers = makeServers();
		const topology = planFleet(FLEET);
		const [client = 0, hub = 0] = await freePorts(2);
		const files = { credentials: servers.write("edge1.creds", ""), ca: servers.write("ca.pem", "") };
		const storeDir = servers.path("store");
		const options = {
			urls: [`tls://127.0.0.1:${hub}`],
			clientPort: client,
			storeDir,
			pidFile: servers.path("pid"),
			...files,
		};
		const { accounts, no_auth_user, leafnodes, ...rest } = leafTree(topology, "edge1", options);
		expect([accounts, no_auth_user, leafnodes]).not.toContain(undefined);
		before = renderNatsConfig(rest);
		after = renderNatsConfig({ ...rest, accounts, no_auth_user } as ConfMap);
		device = servers.add("edge1", { client }, before);
		await start();
		const group = topology.edgeGroups.all;
		const [can] = group ? expandEdge(group, "edge1") : [];
		const manager = await nc.jetstreamManager();
		await manager.streams.add(can?.stream as never);
		for (let i = 0; i < 100; i++) await nc.jetstream().publish("vehicle.sensor", `${i}`);
		const bucket = await nc.jetstream().views.kv("bounded", { max_bytes: MIB });
		await bucket.put("a", "1");
	});
	afterEach(async () => {
		await nc?.close();
		await servers.close();
	});

	async function start(): Promise<void> {
		await device.start();
		nc = await connect({ servers: `127.0.0.1:${device.ports.client}` });
	}
	async function restart(configuration: string): Promise<void> {
		await nc.close();
		await device.kill("SIGTERM");
		device.configure(configuration);
		await start();
	}
	const stored = async () => (await (await nc.jetstreamManager()).streams.info("edge1_can")).state;
	const value = async (bucket: string) =>
		(await (await nc.jetstream().views.kv(bucket, { bindOnly: true })).get("a"))?.string();

	it("still has everything, and has it again with the configuration before", async () => {
		for (const configuration of [after, before, after]) {
			await restart(configuration);
			expect(await stored()).toMatchObject({ messages: 100, last_seq: 100 });
			expect(await value("bounded")).toBe("1");
		}
		expect((await nc.jetstream().publish("vehicle.sensor", "on")).seq).toBe(101);
	});

	it("refuses to reload it, for then two accounts would write to the same files", async () => {
		device.configure(after);
		process.kill(Number(readFileSync(servers.path("pid"), "utf8")), "SIGHUP");
		const refused = /Failed to reload server configuration: config reload not supported for NoAuthUser/;
		await eventually(() => refused.test(device.log()), { what: "the server refuses to reload" });
		expect((await nc.jetstream().publish("vehicle.sensor", "on")).seq).toBe(101);
		await restart(after);
		expect(await stored()).toMatchObject({ messages: 101, last_seq: 101 });
	});

	it("does not show a bucket without a limit, and has all of it once the program states one", async () => {
		const open = await nc.jetstream().views.kv("open");
		await open.put("a", "kept");
		await restart(after);
		const manager = await nc.jetstreamManager();
		await expect(manager.streams.info("KV_open")).rejects.toThrow(/stream not found/);
		expect(device.log()).toMatch(
			/Error recreating stream "KV_open": account requires a stream config to have max bytes set/,
		);
		await nc.jetstream().views.kv("open", { max_bytes: MIB });
		expect(await value("open")).toBe("kept");
		expect(await stored()).toMatchObject({ messages: 100 });
	});
});
