import { mkdirSync, writeFileSync } from "node:fs";
import { connect, nkeyAuthenticator } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSeed, publicKey } from "../../components/identity/nkey";
import { leafConfigs } from "../../components/leaves/create";
import { renderLeafConf } from "../../render/leaf";
import { plan } from "../../topology/plan";
import { freePorts } from "../support/ports";
import { makeServers, type Server, type Servers } from "../support/servers";
import { makeFleet, makeSettings } from "../topology/fixtures";

const GIB = 1024 ** 3;
const SEED = createSeed("U");

function topologyWith(bufferBytes: number, local = true) {
	const settings = makeSettings();
	const fleet = makeFleet({ devices: ["edge1"], bufferBytes });
	const { topology } = plan(fleet, { ...settings, leaves: { ...settings.leaves, local } });
	if (!topology) throw new Error("no topology");
	return topology;
}

describe("max_file of a device", () => {
	let servers: Servers;
	let device: Server;
	beforeAll(async () => {
		servers = makeServers();
		const [port = 0, hub = 0] = await freePorts(2);
		mkdirSync(servers.path("edge1"));
		const files = { credentials: servers.write("creds", ""), ca: servers.write("ca", "") };
		const storeDir = servers.path("edge1/jetstream");
		const deviceProgram = publicKey(SEED);
		const options = { urls: [`tls://127.0.0.1:${hub}`], clientPort: port, storeDir, deviceProgram, ...files };
		const conf = renderLeafConf(topologyWith(2 * GIB), "edge1", options);
		writeFileSync(servers.path("edge1/nats.conf"), conf);
		device = servers.add("edge1", { port }, conf.replace(/ {4}\{\n {6}urls[\s\S]*\n {4}\}\n/, ""));
		await device.start();
	});
	afterAll(() => servers?.close());

	const maxFile = (bufferBytes: number, local?: boolean) => {
		const texts = leafConfigs(
			topologyWith(bufferBytes, local),
			["tls://127.0.0.1:7422"],
			{ edge1: { user: "UEDGE1", program: "UA" } },
			servers.folder,
		);
		return Number(/max_file: (\d+)\n/.exec(texts.edge1 ?? "")?.[1]);
	};

	it("is the buffer, on this machine as elsewhere", () => {
		expect(maxFile(2 * GIB)).toBe(2 * GIB);
		expect(maxFile(2 * GIB, false)).toBe(2 * GIB);
	});

	it("of a local one whose buffer is lowered waits for its streams, or it would take no change of them", async () => {
		const authenticator = nkeyAuthenticator(Buffer.from(SEED));
		const nc = await connect({ servers: `127.0.0.1:${device.ports.port}`, authenticator });
		const manager = await nc.jetstreamManager();
		await manager.streams.add({ name: "edge1_can", subjects: ["a"], max_bytes: 1.5 * GIB });
		await manager.streams.add({ name: "KV_own", subjects: ["b"], max_bytes: GIB / 4 });
		expect(maxFile(GIB)).toBe(2 * GIB);
		expect(maxFile(3 * GIB)).toBe(3 * GIB);
		await manager.streams.update("edge1_can", { max_bytes: GIB / 2 });
		expect(maxFile(GIB)).toBe(GIB);
		await nc.close();
	});

	it("does not fall over a description that cannot be read", () => {
		mkdirSync(servers.path("edge1/jetstream/jetstream/X/streams/broken"), { recursive: true });
		writeFileSync(servers.path("edge1/jetstream/jetstream/X/streams/broken/meta.inf"), "{");
		expect(maxFile(GIB)).toBe(GIB);
	});
});
