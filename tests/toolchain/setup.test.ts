import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "./project";
import { bareEnvironment, load, root, script, start, temporary, write } from "./support";

const { readable } = load("../../toolchain/engine-up.js") as typeof import("../../toolchain/engine-up.js");

let project: Project | undefined;
afterEach(() => {
	project?.dispose();
	project = undefined;
});

describe("set-up", () => {
	it("says in one line that a passphrase is missing", async () => {
		project = createProject("export {};");
		project.write("Pulumi.dev.yaml", "config: {}\nencryptionsalt: v1:abc=:v1:def:ghi==\n");
		const { code, stderr } = await project.run("pulumi", "preview", "--stack", "dev");
		expect(code).toBe(1);
		expect(stderr.trim().split("\n").at(-1)).toBe(
			"The secrets of the stack dev are locked with a passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
		);
	});

	it("shows what does not compile, leaves no stamp, and compiles once it is mended", async () => {
		project = createProject('export const a: number = "one";');
		const { code, stderr } = await project.run("build");
		expect(code).toBe(1);
		expect(stderr).toContain("The sources do not compile:\nindex.ts(1,14): error TS2322");
		expect(stderr).not.toContain("    at ");
		expect(project.exists("bin/.build")).toBe(false);
		project.write("index.ts", "export const a: number = 1;");
		expect((await project.run("build")).code).toBe(0);
		expect(project.read("bin/index.js")).toContain("exports.a = 1");
		expect((await project.run("build")).text).toBe("");
	});

	it("lets the user choose where the other stacks are, without a word about the local one", async () => {
		project = createProject("export {};");
		const [home, state] = [temporary(), temporary()];
		const run = (...args: string[]) => project?.start(["pulumi", ...args], { PULUMI_HOME: home }).finished;
		const login = await run("login", `file://${state}`);
		expect(login?.text).toMatch(/Logged in to .*\n$/);
		expect(login?.text).not.toContain("conflicts");
		expect((await run("whoami", "-v"))?.text).toContain(`file://${state}`);
	});

	it("refuses an unknown command", async () => {
		project = createProject("");
		const { code, text } = await project.run("upp");
		expect(text).toMatch(/^usage: node toolchain\/run\.js start\|up\|down\|[a-z|-]+ \[arguments\]\n$/);
		expect(code).toBe(2);
	});

	it("tells the command line's user what to do when nothing is built", async () => {
		project = createProject("");
		const { code, text } = await start(process.execPath, ["toolchain/leafline.js", "status"], {
			cwd: project.root,
			env: project.env,
		}).finished;
		expect(code).toBe(1);
		expect(text).toBe("leafline is not built yet: npm start does it, or npm run build\n");
	});
});

describe("npm packages", () => {
	/** A project whose `npm` writes down that it was called. */
	function packages(lock: object, installed?: object) {
		const folder = temporary();
		write(path.join(folder, "package-lock.json"), JSON.stringify(lock));
		if (installed) write(path.join(folder, "node_modules/.package-lock.json"), JSON.stringify(installed));
		const calls = write(path.join(folder, "calls"), "");
		script(path.join(folder, "bin/npm"), `echo "$*" >>"${calls}"; mkdir -p node_modules; exit \${NPM_EXIT:-0}`);
		const body = `require(${JSON.stringify(path.join(root, "toolchain/dependencies.js"))})
			.installDependencies(${JSON.stringify(folder)}, process.env)
			.catch((error) => { console.error(error.message); process.exitCode = 1; });`;
		return {
			folder,
			install: (env: NodeJS.ProcessEnv = {}) =>
				start(process.execPath, ["-e", body], {
					cwd: folder,
					env: { ...bareEnvironment(folder, [path.join(folder, "bin")]), ...env },
				}).finished,
			calls: () => fs.readFileSync(calls, "utf8").trim().split("\n").filter(Boolean),
		};
	}
	const lock = {
		packages: {
			"": {},
			"node_modules/a": { version: "1.0.0" },
			"node_modules/elsewhere": { version: "1.0.0", optional: true },
		},
	};

	it("are installed once, without their scripts, and again when the lock file has changed", async () => {
		const { folder, install, calls } = packages(lock);
		await install();
		await install();
		expect(calls()).toEqual(["ci --ignore-scripts --no-audit --no-fund"]);
		write(path.join(folder, "package-lock.json"), JSON.stringify({ ...lock, version: "2" }));
		await install();
		expect(calls()).toHaveLength(2);
	});

	it("are taken as they are when somebody has installed them by hand", async () => {
		const { install, calls } = packages(lock, { packages: { "node_modules/a": { version: "1.0.0" } } });
		expect((await install()).code).toBe(0);
		expect(calls()).toEqual([]);
	});

	it.each([
		["another version", { "node_modules/a": { version: "1.0.1" } }],
		["one missing", {}],
		["one too many", { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0" } }],
	])("are installed when there is %s", async (_, present) => {
		const { install, calls } = packages(lock, { packages: present });
		await install();
		expect(calls()).toHaveLength(1);
	});

	it("are not taken for installed when npm failed", async () => {
		const { install, calls } = packages(lock);
		const { code, stderr } = await install({ NPM_EXIT: "1" });
		expect(code).toBe(1);
		expect(stderr).toContain("npm ci failed:");
		await install();
		expect(calls()).toHaveLength(2);
	});
});

describe("the engine's output when npm start fails", () => {
	it("is cut down to what went wrong", () => {
		const output = [
			"Updating (local):",
			"@ updating....",
			" +  command:local:Command hub creating (0s) ",
			"Diagnostics:",
			"  command:local:Command (hub):",
			"    error: exit status 1: port 4222 is busy",
			"",
			"Outputs:",
			'    leafConfigs: "…"',
			"Resources:",
			"    1 errored",
		].join("\n");
		expect(readable(output)).toBe(
			[
				"pulumi up failed (all of it: .leafline/logs/up.log)",
				"Diagnostics:",
				"  command:local:Command (hub):",
				"    error: exit status 1: port 4222 is busy",
			].join("\n"),
		);
	});

	it("is shown from its end when the engine did not get far", () => {
		expect(readable("error: could not load plugin\n")).toContain("error: could not load plugin");
		expect(readable("something else\n")).toContain("something else");
	});
});

it("the toolchain's plain JavaScript is typed", () => {
	const tsc = path.join(root, "node_modules/typescript/bin/tsc");
	expect(execFileSync(process.execPath, [tsc, "-p", path.join(root, "toolchain")], { encoding: "utf8" })).toBe("");
});
