import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, findOnPath } from "../../toolchain/paths.js";

const VERSION = "2.19.14";

/** Runs `ansible-inventory` and gives what it wrote. */
export type AnsibleInventory = (...args: readonly string[]) => SpawnSyncReturns<string>;

/** `ansible-inventory`: the one on PATH, else one in the user's cache, installed there once. An object says why there is none. */
export function ansibleInventory(): AnsibleInventory | { readonly why: string } {
	const [onPath] = findOnPath("ansible-inventory", process.env);
	if (onPath !== undefined) return (...args) => spawnSync(onPath, args, { encoding: "utf8" });
	const [python] = findOnPath("python3", process.env);
	if (python === undefined) return { why: "neither ansible-inventory nor Python is on PATH" };
	const tools = join(cacheFolder(process.env), "tools", "ansible");
	// With Python's own version: a part of it is compiled.
	const folder = join(tools, `${VERSION}-${spawnSync(python, ["--version"], { encoding: "utf8" }).stdout.trim()}`);
	const why = existsSync(folder) ? undefined : install(python, tools, folder);
	if (why !== undefined) return { why };
	const env = { ...process.env, PYTHONPATH: folder };
	return (...args) => spawnSync(python, [join(folder, "bin", "ansible-inventory"), ...args], { encoding: "utf8", env });
}

/** Gives what stands against it. */
function install(python: string, tools: string, folder: string): string | undefined {
	mkdirSync(tools, { recursive: true });
	const work = mkdtempSync(join(tools, "install-"));
	try {
		const args = ["-m", "pip", "install", "--quiet", "--no-input", "--target", work, `ansible-core==${VERSION}`];
		const { status, stderr, error } = spawnSync(python, args, { encoding: "utf8", timeout: 180_000 });
		if (status !== 0) return `pip does not install ansible-core: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
		// Another run may have been quicker.
		if (!existsSync(folder)) renameSync(work, folder);
		return undefined;
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}
