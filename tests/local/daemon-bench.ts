import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { DaemonDocument } from "../../components/daemon/document";
import { type DaemonRecord, readRecord } from "../../components/daemon/record";
import { freePorts } from "../support/ports";
import { compileScripts, type Result, run, temporaryFolder } from "./scripts";

/** Listens on PORT; SIGHUP makes it read `greeting` again; writes what it was given to `seen.json`. */
const SERVER = `
const fs = require("fs"), net = require("net");
let greeting = fs.readFileSync("greeting", "utf8");
fs.writeFileSync("seen.json", JSON.stringify({ env: process.env, argv: process.argv.slice(2), pid: process.pid }));
process.on("SIGHUP", () => { greeting = fs.readFileSync("greeting", "utf8"); });
if (process.argv[2] === "stubborn") process.on("SIGTERM", () => {});
console.log("listening soon");
net.createServer((socket) => socket.on("error", () => {}).end(greeting)).listen(Number(process.env.PORT ?? process.argv[3]), "127.0.0.1");
`;

let scripts: string;
export let daemon: string;
export let root: string;
export let port: number;
/** Processes that a test has started besides daemons; they are killed after it. */
export const others: ChildProcess[] = [];

/** Gives every test of a file the compiled scripts, a folder and a port of its own, and no daemon that is left over. */
export function useDaemons(): void {
	beforeAll(() => {
		scripts = temporaryFolder("scripts");
		daemon = compileScripts(scripts).daemon;
	});
	afterAll(() => fs.rmSync(scripts, { recursive: true, force: true }));

	beforeEach(async () => {
		root = temporaryFolder("daemons");
		port = await freePort();
	});
	afterEach(async () => {
		for (const other of others.splice(0)) other.kill("SIGKILL");
		const { code } = await run([process.execPath, daemon, "stop-all", root, "--remove"], {});
		fs.rmSync(root, { recursive: true, force: true });
		expect(code).toBe(0);
	});
}

interface Options {
	readonly generation?: number;
	readonly env?: NodeJS.ProcessEnv;
}

export function documentOf(change: Partial<DaemonDocument>): DaemonDocument {
	const { files, ...rest } = change;
	return {
		dir: path.join(root, change.name ?? "one"),
		name: "one",
		program: process.execPath,
		args: ["server.js"],
		env: { PORT: String(port) },
		ports: [port],
		ready: { tcp: port },
		...rest,
		files: { "server.js": { content: SERVER }, greeting: { content: "hello" }, ...files },
	};
}

export function start(change: Partial<DaemonDocument>, options: Options = {}): Promise<Result> {
	return startText(JSON.stringify(documentOf(change)), options);
}

export function startText(stdin: string, options: Options = {}): Promise<Result> {
	const env = options.env ?? { ...process.env, GENERATION: String(options.generation ?? 7) };
	return run([process.execPath, daemon, "start"], { stdin, env });
}

/** Without an environment, so that it can be started again as it is. */
export function startPlain(change: Partial<DaemonDocument>, options: Options = {}): Promise<Result> {
	const args = ["server.js", "plain", String(port)];
	return startText(JSON.stringify({ ...documentOf({ args, ...change }), env: undefined }), options);
}

export function again(): Promise<Result> {
	return run([process.execPath, daemon, "again", path.join(root, "one")], {});
}

export function stop(...flags: readonly string[]): Promise<Result> {
	return run([process.execPath, daemon, "stop", path.join(root, "one"), ...flags], {});
}

export async function status(): Promise<Record<string, number>> {
	const { stdout } = await run([process.execPath, daemon, "status", "--root", root], {});
	return JSON.parse(stdout) as Record<string, number>;
}

export function recordOf(name: string): DaemonRecord {
	const record = readRecord(path.join(root, name));
	if (!record) throw new Error(`${name} has no record`);
	return record;
}

export function read(file: string): string {
	return fs.readFileSync(path.join(root, file), "utf8");
}

export function modeOf(file: string): number {
	return fs.statSync(path.join(root, file)).mode & 0o777;
}

export function greeting(): Promise<string> {
	return new Promise((resolve, reject) => {
		let text = "";
		net
			.connect(port, "127.0.0.1")
			.on("data", (chunk) => {
				text += chunk;
			})
			.on("end", () => resolve(text))
			.on("error", reject);
	});
}

export async function freePort(): Promise<number> {
	return (await freePorts(1))[0] ?? 0;
}

/** Another process that listens on the port; gives its number. */
export async function listenElsewhere(port: number): Promise<number> {
	const other = spawn(process.execPath, [
		"-e",
		`require("net").createServer().listen(${port}, "127.0.0.1", () => console.log("listening"))`,
	]);
	others.push(other);
	await new Promise((resolve) => other.stdout.once("data", resolve));
	return other.pid ?? 0;
}
