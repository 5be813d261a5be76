import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Path of a release of the official `nats-server`, built once from the Go proxy into the cache of the user.
 * @returns undefined, and why not on the error output, where there is no Go or the proxy does not have it
 */
export function releasedServer(version: string): string | undefined {
	const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "leafline", "tools", "released-server");
	const program = join(cache, version, "nats-server");
	if (existsSync(program)) return program;
	mkdirSync(cache, { recursive: true });
	const work = mkdtempSync(join(cache, "build-"));
	try {
		const env = {
			...process.env,
			GOBIN: work,
			GOFLAGS: "-trimpath",
			GO111MODULE: "on",
			GOWORK: "off",
			CGO_ENABLED: "0",
		};
		execFileSync("go", ["install", `github.com/nats-io/nats-server/v2@v${version}`], { env, stdio: "pipe" });
		mkdirSync(join(cache, version), { recursive: true });
		renameSync(join(work, "nats-server"), program);
		return program;
	} catch (error) {
		console.error(`nats-server ${version} cannot be built here: ${error instanceof Error ? error.message : error}`);
		return undefined;
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}
