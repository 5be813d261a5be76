import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import type { Arch, Extra } from "../../cli/bundle/common";
import { verifyBundle } from "../../device/verify";
import { SMALL_FLEET } from "../support/fleets";
import { planFleet } from "../support/rig";
import { outputsOf } from "./outputs";

const toolchain = createRequire(__filename);
const { findServer } = toolchain("../../toolchain/server.js") as {
	findServer(architecture: string, env: NodeJS.ProcessEnv, edition: string): unknown;
};
const { readServerFile } = toolchain("../../toolchain/server-file.js") as {
	readServerFile(file: string): { readonly architecture: string } | undefined;
};
const outputs = outputsOf(planFleet(SMALL_FLEET, { hub: { kind: "local" }, leaves: { local: false } }));
const out = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-binaries-"));

/** Those for another processor than this machine's are built from source, in minutes, the first time that they are asked for. */
const built = findServer("arm64", process.env, "leafline") !== undefined;
const OURS: Extra[] = ["server", "runtime", "cli"];
const CASES: [Arch, Extra[]][] = [
	["amd64", process.arch === "x64" ? OURS : ["runtime"]],
	["arm64", built ? ["server", "runtime"] : ["runtime"]],
];
const PLACE = { server: "bin/nats-server", runtime: "bin/node", cli: "bin/nats" };

describe(`programs in a bundle${built ? "" : " (no server for arm64 was built here: that one is not looked at)"}`, () => {
	afterAll(() => fs.rmSync(out, { recursive: true, force: true }));

	it.each(CASES)(
		"are for %s, with their versions, signed with the rest: %s",
		{ timeout: 600_000 },
		async (arch, extras) => {
			const options = { format: "dir", arch, extras, credentials: "together", release: 1 } as const;
			await makeBundles(outputs, ["edge1"], path.join(out, arch), options);
			const dir = path.join(out, arch, "edge1");
			verifyBundle(dir, { key: outputs.leafline.bundleKey ?? "", device: "edge1" });
			const manifest = JSON.parse(fs.readFileSync(path.join(dir, "manifest.json"), "utf8"));
			expect(manifest.arch).toBe(arch);
			for (const extra of extras) {
				const file = path.join(dir, PLACE[extra]);
				expect(readServerFile(file)?.architecture, extra).toBe(arch === "amd64" ? "x86_64" : arch);
				expect(fs.statSync(file).mode & 0o777).toBe(0o755);
				const version = manifest.versions[path.basename(file)];
				if (arch === "arm64" || process.arch !== "x64") continue;
				expect(spawnSync(file, ["--version"], { encoding: "utf8" }).stdout, extra).toContain(version);
			}
			// One file too many or changed is told, a program as well.
			fs.appendFileSync(path.join(dir, PLACE[extras[0] ?? "runtime"]), "x");
			expect(() => verifyBundle(dir, { key: outputs.leafline.bundleKey ?? "", device: "edge1" })).toThrow(
				/^bin\/[a-z-]+ is not what was signed/,
			);
		},
	);
});
