import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { eventually, load, root, start, temporary, write } from "./support";

const { withLock } = load("../../toolchain/lock.js") as typeof import("../../toolchain/lock.js");
const { startTime } = load(
	"../../toolchain/process-identity.js",
) as typeof import("../../toolchain/process-identity.js");

/** A program that takes the lock, notes when it has it, and gives it back when told to, or after `holdMs`. */
const HOLDER = `
const fs = require("node:fs");
const { withLock } = require(${JSON.stringify(path.join(root, "toolchain/lock.js"))});
const [file, log, name, holdMs] = process.argv.slice(2);
withLock(file, ({ pid }) => fs.appendFileSync(log, name + " waits for " + pid + "\\n"), async () => {
	fs.appendFileSync(log, name + " in\\n");
	await new Promise((resolve) => setTimeout(resolve, Number(holdMs)));
	fs.appendFileSync(log, name + " out\\n");
});
`;

function prepare() {
	const folder = temporary();
	const holder = write(path.join(folder, "holder.js"), HOLDER);
	const file = path.join(folder, "locks", "tools");
	const log = path.join(folder, "log");
	const hold = (name: string, ms: number) =>
		start(process.execPath, [holder, file, log, name, String(ms)], { cwd: folder, env: process.env });
	const lines = () => (fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim().split("\n") : []);
	return { file, hold, lines };
}

it("lets one process in at a time, and tells the other whom it waits for", async () => {
	const { file, hold, lines } = prepare();
	const first = hold("first", 600);
	await eventually("first has it", () => lines().includes("first in"));
	const second = hold("second", 0);
	await Promise.all([first.finished, second.finished]);
	expect(lines()).toEqual(["first in", `second waits for ${first.child.pid}`, "first out", "second in", "second out"]);
	expect(fs.existsSync(file)).toBe(false);
});

it("never lets two in, however many come", async () => {
	const { hold, lines } = prepare();
	await Promise.all(["a", "b", "c", "d", "e", "f"].map((name) => hold(name, 30).finished));
	const entries = lines().filter((line) => !line.includes("waits"));
	expect(entries).toHaveLength(12);
	for (let i = 0; i < entries.length; i += 2) {
		expect(entries[i + 1]).toBe(entries[i]?.replace(" in", " out"));
	}
});

it("breaks the lock of a process that was killed", async () => {
	const { hold, lines } = prepare();
	const first = hold("first", 60_000);
	await eventually("first has it", () => lines().includes("first in"));
	first.child.kill("SIGKILL");
	await first.finished;
	await hold("second", 0).finished;
	expect(lines()).toEqual(["first in", "second in", "second out"]);
});

it("breaks a lock whose process number belongs to another process by now", async () => {
	const { file } = prepare();
	write(file, `${process.pid} 1\n`);
	expect(startTime(process.pid)).not.toBe("1");
	await expect(
		withLock(
			file,
			() => {},
			async () => "in",
		),
	).resolves.toBe("in");
});

it("is given back when the task fails", async () => {
	const { file } = prepare();
	const failing = withLock(
		file,
		() => {},
		async () => {
			throw new Error("no luck");
		},
	);
	await expect(failing).rejects.toThrow("no luck");
	expect(fs.existsSync(file)).toBe(false);
});
