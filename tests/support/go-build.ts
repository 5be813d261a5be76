import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Whether there is Go on this machine. */
export function hasGo(): boolean {
	try {
		execFileSync("go", ["version"], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}

/** Builds a program of the tests once for each version of its files, into the cache of the user; gives its path. */
export function goBuild(name: string, source: string): string {
	const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "leafline", "tools", name);
	const digest = createHash("sha256");
	for (const file of readdirSync(source).sort()) digest.update(readFileSync(join(source, file)));
	const program = join(cache, `${name}-${digest.digest("hex").slice(0, 16)}-${goIn(source, "env", "GOVERSION")}`);
	if (existsSync(program)) return program;
	mkdirSync(cache, { recursive: true });
	const work = mkdtempSync(join(cache, "build-"));
	try {
		goIn(source, "build", "-mod=readonly", "-trimpath", "-o", join(work, name), ".");
		renameSync(join(work, name), program);
		return program;
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

/** What a command of Go prints in a folder. */
export function goIn(folder: string, ...args: string[]): string {
	const env = { ...process.env, GOWORK: "off", GO111MODULE: "on", CGO_ENABLED: "0" };
	return execFileSync("go", args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}
