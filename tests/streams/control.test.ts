import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../components/identity/certificates";
import { stream } from "../../components/streams/provider/index";
import { checkVersions, closeAll, control } from "../../control/control";
import { sleep } from "../../system/wait";
import { freePorts } from "../support/ports";
import { type Bench, startBench, until } from "./bench";
import { sources, streamProps } from "./fixtures";

let bench: Bench;
let temp: string;
const systemTemp = process.env.TMPDIR;

beforeAll(async () => {
	bench = await startBench();
	await closeAll();
	temp = mkdtempSync(join(tmpdir(), "leafline-control-test-"));
	process.env.TMPDIR = temp;
});
afterAll(async () => {
	if (systemTemp === undefined) delete process.env.TMPDIR;
	else process.env.TMPDIR = systemTemp;
	await bench.stop();
	rmSync(temp, { recursive: true, force: true });
});
afterEach(closeAll);

/** Folders of this test's control leaves. */
const folders = () => readdirSync(temp).filter((name) => name.startsWith("leafline-control-"));

/** Pids of the servers that run them, from the kernel. */
function servers(): number[] {
	const runs = (pid: string) => {
		try {
			const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
			return program.endsWith("nats-server") && args.some((arg) => arg.startsWith(join(temp, "leafline-control-")));
		} catch {
			return false;
		}
	};
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && runs(name))
		.map(Number);
}

describe("a control leaf", () => {
	test("is one for all who ask at once, and is gone with its folder when it is closed", async () => {
		const [a, b] = await Promise.all([control(bench.connection), control(bench.connection)]);
		expect(a).toBe(b);
		expect(servers().length).toBe(1);
		expect(folders().length).toBe(1);
		await a.close();
		expect(servers()).toEqual([]);
		expect(folders()).toEqual([]);
		expect(await control(bench.connection)).not.toBe(a);
	});

	test("keeps its credentials to its user", async () => {
		await control(bench.connection);
		const folder = join(temp, folders()[0] ?? "");
		expect(statSync(folder).mode & 0o777).toBe(0o700);
		const readable = readdirSync(folder).filter((name) => statSync(join(folder, name)).mode & 0o077);
		expect(readable.filter((name) => !/\.(log|ports)$/.test(name))).toEqual([]);
	});

	test("dies, and its folder with its credentials, when its parent is killed with -9", async () => {
		const parent = await startParent();
		try {
			expect(servers().length).toBe(1);
			expect(folders().length).toBe(1);
		} finally {
			parent.kill("SIGKILL");
		}
		await until(() => servers().length === 0, "the control leaf is gone");
		await until(() => folders().length === 0, "its folder is gone");
	});

	test("is made anew after it was killed", async () => {
		const first = await control(bench.connection);
		for (const pid of servers()) process.kill(pid, "SIGKILL");
		await until(async () => (await control(bench.connection)) !== first, "another control leaf");
		await expect(first.api("hub").ask("INFO", undefined, 5_000)).rejects.toThrow(/has ended: run the operation again/);
		await (await control(bench.connection)).ready();
	});
});

describe("a hub that does not answer", () => {
	const attempt = (changes: object) => control({ ...bench.connection, ...changes }, { timeoutMs: 3_000 });

	test("because nothing listens", async () => {
		const urls = [`tls://127.0.0.1:${(await freePorts(1))[0]}`];
		await expect(attempt({ urls })).rejects.toThrow(/the hub at tls:\S+ did not answer: nothing listens there/);
	});

	test("because another authority signed its certificate", async () => {
		const { caPem: ca } = await createAuthority(Date.now());
		await expect(attempt({ ca })).rejects.toThrow(/certificate was not accepted/);
	});

	test("because something ends each connection at once, which says nothing of certificates", async () => {
		const closing = createServer((socket) => socket.resetAndDestroy());
		await new Promise<void>((listening) => closing.listen(0, "127.0.0.1", listening));
		const { port } = closing.address() as { port: number };
		try {
			await expect(attempt({ urls: [`tls://127.0.0.1:${port}`] })).rejects.toThrow(/ended before TLS begins/);
		} finally {
			closing.close();
		}
	});

	test("because it refuses the credentials", async () => {
		const stranger = await startBench();
		try {
			const { systemCreds, adminCreds } = stranger.connection;
			await expect(attempt({ systemCreds })).rejects.toThrow(
				/refused the credentials|credentials of an account that it does not know/,
			);
			const way = await attempt({ adminCreds });
			await expect(way.ready(3_000)).rejects.toThrow(
				/refused the credentials|credentials of an account that it does not know/,
			);
		} finally {
			await stranger.stop();
		}
	});

	test("because it accepts and says nothing", async () => {
		const silent = createServer(() => {});
		await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
		const { port } = silent.address() as { port: number };
		try {
			await expect(attempt({ urls: [`tls://127.0.0.1:${port}`] })).rejects.toThrow(/did not answer/);
		} finally {
			silent.close();
		}
	});

	test("and no message shows a secret", async () => {
		const urls = [`tls://somebody:hunter2@127.0.0.1:${(await freePorts(1))[0]}`];
		const error = await attempt({ urls }).catch((caught: Error) => caught);
		expect(String((error as Error).message)).not.toMatch(/hunter2|SEED|BEGIN/);
	});
});

test("by a URL of its own the hub is reached without a control leaf", async () => {
	const way = await control({ ...bench.connection, urls: [], directUrls: [bench.directUrl] });
	await way.ready();
	expect(servers()).toEqual([]);
	expect(await way.leaves()).toEqual(new Set());
	const props = streamProps(way.connection, { sources: sources("edge1") });
	const { id, outs } = await stream.create(props);
	expect((await stream.read(id, outs)).props).toEqual(outs);
	await stream.delete(id, outs);
});

test("without nats-server on the PATH the error says what to install", async () => {
	const path = process.env.PATH;
	process.env.PATH = "/usr/bin:/bin";
	try {
		await expect(control(bench.connection)).rejects.toThrow(/no `nats-server` on the PATH.*install 2\.15\.0/);
	} finally {
		process.env.PATH = path;
	}
});

test("a hub killed with -9 in the middle, and started again, costs no operation", async () => {
	const names = Array.from({ length: 20 }, (_, i) => `hub_c${i}`);
	const inputs = (name: string) => {
		const props = streamProps(bench.connection, { sources: sources("edge1") });
		return { ...props, config: { ...(props.config as object), name } };
	};
	await control(bench.connection).then((way) => way.ready());
	// Requests are under way and unanswered when it dies.
	bench.pause("hub");
	const created = names.map((name) => stream.create(inputs(name)));
	expect(await Promise.race([...created, sleep(1_000)])).toBeUndefined();
	await bench.kill("hub");
	await bench.start("hub");
	await Promise.all(created);
	for (const name of names) expect((await stream.read(name, inputs(name))).id).toBe(name);
	for (const name of names) await stream.delete(name, inputs(name));
}, 120_000);

test("one node of the hub that is older than the others can read is named", () => {
	const node = (name: string, ver: string) => ({ server: { name, ver } });
	const hub = [node("hub-1", "2.15.2+leafline.1"), node("hub-2", "2.15.0"), node("hub-3", "2.15.2")];
	expect(() => checkVersions(hub)).not.toThrow();
	expect(() => checkVersions([...hub.slice(0, 2), node("hub-3", "2.14.5")])).toThrow(
		"the hub's nats-server is too old: hub-3 runs 2.14.5, and 2.15.0 or later is needed on every node; raise it, and run it again",
	);
});

/** Another Node process that opens a control leaf and holds it. */
async function startParent(): Promise<ChildProcess> {
	const compiled = resolve("bin/control/control.js");
	const script = `require(${JSON.stringify(compiled)}).control(JSON.parse(process.env.LEAFLINE_TEST_CONNECTION)).then(() => console.log("up"))`;
	const child = spawn(process.execPath, ["-e", script], {
		stdio: ["pipe", "pipe", "inherit"],
		env: { ...process.env, LEAFLINE_TEST_CONNECTION: JSON.stringify(bench.connection) },
	});
	await new Promise<void>((up, reject) => {
		child.stdout?.once("data", () => up());
		child.once("exit", (code) => reject(new Error(`the parent ended with ${code}`)));
	});
	return child;
}
