import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { load, root, start } from "./support";

const { Message, explain } = load("../../toolchain/message.js") as typeof import("../../toolchain/message.js");

it("shows a message as it stands, and a mistake of ours with its stack", () => {
	expect(explain(new Message("no Go", 3))).toEqual({ text: "no Go", exitCode: 3 });
	expect(explain(new TypeError("x")).text).toMatch(/^TypeError: x\n {4}at /);
	expect(explain("odd")).toEqual({ text: "odd", exitCode: 1 });
});

it("says in one line what the system refuses", () => {
	const file = path.join(__filename, "folder");
	try {
		fs.mkdirSync(file);
	} catch (error) {
		expect(explain(error)).toEqual({ text: `cannot use ${file}: a part of the path is no folder`, exitCode: 1 });
	}
	expect.assertions(1);
});

it("says so when nothing can be kept in the home folder", async () => {
	const { XDG_CACHE_HOME, ...env } = process.env;
	const home = { ...env, HOME: path.join(__filename, "home") };
	const { code, text } = await start(process.execPath, ["toolchain/run.js", "build"], { cwd: root, env: home })
		.finished;
	expect(text).toMatch(/^cannot use \S+: a part of the path is no folder; HOME or XDG_CACHE_HOME must name .*\n$/);
	expect(code).toBe(1);
});
