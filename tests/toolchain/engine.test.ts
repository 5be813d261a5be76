import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, type Project } from "./project";
import { eventually } from "./support";

/**
 * The engine as `npm run pulumi` starts it, with whatever plugins this machine has: Pulumi's own or the stand-ins. Both
 * have to behave as told here.
 */

const PROGRAM = `
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const greeting = config.require("greeting");
const hidden = config.getSecret("hidden") ?? pulumi.secret("nobody");

const first = new command.local.Command("first", {
	create: "echo made $GREETING; cat >&2",
	update: "echo changed to $GREETING, was $PULUMI_COMMAND_STDOUT; cat >&2",
	delete: "echo $GREETING >>deleted",
	stdin: hidden,
	environment: { GREETING: greeting, LOUD: config.get("loud") ?? "no" },
	dir: process.cwd(),
	triggers: config.getObject<string[]>("triggers") ?? ["one"],
	logging: "stdout",
}, { additionalSecretOutputs: ["stderr"] });

const second = new command.local.Command("second", {
	create: pulumi.interpolate\`echo "\${first.stdout}" | tr a-z A-Z; \${config.get("then") ?? "exit 0"}\`,
	interpreter: ["/bin/sh", "-eu", "-c"],
	addPreviousOutputInEnv: false,
});

const asked = command.local.runOutput({ command: "echo $A; cat", environment: { A: "asked" }, stdin: "in" });

/** What a dynamic provider needs, as text, so that nothing is serialised. */
const PROVIDER = "exports.handler=()=>({create:async(i)=>({id:'note',outs:{text:i.text+'!'}})," +
	"update:async(id,o,n)=>({outs:{text:n.text+'!'}})})";
class Note extends pulumi.CustomResource {
	declare readonly text: pulumi.Output<string>;
	constructor(name: string, text: string) {
		super("pulumi-nodejs:dynamic/tryout:Note", name, { text, __provider: PROVIDER });
	}
}
const note = new Note("note", greeting);

export const noted = note.text;
export const out = first.stdout;
export const err = first.stderr;
export const upper = second.stdout;
export const run = asked.stdout;
export const stack = pulumi.getStack();
export const hiddenIsSecret = pulumi.isSecret(hidden);
`;

let project: Project;
beforeAll(() => {
	project = createProject(PROGRAM, "it's a 100% odd #1 näme?");
});
afterAll(() => project.dispose());

async function outputs(...args: string[]): Promise<Record<string, unknown>> {
	const { stdout } = await project.run("pulumi", "stack", "output", "--json", ...args);
	return JSON.parse(stdout) as Record<string, unknown>;
}

/** Stand-ins at work for this project; with Pulumi's own plugins there are none. */
function plugins(): string[] {
	return processes((line) => line.includes(`${project.root}/toolchain/offline/`)).map(({ line }) => line);
}

function processes(wanted: (line: string) => boolean): { pid: number; line: string; cwd: string }[] {
	return fs.readdirSync("/proc").flatMap((name) => {
		try {
			const line = /^\d+$/.test(name) ? fs.readFileSync(`/proc/${name}/cmdline`, "utf8") : "";
			return wanted(line) ? [{ pid: Number(name), line, cwd: fs.readlinkSync(`/proc/${name}/cwd`) }] : [];
		} catch {
			return [];
		}
	});
}

// Several runs of the engine each, on a machine that may be busy.
describe("the engine on a small program", { timeout: 120_000 }, () => {
	it("previews before anything exists: outputs are not known, and no command has run", async () => {
		const { code, text } = await project.run("pulumi", "preview");
		expect(text).toMatch(/\+ 4 to create/);
		expect(text).toMatch(/out +: \[unknown\]/);
		expect(text).toMatch(/upper +: \[unknown\]/);
		expect(text).toMatch(/run +: "asked\\nin"/);
		expect(text).not.toContain("from $PATH");
		expect(code).toBe(0);
	});

	it("creates", async () => {
		const { code, text } = await project.run("up");
		expect(text).toMatch(/\+ 4 created/);
		expect(code).toBe(0);
		expect(await outputs("--show-secrets")).toEqual({
			out: "made hello",
			err: "nobody",
			upper: "MADE HELLO",
			run: "asked\nin",
			noted: "hello!",
			stack: "local",
			hiddenIsSecret: expect.anything(),
		});
	});

	it("keeps secrets out of the state, the console and plain outputs", async () => {
		await project.run("pulumi", "config", "set", "--secret", "hidden", "swordfish");
		const { code, text } = await project.run("up");
		expect(code).toBe(0);
		expect(text).not.toContain("swordfish");
		expect(text).toMatch(/~ 2 updated/);
		const { stdout } = await project.run("pulumi", "stack", "export");
		expect(stdout).not.toContain("swordfish");
		expect((await outputs()).err).toBe("[secret]");
		expect((await outputs("--show-secrets")).err).toBe("swordfish");
		expect(project.read("Pulumi.local.yaml")).not.toContain("swordfish");
	});

	it("finds nothing to do the second time", async () => {
		const { code, text } = await project.run("pulumi", "preview", "--expect-no-changes");
		expect(text).toMatch(/4 unchanged/);
		expect(code).toBe(0);
	});

	it("updates with the update command, which is told what the last one printed", async () => {
		const preview = await project.run("pulumi", "preview", "--diff", "--config", "greeting=goodbye");
		expect(preview.text).toMatch(/GREETING: "hello" => "goodbye"/);
		expect(preview.text).toMatch(/~ [23] to update/);
		const { code, text } = await project.run("up");
		expect(code).toBe(0);
		expect(text).toMatch(/~ 3 updated/);
		const { out, upper } = await outputs();
		expect(out).toMatch(/^changed to goodbye, was (made|changed to) hello/);
		expect(upper).toBe(String(out).toUpperCase());
	});

	it("replaces when a trigger changes: creates the new one, then deletes the old", async () => {
		const { code, text } = await project.run("up", "--config-path", "--config", "triggers[0]=two");
		expect(code).toBe(0);
		expect(text).toMatch(/1 replaced/);
		expect((await outputs()).out).toBe("made goodbye");
		expect(project.read("bin/deleted")).toBe("goodbye\n");
	});

	it("refreshes without finding a change", async () => {
		const { code, text } = await project.run("pulumi", "refresh", "--yes", "--expect-no-changes");
		expect(text).toMatch(/4 unchanged/);
		expect(code).toBe(0);
	});

	it("fails with what the command printed, keeps the state, and goes on once it is mended", async () => {
		const { code, text } = await project.run("up", "--config", "then=exit 7");
		expect(code).not.toBe(0);
		expect(text).toMatch(/exit status 7: running "echo [^\n]*exit 7":\n +MADE GOODBYE/);
		expect(text).not.toMatch(/\n\s+at /);
		expect((await project.run("up", "--config", "then=exit 0")).code).toBe(0);
		expect((await outputs()).upper).toBe("MADE GOODBYE");
	});

	it("ends a running command when it is interrupted", async () => {
		const { child, finished, output } = project.start(["up", "--config", "then=echo started; exec sleep 60"]);
		await eventually("the command runs", () => output().includes("started"), 30_000);
		const before = Date.now();
		child.kill("SIGINT");
		const { code, text } = await finished;
		expect(code).not.toBe(0);
		expect(text).toMatch(/signal: killed|cancel/i);
		expect(Date.now() - before).toBeLessThan(20_000);
		expect(plugins()).toEqual([]);
	});

	it("leaves no plugin behind when the engine is killed", async () => {
		const { finished, output } = project.start(["up"]);
		await eventually("the command runs", () => output().includes("started"), 30_000);
		const engines = processes((line) => /^[^\0]*pulumi\0up\0--yes/.test(line));
		const mine = engines.filter(({ cwd }) => cwd === project.root);
		expect(mine).toHaveLength(1);
		for (const { pid } of mine) process.kill(pid, "SIGKILL");
		expect((await finished).code).not.toBe(0);
		await eventually("the plugins have ended", () => plugins().length === 0, 10_000);
	});

	it("does again what the update that was killed had begun, says so once, and nothing of it any more", async () => {
		const { code, text } = await project.run("up", "--config", "then=exit 0");
		expect([code, text]).toEqual([
			0,
			expect.stringMatching(/interrupted; 1 operation that it had begun \(\w+ second\): done again/),
		]);
		expect(text).not.toMatch(/pending operations/i);
		expect((await outputs()).upper).toBe("MADE GOODBYE");
		expect((await project.run("up")).text).not.toMatch(/interrupted|pending operations/i);
	});

	it("says so when the passphrase that is kept does not open the stack any more", async () => {
		const kept = project.read(".leafline/passphrase");
		project.write(".leafline/passphrase", "another");
		const { code, text } = await project.run("up");
		expect(code).not.toBe(0);
		expect(text).toMatch(
			/does not open the local stack: write the one that you have chosen into that file, or begin anew/,
		);
		project.write(".leafline/passphrase", kept);
		expect((await project.run("up")).text).not.toMatch(/does not open/);
	});

	it("is gone without a trace after down, settings of the user's own excepted", async () => {
		const { code, text } = await project.run("down");
		expect(text).toContain("Pulumi.local.yaml holds settings of yours and stays");
		expect(code).toBe(0);
		expect(project.exists(".leafline")).toBe(false);
		expect(project.read("Pulumi.local.yaml")).toContain("tryout:greeting: goodbye");
		expect(project.read("Pulumi.local.yaml")).not.toMatch(/encryptionsalt|secure:/);
		expect(project.read("bin/deleted")).toBe("goodbye\ngoodbye\n");
	});
});
