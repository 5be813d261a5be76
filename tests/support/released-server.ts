import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { madeOnce } from "./made-once";

/**
 * Path of a release of the official `nats-server`, built once from the Go proxy into the cache of the user.
 * @returns undefined, and why not on the error output, where there is no Go or the proxy does not have it
 */
export function releasedServer(version: string): string | undefined {
	try {
		const folder = madeOnce("released-server", version, (work) => {
			const env = {
				...process.env,
				GOBIN: work,
				GOFLAGS: "-trimpath",
				GO111MODULE: "on",
				GOWORK: "off",
				CGO_ENABLED: "0",
			};
			execFileSync("go", ["install", `github.com/nats-io/nats-server/v2@v${version}`], { env, stdio: "pipe" });
		});
		return join(folder, "nats-server");
	} catch (error) {
		console.error(`nats-server ${version} cannot be built here: ${error instanceof Error ? error.message : error}`);
		return undefined;
	}
}
