import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { startTime } from "../../system/process";
import { again, port, read, recordOf, root, start, startPlain, stop, useDaemons } from "./daemon-bench";
import { eventually } from "./scripts";

useDaemons();

/** A script that notes when it ran; from anywhere, so its path is absolute. */
function step(name: string, code = 0): { script: string; args: string[] } {
	const script = path.join(root, `${name}.js`);
	const note = `fs.appendFileSync("steps", process.argv.slice(2).join(" ") + "\\n")`;
	fs.writeFileSync(
		script,
		`const fs = require("fs"); ${note}; console.error("${name} says so"); process.exit(${code});`,
	);
	return { script, args: [name] };
}

const steps = () => read("one/steps").trim().split("\n");

it("runs a step before each start and one after each end that it was told to take", async () => {
	const change = { before: step("first"), after: step("last") };
	expect(await start(change)).toMatchObject({ code: 0 });
	expect(steps()).toEqual(["first"]);
	await start({ ...change, version: "2" });
	expect(steps()).toEqual(["first", "last", "first"]);
	await stop();
	expect(steps()).toEqual(["first", "last", "first", "last"]);
});

it("runs no step after an end that nobody asked for", async () => {
	const change = { before: step("first"), after: step("last") };
	await start(change);
	const { pid } = recordOf("one");
	process.kill(pid, "SIGKILL");
	await eventually(() => startTime(pid) === undefined, "the end of the daemon");
	await start(change, { generation: 8 });
	expect(steps()).toEqual(["first", "first"]);
});

it("runs no step after an end that had to be forced", async () => {
	const change = { before: step("first"), after: step("last"), args: ["server.js", "stubborn"] };
	await start(change);
	await stop();
	expect(steps()).toEqual(["first"]);
});

it("does not start the program when the step before it fails, and shows what it said", async () => {
	const result = await start({ before: step("first", 1) });
	expect(result.code).toBe(1);
	expect(result.stderr).toMatch(/one ended right after its start; the end of its log:\nfirst says so/);
	expect(fs.existsSync(path.join(root, "one/seen.json"))).toBe(false);
});

it("starts a daemon again as it was, in order, and none that has ended", async () => {
	await startPlain({ before: step("first"), after: step("last") });
	const before = recordOf("one");
	expect(await again()).toMatchObject({ code: 0 });
	const after = recordOf("one");
	expect(steps()).toEqual(["first", "last", "first"]);
	expect(startTime(before.pid)).toBeUndefined();
	expect(startTime(after.pid)).toBe(after.started);
	expect({ ...after, pid: 0, started: "" }).toEqual({ ...before, pid: 0, started: "" });

	process.kill(after.pid, "SIGKILL");
	await eventually(() => startTime(after.pid) === undefined, "the end of the daemon");
	const refused = await again();
	expect(refused.code).toBe(1);
	expect(refused.stderr).toMatch(/^no daemon of \S+ runs$/m);
	expect(steps()).toEqual(["first", "last", "first"]);
});

it("is started once where an update and a restart come at the same moment", async () => {
	const change = { before: step("first"), after: step("last") };
	await startPlain(change);
	const [restart, update] = await Promise.all([again(), startPlain({ ...change, version: "2" }, { generation: 8 })]);
	expect(update.code, update.stderr).toBe(0);
	expect(restart.code, restart.stderr).toBe(0);
	expect(steps()).toEqual(["first", "last", "first", "last", "first"]);
	expect(fs.readdirSync(path.join(root, "one")).filter((name) => name.includes("daemon.lock"))).toEqual([]);
});

it("does not wait for a lock of a process that was killed", async () => {
	await startPlain({});
	fs.writeFileSync(path.join(root, "one/daemon.lock"), "4194304\n1\n");
	expect(await again()).toMatchObject({ code: 0 });
});

it("keeps nothing of an environment, which may be secret, and so does not start such a daemon again", async () => {
	await start({ env: { PORT: String(port), TOKEN: "t0ps3cret" } });
	expect(read("one/daemon.record")).not.toContain("t0ps3cret");
	expect((await again()).stderr).toMatch(/one was started by another leafline, or with an environment: npm run up/);
});
