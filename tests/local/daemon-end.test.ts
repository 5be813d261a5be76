import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { generation, readRecord } from "../../components/daemon/record";
import { startTime, startTimeFromPs } from "../../system/process";
import {
	daemon,
	documentOf,
	listenElsewhere,
	others,
	port,
	recordOf,
	root,
	start,
	status,
	stop,
	useDaemons,
} from "./daemon-bench";
import { eventually, run } from "./scripts";

useDaemons();

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
