import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf } from "../../system/message";
import { findOnPath } from "../../toolchain/paths.js";
import { goBuild, hasGo } from "../support/go-build";
import { madeOnce, runToMake } from "../support/made-once";

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
	const key = shortDigest(digestOf(folder, ["requirements.txt"]) + version);
	try {
		const made = madeOnce(["example", ...path].join("-"), key, (work) => {
			const args = ["-m", "pip", "install", "--quiet", "--no-input", "--target", work];
			runToMake(python, [...args, "-r", join(folder, "requirements.txt")], work);
		});
		const name = readdirSync(folder).find((file) => file.endsWith(".py")) ?? "";
		return { command: [python, join(folder, name)], env: { PYTHONPATH: made } };
	} catch (error) {
		return { why: messageOf(error) };
	}
}

/** A program in TypeScript, with the packages that its lock file names, compiled as its `package.json` says. */
export function inTypeScript(...path: string[]): Program {
	const folder = example(...path);
	const files = readdirSync(folder).filter((file) => /\.(ts|json)$/.test(file));
	const made = madeOnce(["example", ...path].join("-"), shortDigest(digestOf(folder, files)), (work) => {
		for (const file of files) cpSync(join(folder, file), join(work, file));
		runToMake("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], work);
		runToMake("npm", ["run", "build"], work);
	});
	const [name = ""] = files.filter((file) => file.endsWith(".ts"));
	return { command: [process.execPath, join(made, "bin", name.replace(/\.ts$/, ".js"))] };
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
	const key = shortDigest(digestOf(folder, [name]) + asked.stdout);
	const made = madeOnce(["example", ...path].join("-"), key, (work) => {
		const warnings = ["-Wall", "-Wextra", "-Werror", "-O2"];
		runToMake("cc", [...warnings, "-o", join(work, "program"), join(folder, name), ...flags.split(/\s+/)], work);
	});
	return { command: [join(made, "program")] };
}

function digestOf(folder: string, files: readonly string[]): string {
	const digest = createHash("sha256");
	for (const file of [...files].sort()) digest.update(file).update(readFileSync(join(folder, file)));
	return digest.digest("hex");
}

/** For names of folders. */
function shortDigest(key: string): string {
	return createHash("sha256").update(key).digest("hex").slice(0, 16);
}
