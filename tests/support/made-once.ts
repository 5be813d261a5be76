import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../toolchain/paths.js";

/**
 * A folder in the user's cache that is made once.
 * @param key name of it among those of that name: what it is made of
 * @param make fills an empty folder; what it throws is thrown, and nothing is left of the folder
 */
export function madeOnce(name: string, key: string, make: (work: string) => void): string {
	const tools = join(cacheFolder(process.env), "tools", name);
	const folder = join(tools, key);
	if (existsSync(folder)) return folder;
	mkdirSync(tools, { recursive: true });
	const work = mkdtempSync(join(tools, "making-"));
	try {
		make(work);
		// Another run may have been quicker.
		if (!existsSync(folder)) renameSync(work, folder);
		return folder;
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

/** Runs what makes something, to its end. @throws Error with the last of what it says */
export function runToMake(program: string, args: readonly string[], cwd: string): void {
	const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 300_000 });
	if (status === 0) return;
	const said = `${stdout}${stderr}`.trim().split("\n").slice(-5).join("; ");
	throw new Error(`${program} ${args[0]} failed: ${error?.message ?? said}`);
}
