import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { load, write } from "./support";

const { removeDeadLocks, requireUnlocked } = load(
	"../../toolchain/engine-lock.js",
) as typeof import("../../toolchain/engine-lock.js");

let state: string;
const pids: number[] = [];
beforeEach(() => {
	state = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-lock-"));
});
afterEach(() => {
	for (const pid of pids.splice(0)) process.kill(pid, "SIGKILL");
	fs.rmSync(state, { recursive: true, force: true });
});

function lock(pid: number, hostname = os.hostname()): string {
	const file = path.join(state, ".pulumi/locks/organization/leafline/local/0b0e.json");
	write(file, JSON.stringify({ pid, hostname, username: "x" }));
	write(`${file}.attrs`, "{}");
	return file;
}

/** A process that goes by the name of the engine. */
function engine(): number {
	const program = path.join(state, "pulumi");
	fs.copyFileSync("/bin/sleep", program);
	fs.chmodSync(program, 0o755);
	const { pid } = spawn(program, ["60"], { stdio: "ignore" });
	if (pid === undefined) throw new Error("no process");
	pids.push(pid);
	return pid;
}

it("has nothing to do where nobody was", () => {
	expect(removeDeadLocks(path.join(state, "none"))).toEqual([]);
	expect(() => requireUnlocked(state)).not.toThrow();
});

it("takes away what a killed engine has left, also when its number belongs to another program now", () => {
	for (const pid of [2 ** 22 + 1, process.pid]) {
		const file = lock(pid);
		requireUnlocked(state);
		expect([fs.existsSync(file), fs.existsSync(`${file}.attrs`)]).toEqual([false, false]);
	}
});

it("keeps the lock of an engine that runs, and says who has it", () => {
	const pid = engine();
	const file = lock(pid);
	expect(() => requireUnlocked(state)).toThrow(
		`another update of this stack is under way (process ${pid}); try again when it has ended`,
	);
	expect(fs.existsSync(file)).toBe(true);
});

it("does not judge the processes of another machine", () => {
	const file = lock(process.pid, "elsewhere");
	expect(() => requireUnlocked(state)).toThrow(/process \d+ on elsewhere.*npm run pulumi -- cancel --yes/);
	expect(fs.existsSync(file)).toBe(true);
});
