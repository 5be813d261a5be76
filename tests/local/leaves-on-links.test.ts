import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { connect, type JetStreamManager, type NatsConnection } from "nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DaemonDocument } from "../../components/daemon/document";
import { readRecord } from "../../components/daemon/record";
import { linkStates, setLink } from "../../components/links/control";
import { CONTROL_SOCKET, SPEC_FILE } from "../../components/links/model";
import { startTime } from "../../system/process";
import { freePorts } from "../support/ports";
import { compileScripts, eventually, run, temporaryFolder } from "./scripts";

let scripts: string;
let daemon: string;
let root: string;
let ports: { hub: number; monitor: number; leaf: number; edge: number; link: number };
let hub: NatsConnection;
let edge: NatsConnection;
let hubStreams: JetStreamManager;
const PAYLOAD = "x".repeat(1_000);

beforeAll(async () => {
	scripts = temporaryFolder("scripts");
	root = temporaryFolder("leaves");
	daemon = compileScripts(scripts).daemon;
	const [hubPort = 0, monitor = 0, leaf = 0, edgePort = 0, link = 0] = await freePorts(5);
	ports = { hub: hubPort, monitor, leaf, edge: edgePort, link };
	await start(
		server("hub", hubPort, [monitor, leaf], `http: "127.0.0.1:${monitor}"\nleafnodes { listen: "127.0.0.1:${leaf}" }`),
	);
	await start(links());
	await start(edgeServer());
	hub = await connect({ servers: `127.0.0.1:${ports.hub}` });
	edge = await connect({ servers: `127.0.0.1:${ports.edge}` });
	await (await edge.jetstreamManager()).streams.add({ name: "edge1_can", subjects: ["edge1.can.>"] });
	hubStreams = await hub.jetstreamManager();
	await hubStreams.streams.add({
		name: "hub_can",
		sources: [{ name: "edge1_can", opt_start_seq: 1, external: { api: "$JS.edge1.API", deliver: "deliver.edge1" } }],
	});
});
afterAll(async () => {
	await hub?.close();
	await edge?.close();
	const { code } = await run([process.execPath, daemon, "stop-all", root, "--remove"], {});
	for (const folder of [root, scripts]) fs.rmSync(folder, { recursive: true, force: true });
	expect(code).toBe(0);
});

it("brings a device's messages to the hub through its link, and nowhere around it", async () => {
	const before = (await linkStates(path.join(root, "links"))).edge1?.upBytes ?? 0;
	await publish(100);
	await arrived(100);
	const after = (await linkStates(path.join(root, "links"))).edge1;
	expect((after?.upBytes ?? 0) - before).toBeGreaterThan(100 * PAYLOAD.length);
	expect(after?.connections).toBe(1);
});

it("holds them on the device while the link is cut, and brings them when it is restored", async () => {
	await setLink(path.join(root, "links"), "edge1", { mode: "cut" });
	await leaves(0);
	await publish(50);
	expect((await hubStreams.streams.info("hub_can")).state.messages).toBe(100);
	await setLink(path.join(root, "links"), "edge1", { mode: "up" });
	await leaves(1);
	await arrived(150);
});

it("survives a half-open link: the leaf stays connected in name only, until it is restored", async () => {
	await setLink(path.join(root, "links"), "edge1", { mode: "half-open" });
	await publish(10);
	// The hub still believes in the connection, which is what makes this state nasty.
	await leaves(1);
	expect((await hubStreams.streams.info("hub_can")).state.messages).toBe(150);
	await setLink(path.join(root, "links"), "edge1", { mode: "up" });
	await arrived(160);
});

it("needs at least bytes / rate for a backlog on a slow link", async () => {
	await setLink(path.join(root, "links"), "edge1", { mode: "cut" });
	await publish(200);
	await setLink(path.join(root, "links"), "edge1", { mode: "up", shape: { upBytesPerSecond: 100_000, rttMs: 40 } });
	const before = performance.now();
	await arrived(360);
	expect(performance.now() - before).toBeGreaterThanOrEqual((200 * PAYLOAD.length * 1000) / 100_000);
	await setLink(path.join(root, "links"), "edge1", { shape: {} });
});

it("starts the device's server again after a crash, with all that was acknowledged", async () => {
	const record = readRecord(path.join(root, "edge1"));
	process.kill(record?.pid ?? 0, "SIGKILL");
	await eventually(() => startTime(record?.pid ?? 0) === undefined, "the end of the server");
	await start(edgeServer());
	await eventually(async () => (await edge.flush().catch(() => false)) !== false, "the device's client is back");
	const { state } = await (await edge.jetstreamManager()).streams.info("edge1_can");
	expect(state.messages).toBe(360);
	await publish(10);
	await arrived(370);
});

async function publish(count: number): Promise<void> {
	const jetstream = edge.jetstream();
	for (let index = 0; index < count; index++) await jetstream.publish("edge1.can.speed", PAYLOAD);
}

async function arrived(count: number): Promise<void> {
	const enough = async () => (await hubStreams.streams.info("hub_can")).state.messages >= count;
	await eventually(enough, `${count} messages at the hub`, 45_000);
	expect((await hubStreams.streams.info("hub_can")).state.messages).toBe(count);
}

/** Waits until the hub knows this many leaf nodes. */
async function leaves(count: number): Promise<void> {
	const url = `http://127.0.0.1:${ports.monitor}/leafz`;
	await eventually(async () => ((await (await fetch(url)).json()) as { leafnodes: number }).leafnodes === count, url);
}

async function start(document: DaemonDocument): Promise<void> {
	const result = await run([process.execPath, daemon, "start"], { stdin: JSON.stringify(document) });
	expect(result).toEqual({ code: 0, stdout: `${document.name} is ready\n`, stderr: "" });
}

function server(name: string, port: number, others: number[], conf: string): DaemonDocument {
	const content = `server_name: ${name}
listen: "127.0.0.1:${port}"
jetstream { store_dir: jetstream, domain: ${name}, sync_interval: always }
${conf}
`;
	return {
		dir: path.join(root, name),
		name,
		program: "nats-server",
		args: ["-c", "nats.conf"],
		ports: [port, ...others],
		ready: { tcp: port },
		files: { "nats.conf": { content } },
	};
}

function edgeServer(): DaemonDocument {
	const remote = `{ url: "nats://127.0.0.1:${ports.link}", ignore_discovered_servers: true, compression: off }`;
	return server("edge1", ports.edge, [], `leafnodes { reconnect: 1s, remotes: [ ${remote} ] }`);
}

function links(): DaemonDocument {
	const spec = { links: { edge1: { listen: ports.link, target: { host: "127.0.0.1", port: ports.leaf } } } };
	const text = JSON.stringify(spec);
	return {
		dir: path.join(root, "links"),
		name: "links",
		script: "links/links.js",
		ports: [ports.link],
		ready: { socket: CONTROL_SOCKET, path: `/ready?spec=${createHash("sha256").update(text).digest("hex")}` },
		reload: [SPEC_FILE],
		files: { [SPEC_FILE]: { content: text } },
	};
}
