import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { DaemonDocument } from "../../components/daemon/document";
import { readRecord } from "../../components/daemon/record";
import { linkStates, setLink } from "../../components/links/control";
import { CONTROL_SOCKET, type LinksSpec, SPEC_FILE } from "../../components/links/model";
import { startTime } from "../../system/process";
import { freePorts } from "../support/ports";
import { compileScripts, eventually, run, temporaryFolder } from "./scripts";

let scripts: string;
let daemon: string;
let root: string;
let dir: string;
let hub: net.Server;
let ports: { readonly edge1: number; readonly edge2: number };
const sockets: net.Socket[] = [];

beforeAll(() => {
	scripts = temporaryFolder("scripts");
	daemon = compileScripts(scripts).daemon;
});
afterAll(() => fs.rmSync(scripts, { recursive: true, force: true }));

beforeEach(async () => {
	root = temporaryFolder("links");
	dir = path.join(root, "links");
	const [edge1 = 0, edge2 = 0] = await freePorts(2);
	ports = { edge1, edge2 };
	hub = net.createServer((socket) => socket.on("error", () => {}).pipe(socket));
	await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.destroy();
	const { code } = await run([process.execPath, daemon, "stop-all", root, "--remove"], {});
	hub.close();
	fs.rmSync(root, { recursive: true, force: true });
	expect(code).toBe(0);
});

it("carries each device over a link of its own, and tells the states", async () => {
	await start(["edge1", "edge2"]);
	await echo("edge1", "ten bytes!");
	const states = await linkStates(dir);
	expect(states.edge1).toMatchObject({ mode: "up", upBytes: 10, downBytes: 10, accepted: 1 });
	expect(states.edge2).toMatchObject({ mode: "up", upBytes: 0, downBytes: 0, accepted: 0 });
	expect(fs.statSync(path.join(dir, CONTROL_SOCKET)).mode & 0o077).toBe(0);
});

it("cuts one device and no other, and restores it", async () => {
	await start(["edge1", "edge2"]);
	const other = await echo("edge2", "x");
	expect(await setLink(dir, "edge1", { mode: "cut" })).toMatchObject({ mode: "cut" });
	await expect(echo("edge1", "x")).rejects.toThrow(/ECONNRESET|EPIPE/);
	await other("still here");
	await setLink(dir, "edge1", { mode: "up" });
	await echo("edge1", "x");
});

it("keeps the connections of the others when a device is added, moved or removed", async () => {
	await start(["edge1"]);
	const { pid } = record();
	const first = await echo("edge1", "x");
	await start(["edge1", "edge2"]);
	expect(record()).toMatchObject({ pid, ports: [ports.edge1, ports.edge2] });
	await echo("edge2", "x");
	await first("still here");
	await start(["edge1"]);
	await first("still here");
	await expect(echo("edge2", "x")).rejects.toThrow(/ECONNREFUSED/);
});

it("keeps a cut over a crash of the process", async () => {
	await start(["edge1", "edge2"]);
	const { since } = await setLink(dir, "edge1", { mode: "cut" });
	const { pid } = record();
	process.kill(pid, "SIGKILL");
	await eventually(() => startTime(pid) === undefined, "the end of the process");
	await expect(linkStates(dir)).rejects.toThrow(`no links run in ${dir}: is the local stack up?`);
	await start(["edge1", "edge2"]);
	expect(record().pid).not.toBe(pid);
	const states = await linkStates(dir);
	expect([states.edge1?.mode, states.edge1?.since, states.edge2?.mode]).toEqual(["cut", since, "up"]);
});

it("starts with a link that is up when a device comes back after it was taken out", async () => {
	await start(["edge1", "edge2"]);
	await setLink(dir, "edge2", { mode: "cut" });
	await start(["edge1"]);
	await start(["edge1", "edge2"]);
	expect((await linkStates(dir)).edge2).toMatchObject({ mode: "up" });
});

it("says which devices there are, and what is wrong with a change", async () => {
	await start(["edge1"]);
	await expect(setLink(dir, "edge9", { mode: "cut" })).rejects.toThrow("there is no link of edge9; there are edge1");
	await expect(setLink(dir, "edge1", { shape: { rttMs: -1 } })).rejects.toThrow("rttMs must be a number of at least 0");
	await expect(setLink(dir, "edge1", { mode: "slow" as "cut" })).rejects.toThrow(
		"mode must be one of up, cut, half-open",
	);
	await expect(setLink(dir, "edge1", { shape: { speed: 1 } as object })).rejects.toThrow("a link has no speed");
});

it("changes the shape of a link that carries a connection", async () => {
	await start(["edge1"]);
	const send = await echo("edge1", "x");
	await setLink(dir, "edge1", { shape: { rttMs: 300 } });
	const before = performance.now();
	await send("slowly");
	expect(performance.now() - before).toBeGreaterThanOrEqual(299);
});

it("can be reached in a folder that is too deep for a socket's address", async () => {
	const deep = path.join(root, "x".repeat(100));
	dir = path.join(deep, "links");
	await start(["edge1"]);
	expect(Object.keys(await linkStates(dir))).toEqual(["edge1"]);
	await run([process.execPath, daemon, "stop-all", deep], {});
});

function record() {
	const found = readRecord(dir);
	if (!found) throw new Error("the links have no record");
	return found;
}

async function start(devices: readonly ("edge1" | "edge2")[]): Promise<void> {
	const target = { host: "127.0.0.1", port: (hub.address() as net.AddressInfo).port };
	const spec: LinksSpec = {
		links: Object.fromEntries(devices.map((device) => [device, { listen: ports[device], target }])),
	};
	const text = JSON.stringify(spec);
	const document: DaemonDocument = {
		dir,
		name: "links",
		script: "links/links.js",
		ports: devices.map((device) => ports[device]),
		ready: { socket: CONTROL_SOCKET, path: `/ready?spec=${createHash("sha256").update(text).digest("hex")}` },
		reload: [SPEC_FILE],
		files: { [SPEC_FILE]: { content: text } },
	};
	const result = await run([process.execPath, daemon, "start"], { stdin: JSON.stringify(document) });
	expect(result).toEqual({ code: 0, stdout: "links is ready\n", stderr: "" });
}

/** Sends a text over a device's link and waits for its echo; gives a function that does so again. */
async function echo(device: "edge1" | "edge2", text: string): Promise<(text: string) => Promise<void>> {
	const socket = net.connect(ports[device], "127.0.0.1");
	sockets.push(socket);
	const send = (words: string) =>
		new Promise<void>((resolve, reject) => {
			let back = "";
			const onData = (chunk: Buffer) => {
				back += chunk;
				if (back.length < words.length) return;
				socket.off("data", onData);
				resolve(expect(back).toBe(words));
			};
			socket.on("data", onData);
			socket.on("error", reject);
			socket.once("close", () => reject(new Error("closed")));
			socket.write(words);
		});
	await send(text);
	return send;
}
