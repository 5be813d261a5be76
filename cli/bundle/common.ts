import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { LeaflineOutput } from "../../contract/outputs";
import { renderInstall } from "../../render/bundle/install/script";
import { BUNDLE } from "../../render/bundle/layout";
import { renderSwitch } from "../../render/bundle/switch/script";
import { renderSysctl, renderSysusers } from "../../render/bundle/system";
import { messageOf, UserError } from "../errors";
import { type Files, fileContent, textContent } from "./content";

export type Extra = "server" | "runtime" | "cli";
export type Arch = "arm64" | "amd64";

/** What all bundles of one processor have in common. */
export interface Common {
	readonly files: Files;
	readonly versions: Readonly<Record<string, string>>;
}

/** Folder of leafline itself, upward from the sources or from what was compiled of them. */
function ownFolder(): string {
	for (let dir = __dirname; ; dir = dirname(dir)) {
		if (existsSync(join(dir, "package.json")) || dir === dirname(dir)) return dir;
	}
}

const PLACES: Readonly<Record<Extra, { readonly place: string; readonly name: string }>> = {
	server: { place: BUNDLE.server, name: "nats-server" },
	runtime: { place: BUNDLE.node, name: "node" },
	cli: { place: BUNDLE.cli, name: "nats" },
};

/** @throws UserError where something that was asked for cannot be had */
export async function commonFiles(
	{ ca, hub }: LeaflineOutput,
	arch: Arch,
	extras: readonly Extra[],
	root = ownFolder(),
): Promise<Common> {
	const program = join(root, "bin", "device", BUNDLE.program);
	if (!existsSync(program)) throw new UserError("the device program is not built: run npm run build");
	const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
	const files: Record<string, Files[string]> = {
		[BUNDLE.program]: fileContent(program),
		[BUNDLE.install]: textContent(renderInstall()),
		[BUNDLE.switch]: textContent(renderSwitch()),
		[BUNDLE.ca]: textContent(ca),
		[BUNDLE.sysctl]: textContent(renderSysctl()),
		[BUNDLE.sysusers]: textContent(renderSysusers()),
	};
	const versions: Record<string, string> = { leafline: version, serverFloor: hub.versionFloor };
	for (const extra of extras) {
		const { place, name } = PLACES[extra];
		const { path, sha256, version } = await provide(root, extra, arch);
		files[place] = fileContent(path, sha256);
		versions[name] = version;
	}
	return { files, versions };
}

type Provide = (
	what: Extra,
	arch: Arch,
	env: NodeJS.ProcessEnv,
) => Promise<{ path: string; sha256: string; version: string }>;

async function provide(root: string, extra: Extra, arch: Arch) {
	const file = join(root, "toolchain", "device-binaries.js");
	// A package that was installed without its toolchain has no way to build a server.
	if (!existsSync(file)) throw new UserError(`--with ${extra} needs leafline's own repository`);
	const { provideBinary } = createRequire(__filename)(file) as { readonly provideBinary: Provide };
	try {
		return await provideBinary(extra, arch, process.env);
	} catch (error) {
		throw new UserError(`--with ${extra}: ${messageOf(error)}`);
	}
}
