import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { DaemonDocument } from "../../components/daemon/document";
import { LocalHub } from "../../components/hub/local";
import { LocalLeaves } from "../../components/leaves/local";
import type { KeepSpec } from "../../device/spec";
import type { EdgeGroup, Topology } from "../../topology/model";
import { temporaryFolder } from "./scripts";
import { localTopology } from "./topology";

interface Seen {
	readonly type: string;
	readonly name: string;
	readonly inputs: Record<string, unknown>;
}

/** How the engine is told that a value is secret. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

const EDGE_CLASS = {
	direction: "uplink",
	accepts: [],
	maxBytes: 1024 ** 2,
	maxAgeMs: 0,
	window: 100,
	sourcing: "durable",
} as const;

let root: string;
const seen: Seen[] = [];

beforeAll(async () => {
	root = temporaryFolder("components");
	await pulumi.runtime.setMocks({
		newResource: ({ type, name, inputs }) => {
			seen.push({ type, name, inputs });
			return { id: name, state: { ...inputs, stdout: "" } };
		},
		call: ({ inputs }) => inputs,
	});
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
beforeEach(async () => {
	await pulumi.runtime.disconnect();
	seen.length = 0;
});

it("makes the hub one command whose secrets travel on stdin only", async () => {
	const hub = makeHub(localTopology(["edge1"]));
	expect(await resolved(hub.urls)).toEqual(["tls://127.0.0.1:7422"]);
	expect(await resolved(hub.monitorUrls)).toEqual(["http://127.0.0.1:8222"]);
	expect(await resolved(hub.ready)).toBe(true);
	const inputs = command("hub");
	expect(inputs.create).toBe("node components/daemon/daemon.js start");
	expect(inputs.update).toBe(inputs.create);
	expect(inputs).toMatchObject({ addPreviousOutputInEnv: false, logging: "none" });
	const { stdin, ...open } = inputs;
	expect(JSON.stringify(open)).not.toContain("-secret");
	expect((stdin as Record<string, unknown>)[SECRET_MARK]).toBeDefined();
	expect(documentOf(stdin)).toEqual({
		dir: path.join(root, "hub"),
		name: "hub",
		program: "nats-server",
		args: ["-c", "nats.conf"],
		version: "2.15.2",
		ports: [7422, 4222, 8222],
		ready: { http: "http://127.0.0.1:8222/healthz?js-server-only=true" },
		files: {
			"nats.conf": { content: "hub-conf" },
			"tls.crt": { content: "cert" },
			"tls.key": { content: "key-secret" },
		},
	});
});

it("makes three nodes of a hub, each with its ports, and the same certificates for their routes", async () => {
	const topology = localTopology([], { hub: { nodes: 3 } });
	const hub = makeHub(topology);
	expect(await resolved(hub.urls)).toEqual(["tls://127.0.0.1:7422", "tls://127.0.0.1:7423", "tls://127.0.0.1:7424"]);
	await resolved(hub.ready);
	const monitors = [8222, 8223, 8224].map((port) => `http://127.0.0.1:${port}`);
	for (const [node, name] of ["hub_1", "hub_2", "hub_3"].entries()) {
		const { files, ...rest } = documentOf(command(name).stdin);
		expect(rest).toMatchObject({
			dir: path.join(root, name),
			ports: [7422 + node, 4222 + node, 8222 + node, 6222 + node],
			ready: { monitor: monitors[node], others: monitors.filter((_, other) => other !== node) },
			leave: { signal: "SIGUSR2" },
		});
		expect(Object.keys(files).sort()).toEqual(
			["nats.conf", "route-ca.pem", "route.crt", "route.key", "tls.crt", "tls.key"].sort(),
		);
	}
	const routes = seen.find(({ name }) => name === "routes");
	expect(routes?.inputs).toMatchObject({ hosts: ["127.0.0.1"], use: "peer" });
});

it("gives each device's link a way to every node", async () => {
	const leaves = makeLeaves(localTopology(["edge1"], { hub: { nodes: 3 }, leaves: { limit: 4 } }));
	await resolved(leaves.urls);
	await pulumi.runtime.disconnect();
	const { files, ports } = documentOf(command("links").stdin);
	expect(ports).toEqual([17422, 17426, 17430]);
	const target = (port: number) => ({ host: "127.0.0.1", port });
	expect(JSON.parse(files["spec.json"]?.content ?? "")).toEqual({
		links: {
			edge1: {
				listen: 17422,
				target: target(7422),
				others: [
					{ listen: 17426, target: target(7423) },
					{ listen: 17430, target: target(7424) },
				],
			},
		},
	});
	expect(documentOf(command("edge1").stdin).files["nats.conf"]?.content).toBe(
		"edge1 tls://127.0.0.1:17422 tls://127.0.0.1:17426 tls://127.0.0.1:17430 14222",
	);
});

it("removes the hub's folder on delete only when data may be lost", async () => {
	await resolved(makeHub(localTopology([])).ready);
	expect(command("hub").delete).toBe(`node components/daemon/daemon.js stop ${path.join(root, "hub")} --remove`);
	seen.length = 0;
	await resolved(makeHub(localTopology([], { allowDataLoss: false })).ready);
	expect(command("hub").delete).toBe(`node components/daemon/daemon.js stop ${path.join(root, "hub")}`);
});

it("changes its inputs when the daemon died, and only then", async () => {
	const dir = path.join(root, "hub");
	fs.mkdirSync(dir);
	const stat = fs.readFileSync("/proc/self/stat", "utf8");
	const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
	const facts = JSON.stringify({ name: "hub", generation: 7, hash: "", ports: [], files: [] });
	fs.writeFileSync(path.join(dir, "daemon.record"), `${process.pid}\n${started}\n${facts}\n`);
	await resolved(makeHub(localTopology([])).ready);
	expect(command("hub").environment).toEqual({ GENERATION: "7" });
	seen.length = 0;
	fs.writeFileSync(path.join(dir, "daemon.record"), `${process.pid}\n${Number(started) - 1}\n${facts}\n`);
	await resolved(makeHub(localTopology([])).ready);
	expect(command("hub").environment).toEqual({ GENERATION: "8" });
});

it("makes a command for the links and one for each device, named after it, below the component", async () => {
	const leaves = makeLeaves(localTopology(["edge1", "edge2", "edge3"], { retired: { edge2: "lost" } }));
	// Ports of the others stay where they were.
	expect(await resolved(leaves.urls)).toEqual({ edge1: "nats://127.0.0.1:14222", edge3: "nats://127.0.0.1:14224" });
	await pulumi.runtime.disconnect();
	const commands = seen.filter(({ type }) => type === "command:local:Command").map(({ name }) => name);
	expect(commands).toEqual(expect.arrayContaining(["links", "edge1", "edge3"]));
	expect(commands).not.toContain("edge2");
	expect(documentOf(command("edge3").stdin)).toEqual({
		dir: path.join(root, "edge3"),
		name: "edge3",
		program: "nats-server",
		args: ["-c", "nats.conf"],
		version: "2.15.2",
		ports: [14224],
		before: { script: "../device/leafline-device.js", args: ["gate"] },
		after: { script: "../device/leafline-device.js", args: ["seal"] },
		ready: { tcp: 14224 },
		files: {
			"device.json": {
				content: JSON.stringify({
					device: "edge3",
					storeDir: "jetstream",
					gateConf: "gate.conf",
					key: "leafline.nk",
					streams: [],
				}),
			},
			"nats.conf": { content: "edge3 tls://127.0.0.1:17424 14224" },
			"gate.conf": { content: "edge3 alone" },
			"leaf.creds": { content: "edge3-secret" },
			"leafline.nk": { content: "edge3-seed-secret" },
			"ca.pem": { content: "ca" },
		},
	});
	const links = documentOf(command("links").stdin);
	expect(links).toMatchObject({ script: "links/links.js", ports: [17422, 17424], reload: ["spec.json"] });
	expect(JSON.parse(links.files["spec.json"]?.content ?? "")).toEqual({
		links: {
			edge1: { listen: 17422, target: { host: "127.0.0.1", port: 7422 } },
			edge3: { listen: 17424, target: { host: "127.0.0.1", port: 7422 } },
		},
	});
});

it("tells the device program of streams in memory, and the server's own folder nothing of them", async () => {
	const classes: EdgeGroup["classes"] = {
		can: { ...EDGE_CLASS, storage: "file", discard: "new" },
		debug: { ...EDGE_CLASS, storage: "memory", discard: "old" },
		shared: { ...EDGE_CLASS, storage: "memory", discard: "new" },
	};
	const edgeGroups = { all: { group: "all", classes, devices: { edge1: {} } } };
	makeLeaves({ ...localTopology(["edge1"]), edgeGroups });
	await pulumi.runtime.disconnect();
	const { files } = documentOf(command("keeper").stdin);
	const { devices } = JSON.parse(files["spec.json"]?.content ?? "") as KeepSpec;
	expect(devices.edge1?.spec.streams).toMatchObject([{ name: "edge1_can", trim: true }]);
	const mark = { "leafline.owner": `${pulumi.getProject()}/${pulumi.getStack()}` };
	const consumer = { durable_name: "hub" };
	expect(devices.edge1?.memory).toMatchObject([
		{ stream: { name: "edge1_debug", storage: "memory", metadata: mark }, consumer, trim: false },
		{ stream: { name: "edge1_shared", storage: "memory", metadata: mark }, consumer, trim: true },
	]);
	// What stands there restarts the server when it changes, and such streams would be lost by that.
	expect(JSON.stringify(documentOf(command("edge1").stdin))).not.toContain("edge1_debug");
});

it("has the process that runs beside the devices look after the hub on the same machine", async () => {
	makeLeaves(localTopology(["edge1"]));
	await pulumi.runtime.disconnect();
	const { files } = documentOf(command("keeper").stdin);
	const { hubs } = JSON.parse(files["spec.json"]?.content ?? "") as KeepSpec;
	expect(hubs).toEqual({
		hub: {
			monitor: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
			dir: "../hub",
			storeDir: "jetstream",
			record: "daemon.record",
			restart: { script: expect.stringMatching(/daemon\/daemon\.js$/), args: ["again", "."] },
		},
	});
});

it("keeps a device running that is being drained", async () => {
	const leaves = makeLeaves(localTopology(["edge1", "edge2"], { retired: { edge1: "drain" } }));
	expect(Object.keys(await resolved(leaves.urls))).toEqual(["edge1", "edge2"]);
});

it("gives the links the physics of the fleet file when told to", async () => {
	makeLeaves(localTopology(["edge1"]), true);
	await pulumi.runtime.disconnect();
	const spec = JSON.parse(documentOf(command("links").stdin).files["spec.json"]?.content ?? "") as unknown;
	expect(spec).toMatchObject({
		links: { edge1: { shape: { upBytesPerSecond: 1_000_000, downBytesPerSecond: 2_000_000, rttMs: 80 } } },
	});
});

it("refuses a device without credentials", () => {
	const topology = localTopology(["edge1"]);
	expect(() => new LocalLeaves("leaves", { ...leavesArgs(topology), credentials: {} })).toThrow(
		"there are no credentials for edge1",
	);
});

function makeHub(topology: Topology): LocalHub {
	const tls = { cert: "cert", key: pulumi.secret("key-secret") };
	const { settings } = topology;
	return new LocalHub("hub", {
		settings,
		conf: (node) => pulumi.output(node === 0 ? "hub-conf" : `hub-conf ${node}`),
		tls,
		serverVersion: "2.15.2",
		root,
	});
}

function makeLeaves(topology: Topology, shaped = false): LocalLeaves {
	return new LocalLeaves("leaves", { ...leavesArgs(topology), shaped });
}

function leavesArgs(topology: Topology): ConstructorParameters<typeof LocalLeaves>[1] {
	const devices = Object.keys(topology.fleet.devices);
	return {
		topology,
		conf: ({ device, urls, clientPort }) => `${device} ${urls.join(" ")} ${clientPort}`,
		gateConf: ({ device }) => `${device} alone`,
		credentials: Object.fromEntries(devices.map((device) => [device, pulumi.secret(`${device}-secret`)])),
		deviceProgramSeeds: Object.fromEntries(devices.map((device) => [device, pulumi.secret(`${device}-seed-secret`)])),
		ca: "ca",
		serverVersion: "2.15.2",
		root,
	};
}

function command(name: string): Record<string, unknown> {
	const found = seen.find((resource) => resource.type === "command:local:Command" && resource.name === name);
	if (!found) throw new Error(`there is no command ${name}`);
	return found.inputs;
}

function documentOf(stdin: unknown): DaemonDocument {
	const value = typeof stdin === "string" ? stdin : (stdin as { value: string }).value;
	return JSON.parse(value) as DaemonDocument;
}

function resolved<T>(output: pulumi.Output<T>): Promise<T> {
	return new Promise((resolve) => output.apply(resolve));
}
