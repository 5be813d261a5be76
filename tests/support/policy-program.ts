import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { type Finished, run } from "./project";

/** The pack of this checkout. */
export const PACK = resolve("policies");

export interface Judged extends Finished {
	/** URNs of what was created. */
	readonly created: readonly string[];
}

/** A Pulumi program of somebody who does not use leafline, with its own state, judged by this checkout's pack. */
export interface PolicyProgram {
	/** Runs a command of the engine with the pack, `preview` or `up`. @param source body of the program: see PRELUDE */
	judge(command: "preview" | "up", source: string, packConfig?: object): Promise<Judged>;
	close(): void;
}

/** What a program can use. Providers of `jetstream` are named after the domain that their server is in. */
const PRELUDE = `"use strict";
const pulumi = require("@pulumi/pulumi");
const make = (type, name, inputs, options) => new pulumi.CustomResource(type, name, inputs, options);
const domains = {};
const inDomain = (domain) => ({ provider: (domains[domain] ??= new pulumi.ProviderResource("jetstream", domain, {})) });
const stream = (domain, name, inputs) => make("jetstream:index/stream:Stream", name, { name, maxBytes: 1e6, ...inputs }, inDomain(domain));
const from = (domain, name) => ({ name, startSeq: 1, external: { api: "$JS." + domain + ".API", deliver: "deliver." + domain } });
`;

export async function makePolicyProgram(stack = "test"): Promise<PolicyProgram> {
	const dir = mkdtempSync(join(tmpdir(), "leafline policies-"));
	const recording = join(dir, "created");
	mkdirSync(join(dir, "state"), { mode: 0o700 });
	symlinkSync(resolve("node_modules"), join(dir, "node_modules"));
	writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "program", main: "index.js" }));
	writeFileSync(join(dir, "Pulumi.yaml"), "name: program\nruntime: { name: nodejs, options: { typescript: false } }\n");
	const plugins = recordingPlugins(dir, ["aws", "jetstream"]);
	const env = {
		...process.env,
		PATH: `${plugins}${delimiter}${process.env.PATH}`,
		RECORDING: recording,
		PULUMI_BACKEND_URL: `file://${encodeURI(join(dir, "state"))}`,
		PULUMI_CONFIG_PASSPHRASE: "policies",
		PULUMI_SKIP_UPDATE_CHECK: "1",
		NO_COLOR: "1",
	};
	const pulumi = (...args: string[]) => run("pulumi", ["--non-interactive", ...args], { cwd: dir, env });
	const made = await pulumi("stack", "init", stack);
	if (made.code !== 0) throw new Error(made.text);
	return {
		judge: async (command, source, packConfig = {}) => {
			writeFileSync(join(dir, "index.js"), PRELUDE + source);
			writeFileSync(join(dir, "pack.json"), JSON.stringify(packConfig));
			const pack = ["--policy-pack", PACK, "--policy-pack-config", join(dir, "pack.json")];
			const finished = await pulumi(command, ...pack, ...(command === "up" ? ["--yes"] : []));
			const created = existsSync(recording) ? readFileSync(recording, "utf8").trim().split("\n") : [];
			return { ...finished, created };
		},
		close: () => rmSync(dir, { recursive: true, force: true }),
	};
}

/** The engine finds a provider by the name of its program on PATH. */
function recordingPlugins(dir: string, packages: readonly string[]): string {
	const folder = join(dir, "plugins");
	mkdirSync(folder);
	for (const name of packages) {
		const file = join(folder, `pulumi-resource-${name}`);
		const provider = resolve("tests/support/recording-provider.js");
		writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${provider}" "$@"\n`);
		chmodSync(file, 0o755);
	}
	return folder;
}
