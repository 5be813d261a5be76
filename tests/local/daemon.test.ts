import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DaemonDocument } from "../../components/daemon/document";
import { startTime, startTimeFromPs } from "../../components/daemon/process";
import { type DaemonRecord, generation, readRecord } from "../../components/daemon/record";
import { compileScripts, eventually, freePorts, type Result, run, temporaryFolder } from "./scripts";

/** Listens on PORT; SIGHUP makes it read `greeting` again; writes what it was given to `seen.json`. */
const SERVER = `
const fs = require("fs"), net = require("net");
let greeting = fs.readFileSync("greeting", "utf8");
fs.writeFileSync("seen.json", JSON.stringify({ env: process.env, argv: process.argv.slice(2), pid: process.pid }));
process.on("SIGHUP", () => { greeting = fs.readFileSync("greeting", "utf8"); });
if (process.argv[2] === "stubborn") process.on("SIGTERM", () => {});
console.log("listening soon");
net.createServer((socket) => socket.on("error", () => {}).end(greeting)).listen(Number(process.env.PORT), "127.0.0.1");
`;

let scripts: string;
let daemon: string;
let root: string;
let port: number;
const others: ChildProcess[] = [];

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

describe("start", () => {
	it("ends with its streams closed while the daemon lives on, known by its record", async () => {
		expect(await start({})).toEqual({ code: 0, stdout: "one is ready\n", stderr: "" });
		const record = recordOf("one");
		expect(startTime(record.pid)).toBe(record.started);
		expect(record.generation).toBe(7);
		expect(await greeting()).toBe("hello");
	});

	it("writes files for the owner alone, and executable ones as told", async () => {
		await start({ files: { "keys/a.key": { content: "secret" }, "run.sh": { content: "x", mode: 0o700 } } });
		expect(modeOf("one")).toBe(0o700);
		expect(modeOf("one/keys")).toBe(0o700);
		expect(modeOf("one/keys/a.key")).toBe(0o600);
		expect(modeOf("one/run.sh")).toBe(0o700);
		expect(modeOf("one/daemon.log")).toBe(0o600);
		expect(modeOf("one/daemon.record")).toBe(0o600);
	});

	it("gives the daemon nothing of its own environment but PATH", async () => {
		await start({}, { env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: "hush", GENERATION: "7" } });
		const seen = JSON.parse(read("one/seen.json")) as { env: Record<string, string> };
		expect(
			Object.keys(seen.env)
				.filter((name) => !["PWD", "SHLVL", "_", "OLDPWD"].includes(name))
				.sort(),
		).toEqual(["PATH", "PORT"]);
	});

	it("leaves a daemon alone that runs as the document says", async () => {
		await start({});
		const { pid } = recordOf("one");
		await start({}, { generation: 8 });
		expect(recordOf("one")).toMatchObject({ pid, generation: 8 });
	});

	it("restarts it for a changed file, and removes files that are named no more", async () => {
		await start({ files: { old: { content: "x" } } });
		const { pid } = recordOf("one");
		await start({ files: { greeting: { content: "changed" } } });
		expect(recordOf("one").pid).not.toBe(pid);
		expect(await greeting()).toBe("changed");
		expect(fs.existsSync(path.join(root, "one/old"))).toBe(false);
	});

	it("restarts it for another version of the program", async () => {
		await start({ version: "1" });
		const { pid } = recordOf("one");
		await start({ version: "2" });
		expect(recordOf("one").pid).not.toBe(pid);
	});

	it("sends SIGHUP instead where only a file of `reload` changed", async () => {
		await start({ reload: ["greeting"] });
		const { pid } = recordOf("one");
		await start({ reload: ["greeting"], files: { greeting: { content: "changed" } } });
		expect(recordOf("one").pid).toBe(pid);
		await eventually(async () => (await greeting()) === "changed", "the new greeting");
	});

	it("refuses a busy port, names who holds it and leaves no process", async () => {
		const holder = await listenElsewhere(port);
		const result = await start({});
		expect(result.code).toBe(1);
		expect(result.stderr).toBe(`one cannot start: port ${port} is held by node (pid ${holder})\n`);
		expect(fs.existsSync(path.join(root, "one"))).toBe(false);
	});

	it("shows the end of the log of a daemon that ends at once", async () => {
		const result = await start({ files: { "server.js": { content: "console.log('cannot go on'); process.exit(3)" } } });
		expect(result.code).toBe(1);
		expect(result.stderr).toBe("one ended right after its start; the end of its log:\ncannot go on\n");
	});

	it("stops a daemon that never gets ready, and shows its log", async () => {
		const result = await start({ ready: { tcp: await freePort() }, readyTimeoutMs: 1_000 });
		expect(result.code).toBe(1);
		expect(result.stderr).toBe("one was not ready after 1 s; the end of its log:\nlistening soon\n");
		expect(startTime(recordOf("one").pid)).toBeUndefined();
	});

	it("bounds the log over many starts", async () => {
		fs.mkdirSync(path.join(root, "one"));
		fs.writeFileSync(path.join(root, "one/daemon.log"), "x".repeat(1024 * 1024 + 1));
		await start({});
		expect(fs.statSync(path.join(root, "one/daemon.log")).size).toBeLessThan(1000);
	});

	it("takes a port over that moved from one daemon of the stack to another", async () => {
		await start({});
		const before = recordOf("one");
		expect(await start({ name: "two" })).toMatchObject({ code: 0 });
		expect(startTime(before.pid)).toBeUndefined();
		expect(await greeting()).toBe("hello");
	});

	it("never repeats what it was given in an error", async () => {
		const results = [await startText("{ secret"), await startText('{"files":{"a":{"content":"secret"}}}')];
		for (const { code, stdout, stderr } of results) {
			expect(code).toBe(1);
			expect(stdout + stderr).not.toContain("secret");
		}
	});

	it("refuses a file outside of the folder", async () => {
		const result = await start({ files: { "../two/x": { content: "x" } } });
		expect(result.stderr).toBe("daemon one: the file ../two/x lies outside of its folder\n");
	});
});

describe("status", () => {
	it("tells the same generation while a daemon lives, and one more when it died", async () => {
		await start({});
		expect(await status()).toEqual({ one: 7 });
		const { pid } = recordOf("one");
		process.kill(pid, "SIGKILL");
		await eventually(() => startTime(pid) === undefined, "the end of the daemon");
		expect(await status()).toEqual({ one: 8 });
		await start({}, { generation: 8 });
		expect(await status()).toEqual({ one: 8 });
	});

	it("does not take another process with the same number for the daemon", async () => {
		await start({});
		const { pid, started } = recordOf("one");
		const record = path.join(root, "one/daemon.record");
		const other = spawn("sleep", ["60"]);
		others.push(other);
		fs.writeFileSync(record, fs.readFileSync(record, "utf8").replace(String(pid), String(other.pid)));
		expect(await status()).toEqual({ one: 8 });
		await stop();
		expect(startTime(other.pid ?? 0)).toBeDefined();
		process.kill(pid, "SIGKILL");
		expect(startTime(other.pid ?? 0)).not.toBe(started);
	});

	it("tells a generation that no state can hold when the folder is gone", async () => {
		await start({});
		await stop("--remove");
		expect(generation(path.join(root, "one"))).toBeGreaterThan(1_700_000_000);
	});

	it("asks for a start after one that failed", async () => {
		await start({});
		const { pid } = recordOf("one");
		process.kill(pid, "SIGKILL");
		await listenElsewhere(port);
		expect((await start({}, { generation: 8 })).code).toBe(1);
		expect(await status()).not.toEqual({ one: 7 });
	});
});

describe("the start time where there is no /proc", () => {
	it("is what the launcher writes, in any language and time zone", async () => {
		const sleeper = spawn("sleep", ["60"]);
		others.push(sleeper);
		const { stdout } = await run(["sh", "-c", `echo $(ps -o lstart= -p ${sleeper.pid})`], {
			env: { PATH: process.env.PATH },
		});
		const zone = process.env.TZ;
		process.env.TZ = "Asia/Tokyo";
		try {
			expect(startTimeFromPs(sleeper.pid ?? 0)).toBe(stdout.trim());
		} finally {
			if (zone === undefined) delete process.env.TZ;
			else process.env.TZ = zone;
		}
		expect(stdout).toMatch(/\d:\d\d:\d\d 20\d\d/);
	});

	it("is none of a process that ended", async () => {
		const child = spawn("true");
		await new Promise((resolve) => child.once("exit", resolve));
		expect(startTimeFromPs(child.pid ?? 0)).toBeUndefined();
	});
});

describe("stop", () => {
	it("ends the daemon, and can be called again", async () => {
		await start({});
		const { pid } = recordOf("one");
		expect(await stop()).toEqual({ code: 0, stdout: "", stderr: "" });
		expect(startTime(pid)).toBeUndefined();
		expect(await stop()).toEqual({ code: 0, stdout: "", stderr: "" });
		expect(fs.existsSync(path.join(root, "one/greeting"))).toBe(true);
	});

	it("ends one that does not listen to SIGTERM", async () => {
		await start({ args: ["server.js", "stubborn"] });
		const { pid } = recordOf("one");
		await stop();
		expect(startTime(pid)).toBeUndefined();
	});

	it("removes the folder when told to, but never one that is no daemon's", async () => {
		await start({});
		await stop("--remove");
		expect(fs.existsSync(path.join(root, "one"))).toBe(false);
		fs.mkdirSync(path.join(root, "one"));
		await stop("--remove");
		expect(fs.existsSync(path.join(root, "one"))).toBe(true);
	});

	it("stops all of them, also when `start` was killed before it saw its daemon", async () => {
		await start({});
		const first = recordOf("one").pid;
		const interrupted = spawn(process.execPath, [daemon, "start"], { env: { ...process.env, GENERATION: "1" } });
		// Never ready, so that it is killed in the middle.
		interrupted.stdin.end(
			JSON.stringify(documentOf({ name: "two", ready: { tcp: 1 }, env: { PORT: "0" }, ports: [] })),
		);
		await eventually(() => readRecord(path.join(root, "two")) !== undefined, "the record of the second daemon");
		interrupted.kill("SIGKILL");
		const second = recordOf("two").pid;
		expect(startTime(second)).toBeDefined();
		expect((await run([process.execPath, daemon, "stop-all", root], {})).code).toBe(0);
		expect([startTime(first), startTime(second)]).toEqual([undefined, undefined]);
	});
});

interface Options {
	readonly generation?: number;
	readonly env?: NodeJS.ProcessEnv;
}

function documentOf(change: Partial<DaemonDocument>): DaemonDocument {
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

function start(change: Partial<DaemonDocument>, options: Options = {}): Promise<Result> {
	return startText(JSON.stringify(documentOf(change)), options);
}

function startText(stdin: string, options: Options = {}): Promise<Result> {
	const env = options.env ?? { ...process.env, GENERATION: String(options.generation ?? 7) };
	return run([process.execPath, daemon, "start"], { stdin, env });
}

function stop(...flags: readonly string[]): Promise<Result> {
	return run([process.execPath, daemon, "stop", path.join(root, "one"), ...flags], {});
}

async function status(): Promise<Record<string, number>> {
	const { stdout } = await run([process.execPath, daemon, "status", "--root", root], {});
	return JSON.parse(stdout) as Record<string, number>;
}

function recordOf(name: string): DaemonRecord {
	const record = readRecord(path.join(root, name));
	if (!record) throw new Error(`${name} has no record`);
	return record;
}

function read(file: string): string {
	return fs.readFileSync(path.join(root, file), "utf8");
}

function modeOf(file: string): number {
	return fs.statSync(path.join(root, file)).mode & 0o777;
}

function greeting(): Promise<string> {
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

async function freePort(): Promise<number> {
	return (await freePorts(1))[0] ?? 0;
}

/** Another process that listens on the port; gives its number. */
async function listenElsewhere(port: number): Promise<number> {
	const other = spawn(process.execPath, [
		"-e",
		`require("net").createServer().listen(${port}, "127.0.0.1", () => console.log("listening"))`,
	]);
	others.push(other);
	await new Promise((resolve) => other.stdout.once("data", resolve));
	return other.pid ?? 0;
}
