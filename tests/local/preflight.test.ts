import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { busyPorts, portHolder } from "../../components/daemon/ports";
import { checkServerVersion } from "../../components/hub/version";
import { localProblems } from "../../components/leaves/preflight";
import { startTime } from "../../system/process";
import type { Topology } from "../../topology/model";
import { HUB_SERVER_FLOOR } from "../../topology/server-floors";
import { freePorts, freeRange } from "../support/ports";
import { compileScripts, temporaryFolder } from "./scripts";
import { localTopology } from "./topology";

const servers: net.Server[] = [];
let root: string;

beforeEach(() => {
	root = temporaryFolder("preflight");
});
afterEach(async () => {
	for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
	fs.rmSync(root, { recursive: true, force: true });
});

describe("busyPorts", () => {
	it("names every port that somebody else holds, and who", async () => {
		const [free = 0] = await freePorts(1);
		const held = [await listen("127.0.0.1"), await listen("0.0.0.0"), await listen("::")];
		const holder = portHolder(held[0] ?? 0);
		expect(holder).toContain(`(pid ${process.pid})`);
		expect(await busyPorts(root, [free, ...held])).toEqual(held.map((port) => ({ port, holder })));
	});

	it("takes a port of a running daemon of the stack for free, but not of one that died", async () => {
		const port = await listen("127.0.0.1");
		record({ pid: process.pid, started: startTime(process.pid) ?? "", ports: [port] });
		expect(await busyPorts(root, [port])).toEqual([]);
		record({ pid: process.pid, started: "1", ports: [port] });
		expect(await busyPorts(root, [port])).toHaveLength(1);
	});

	it("does not show the arguments of another program", () => {
		// A listener whose command line holds a password, asked for while it runs.
		const script = `
			const server = require("net").createServer().listen(0, "127.0.0.1", () => {
				const port = server.address().port;
				console.log(require(process.env.PORTS).portHolder(port));
				process.exit();
			});`;
		const compiled = path.join(root, "compiled");
		compileScripts(compiled);
		const { stdout } = spawnSync(process.execPath, ["-e", script, "--", "--pass", "hush"], {
			encoding: "utf8",
			env: { ...process.env, PORTS: path.join(compiled, "components/daemon/ports.js") },
		});
		expect(stdout).toMatch(/^node \(pid \d+\)\n$/);
	});
});

describe("localProblems", () => {
	it("finds none where all is free", async () => {
		expect(await localProblems(await freeTopology(), root)).toEqual([]);
	});

	it("names all busy ports at once, with what they are for and the setting that moves them", async () => {
		const leafPort = await listen("127.0.0.1");
		const linkPort = await listen("127.0.0.1");
		const topology = await freeTopology({ hub: { leafPort }, leaves: { linkPort } });
		const holder = portHolder(leafPort);
		expect(await localProblems(topology, root)).toEqual([
			{
				document: "settings",
				path: ["hub", "leafPort"],
				message: `port ${leafPort} (the hub's leaf port) is held by ${holder}`,
				remedy: "end that process, or choose another port here",
			},
			{
				document: "settings",
				path: ["leaves", "linkPort"],
				message: `port ${linkPort} (the link of edge1) is held by ${holder}`,
				remedy: "end that process, or choose another port here",
			},
		]);
	});

	it("finds a port that is asked for twice", async () => {
		const [clientPort = 0] = await freePorts(1);
		const topology = await freeTopology({ hub: { clientPort }, leaves: { clientPort } });
		expect((await localProblems(topology, root)).map(({ message }) => message)).toEqual([
			`port ${clientPort} is to be the client port of edge1 and the hub's client port at once`,
		]);
	});

	it("finds the ports of every node, and of every device's links to them", async () => {
		const routePort = await listen("127.0.0.1");
		const topology = await freeTopology({ hub: { nodes: 3, routePort } });
		const [found] = await localProblems(topology, root);
		expect(found?.message).toBe(`port ${routePort} (the routes of node 1) is held by ${portHolder(routePort)}`);
		expect(found?.path).toEqual(["hub", "routePort"]);
	});

	it.each([
		[3, "hub", "the hub of this stack has 1 node, whose messages do not move to 3"],
		[1, "hub_2", undefined],
		[1, "hub_1", "the hub of this stack has 3 nodes, whose messages do not move to 1"],
	] as const)(
		"refuses to make %i nodes of what is in %s, where messages would be lost",
		async (nodes, dir, message) => {
			fs.mkdirSync(path.join(root, dir, "jetstream"), { recursive: true });
			const found = await localProblems(await freeTopology({ hub: { nodes } }), root);
			expect(found.map((each) => each.message)).toEqual(message === undefined ? [] : [message]);
		},
	);

	it("refuses a buffer that this machine's disk cannot hold", async () => {
		const topology = await freeTopology();
		const hardware = { board: { bufferBytes: 1024 ** 6 } } as unknown as Topology["fleet"]["hardware"];
		const found = await localProblems({ ...topology, fleet: { ...topology.fleet, hardware } }, root);
		expect(found).toMatchObject([{ document: "fleet", path: ["hardware", "board", "buffer"] }]);
		expect(found[0]?.message).toMatch(/ is too much for this machine's disk of [\d.]+[GT]iB, of which/);
	});

	it.each(["links", "keeper"])("finds a device that is called %s, as a process of the stack", async (name) => {
		const topology = await freeTopology({}, name);
		expect(await localProblems(topology, root)).toMatchObject([{ document: "fleet", path: ["devices", name] }]);
	});
});

describe("the version of nats-server", () => {
	it.each([["nats-server: v2.15.0"], ["nats-server: v2.15.2"], ["nats-server: v2.15.0-RC.1"], ["nats-server: v3.0.0"]])(
		"takes %s",
		(text) => expect(checkServerVersion(text)).toBe(/[\d.]+\d/.exec(text)?.[0]?.replace(/\.$/, "")),
	);

	it("keeps what it says of leafline's change", () => {
		expect(checkServerVersion("nats-server: v2.15.2+leafline.4\n")).toBe("2.15.2+leafline.4");
		expect(checkServerVersion("nats-server: v2.15.2+other.1\n")).toBe("2.15.2");
	});

	it.each([
		["nats-server: v2.14.5", `nats-server 2.14.5 is too old; leafline needs ${HUB_SERVER_FLOOR} or later`],
		["nats-server: v2.14.9", `nats-server 2.14.9 is too old; leafline needs ${HUB_SERVER_FLOOR} or later`],
		["nats-server: v2.14.4", `nats-server 2.14.4 is too old; leafline needs ${HUB_SERVER_FLOOR} or later`],
		["nats-server: v2.9.25", `nats-server 2.9.25 is too old; leafline needs ${HUB_SERVER_FLOOR} or later`],
		["nats-server: v1.99.99", `nats-server 1.99.99 is too old; leafline needs ${HUB_SERVER_FLOOR} or later`],
		["no such option", 'nats-server --version says "no such option", not a version'],
	])("refuses %s", (text, message) => expect(() => checkServerVersion(text)).toThrow(message));

	it("says where to get one when there is none", () => {
		expect(() => checkServerVersion(undefined)).toThrow(
			`there is no nats-server on PATH; install ${HUB_SERVER_FLOOR} or later: https://github.com/nats-io/nats-server/releases`,
		);
	});
});

async function listen(host: string): Promise<number> {
	const server = net.createServer();
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, host, resolve));
	return (server.address() as net.AddressInfo).port;
}

async function freeTopology(change: Parameters<typeof localTopology>[1] = {}, device = "edge1") {
	const [leafPort, clientPort, monitorPort, routePort] = [
		await freeRange(3),
		await freeRange(3),
		await freeRange(3),
		await freeRange(3),
	];
	return localTopology([device], {
		hub: { leafPort, clientPort, monitorPort, routePort, ...change.hub },
		leaves: { clientPort: await freeRange(1), linkPort: await freeRange(3), limit: 1, ...change.leaves },
	});
}

function record({ pid, started, ports }: { pid: number; started: string; ports: number[] }): void {
	fs.mkdirSync(path.join(root, "hub"), { recursive: true });
	const facts = JSON.stringify({ name: "hub", generation: 1, hash: "", ports, files: [] });
	fs.writeFileSync(path.join(root, "hub/daemon.record"), `${pid}\n${started}\n${facts}\n`);
}
