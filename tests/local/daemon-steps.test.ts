import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { startTime } from "../../system/process";
import { read, recordOf, root, start, stop, useDaemons } from "./daemon-bench";
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
