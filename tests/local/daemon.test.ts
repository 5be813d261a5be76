import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { startTime } from "../../system/process";
import {
	freePort,
	greeting,
	listenElsewhere,
	modeOf,
	port,
	read,
	recordOf,
	root,
	start,
	startText,
	useDaemons,
} from "./daemon-bench";
import { eventually } from "./scripts";

useDaemons();

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
