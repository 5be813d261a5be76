import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder, findOnPath } from "../../toolchain/paths.js";
import { goBuild, hasGo } from "../support/go-build";

/** A program that can be started, or why there is none on this machine. */
export type Program =
	| { readonly command: readonly string[]; readonly env?: Readonly<Record<string, string>> }
	| { readonly why: string };

/** Folder of an example. */
const example = (...path: string[]) => resolve(__dirname, "../../examples", ...path);

/** A program in Go, built once for each version of its files. */
export function inGo(...path: string[]): Program {
	if (!hasGo()) return { why: "there is no Go on PATH" };
	return { command: [goBuild(["example", ...path].join("-"), example(...path))] };
}

/** A program in Python, with what its `requirements.txt` names. */
export function inPython(...path: string[]): Program {
	const [python] = findOnPath("python3", process.env);
	if (python === undefined) return { why: "there is no Python on PATH" };
	const folder = example(...path);
	const version = spawnSync(python, ["--version"], { encoding: "utf8" }).stdout.trim();
	const made = madeOnce(["example", ...path].join("-"), digestOf(folder, ["requirements.txt"]) + version, (work) => {
		const args = ["-m", "pip", "install", "--quiet", "--no-input", "--target", work];
		return run(python, [...args, "-r", join(folder, "requirements.txt")], work);
	});
	if ("why" in made) return made;
	const name = readdirSync(folder).find((file) => file.endsWith(".py")) ?? "";
	return { command: [python, join(folder, name)], env: { PYTHONPATH: made.folder } };
}

/** A program in TypeScript, with the packages that its lock file names, compiled as its `package.json` says. */
export function inTypeScript(...path: string[]): Program {
	const folder = example(...path);
	const files = readdirSync(folder).filter((file) => /\.(ts|json)$/.test(file));
	const made = madeOnce(["example", ...path].join("-"), digestOf(folder, files), (work) => {
		for (const file of files) cpSync(join(folder, file), join(work, file));
		return (
			run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], work) ?? run("npm", ["run", "build"], work)
		);
	});
	if ("why" in made) throw new Error(made.why);
	const [name = ""] = files.filter((file) => file.endsWith(".ts"));
	return { command: [process.execPath, join(made.folder, "bin", name.replace(/\.ts$/, ".js"))] };
}

/** A program in C, with a library that pkg-config knows. */
export function inC(library: string, ...path: string[]): Program {
	for (const tool of ["cc", "pkg-config"]) {
		if (findOnPath(tool, process.env).length === 0) return { why: `there is no ${tool} on PATH` };
	}
	const asked = spawnSync("pkg-config", ["--cflags", "--libs", "--modversion", library], { encoding: "utf8" });
	if (asked.status !== 0) return { why: `${library} is not installed, as far as pkg-config knows` };
	const folder = example(...path);
	const [name = ""] = readdirSync(folder).filter((file) => file.endsWith(".c"));
	const flags = spawnSync("pkg-config", ["--cflags", "--libs", library], { encoding: "utf8" }).stdout.trim();
	const made = madeOnce(["example", ...path].join("-"), digestOf(folder, [name]) + asked.stdout, (work) => {
		const warnings = ["-Wall", "-Wextra", "-Werror", "-O2"];
		return run("cc", [...warnings, "-o", join(work, "program"), join(folder, name), ...flags.split(/\s+/)], work);
	});
	if ("why" in made) throw new Error(made.why);
	return { command: [join(made.folder, "program")] };
}

/** In the user's cache, by what it is made of. @param make gives what stands against it */
function madeOnce(
	name: string,
	key: string,
	make: (work: string) => string | undefined,
): { readonly folder: string } | { readonly why: string } {
	const tools = join(cacheFolder(process.env), "tools", name);
	const folder = join(tools, createHash("sha256").update(key).digest("hex").slice(0, 16));
	if (existsSync(folder)) return { folder };
	mkdirSync(tools, { recursive: true });
	const work = mkdtempSync(join(tools, "making-"));
	try {
		const why = make(work);
		if (why !== undefined) return { why };
		// Another run may have been quicker.
		if (!existsSync(folder)) renameSync(work, folder);
		return { folder };
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

function digestOf(folder: string, files: readonly string[]): string {
	const digest = createHash("sha256");
	for (const file of [...files].sort()) digest.update(file).update(readFileSync(join(folder, file)));
	return digest.digest("hex");
}

function run(command: string, args: readonly string[], cwd: string): string | undefined {
	const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 300_000 });
	if (status === 0) return undefined;
	return `${command} ${args[0]} failed: ${error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-5).join("; ")}`;
}
