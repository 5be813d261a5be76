import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, expect, it } from "vitest";
import { createProject, type Project } from "./project";
import { load } from "./support";

const { startTime } = load(
	"../../toolchain/process-identity.js",
) as typeof import("../../toolchain/process-identity.js");

let project: Project | undefined;
const pids: number[] = [];
afterEach(() => {
	for (const pid of pids.splice(0)) {
		try {
			// Its child outlives it otherwise.
			process.kill(-pid, "SIGKILL");
		} catch {
			// Nobody of the group is left.
		}
	}
	project?.dispose();
});

/** A process that only SIGKILL ends, started as a daemon is: it leads a group and has a child. */
function daemon(name: string, started?: string): number {
	const { pid } = spawn("/bin/sh", ["-c", "trap '' TERM; sleep 300 & wait"], { detached: true, stdio: "ignore" });
	if (pid === undefined || !project) throw new Error("no daemon");
	pids.push(pid);
	project.write(`.leafline/local/${name}/daemon.record`, `${pid}\n${started ?? startTime(pid)}\n{}\n`);
	return pid;
}

it("does nothing, successfully, when nothing is up", async () => {
	project = createProject("");
	const { code, text } = await project.run("down");
	expect({ code, text }).toEqual({ code: 0, text: "nothing is up\n" });
	expect(project.exists(".leafline")).toBe(false);
	expect(project.exists("bin")).toBe(false);
});

it("clears up by the records alone when there is nothing to run an engine with", async () => {
	project = createProject("");
	fs.rmSync(path.join(project.root, "node_modules"));
	const mine = daemon("hub");
	const other = daemon("edge1", "1");
	project.write(".leafline/state/.pulumi/stacks/tryout/local.json", "{}");
	project.write("Pulumi.local.yaml", project.read("stacks/local.yaml"));
	const { code, text } = await project.run("down");
	expect(text).toMatch(/^✓ down/);
	expect(code).toBe(0);
	expect(startTime(mine)).toBeUndefined();
	// Its number is on record, but with another start: it is somebody else's process.
	expect(startTime(other)).toBeDefined();
	expect(project.exists(".leafline")).toBe(false);
	expect(project.exists("Pulumi.local.yaml")).toBe(false);
}, 30_000);

it("clears up although the update crashed and the program is broken", async () => {
	project = createProject(`
import * as command from "@pulumi/command";
new command.local.Command("thing", { create: "true", delete: "false" });
`);
	expect((await project.run("up")).code).toBe(0);
	project.write(".leafline/state/.pulumi/locks/organization/tryout/local/0b0e.json", '{"pid":1,"username":"x"}');
	const stopped = daemon("hub");
	const { code, text } = await project.run("down");
	expect(text).toContain("pulumi destroy failed; the rest is removed by hand");
	expect(text).toContain("exit status 1");
	expect(code).toBe(0);
	expect(startTime(stopped)).toBeUndefined();
	expect(project.exists(".leafline")).toBe(false);
	expect(project.exists("Pulumi.local.yaml")).toBe(false);
	expect((await project.run("down")).text).toBe("nothing is up\n");
}, 60_000);

it("keeps the state when only the user's own backend has it and it cannot be destroyed", async () => {
	project = createProject(`
import * as command from "@pulumi/command";
new command.local.Command("thing", { create: "true", delete: "false" });
`);
	const backend = path.join(path.dirname(project.root), "backend");
	fs.mkdirSync(backend);
	const env = { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: "mine" };
	expect((await project.start(["up"], env).finished).code).toBe(0);
	const { code, text } = await project.start(["down"], env).finished;
	expect(code).toBe(1);
	expect(text).toContain("pulumi destroy failed:");
	expect(fs.existsSync(path.join(backend, ".pulumi/stacks/tryout/local.json"))).toBe(true);
}, 60_000);
