#!/usr/bin/env node

/**
 * Stand-in for `pulumi-language-nodejs`, for machines where Pulumi's own cannot be had: tells the engine how to run
 * a Node program and a policy pack. It connects the program straight to the engine's monitor.
 */

const { execFileSync } = require("node:child_process");
const { proto, empty, sdkVersion } = require("./sdk.js");
const { runPlugin } = require("./serve.js");
const { runProgram } = require("./run-program.js");
const { runPluginProgram } = require("./run-plugin-program.js");
const { installedPackages } = require("./packages.js");

const messages = proto("language_pb");
const { PluginInfo, PackageDependency } = proto("plugin_pb");

/** Address of the engine: an argument in older CLIs, told by Handshake in newer ones. */
let engine = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";

/** @type {Set<() => void>} what Cancel has to stop */
const running = new Set();
const stopAll = () => {
	for (const stop of running) stop();
};

/** @typedef {import("./sdk.js").Stub} Stub */
/** @typedef {(error: unknown, response?: Stub) => void} Reply */

const methods = {
	/** @param {Stub} call @param {Reply} reply */
	handshake(call, reply) {
		engine = call.request.getEngineAddress();
		reply(null, new messages.LanguageHandshakeResponse());
	},

	/** @param {Stub} _call @param {Reply} reply */
	getPluginInfo(_call, reply) {
		const info = new PluginInfo();
		info.setVersion(sdkVersion);
		reply(null, info);
	},

	/** @param {Stub} call @param {Reply} reply */
	getRequiredPackages(call, reply) {
		const response = new messages.GetRequiredPackagesResponse();
		for (const { name, version, server } of installedPackages(call.request.getInfo().getProgramDirectory())) {
			const dependency = new PackageDependency();
			dependency.setKind("resource");
			dependency.setName(name);
			dependency.setVersion(version);
			dependency.setServer(server);
			response.addPackages(dependency);
		}
		reply(null, response);
	},

	/** @param {Stub} _call @param {Reply} reply */
	getRequiredPlugins(_call, reply) {
		reply(null, new messages.GetRequiredPluginsResponse());
	},

	/** @param {Stub} call @param {Reply} reply */
	async run(call, reply) {
		const response = new messages.RunResponse();
		const program = runProgram(call.request, engine);
		running.add(program.interrupt);
		call.on("cancelled", program.interrupt);
		const { error, bail } = await program.result;
		running.delete(program.interrupt);
		response.setError(error);
		response.setBail(bail);
		reply(null, response);
	},

	/** @param {Stub} call */
	runPlugin(call) {
		const plugin = runPluginProgram(call);
		running.add(plugin.interrupt);
		plugin.finished.finally(() => running.delete(plugin.interrupt));
	},

	/** @param {Stub} _call @param {Reply} reply */
	about(_call, reply) {
		const response = new messages.AboutResponse();
		response.setExecutable(process.execPath);
		response.setVersion(process.version);
		reply(null, response);
	},

	/** @param {Stub} call @param {Reply} reply */
	getProgramDependencies(call, reply) {
		const response = new messages.GetProgramDependenciesResponse();
		const folder = call.request.getInfo().getProgramDirectory();
		for (const { name, version } of listDependencies(folder, call.request.getTransitivedependencies())) {
			const dependency = new messages.DependencyInfo();
			dependency.setName(name);
			dependency.setVersion(version);
			response.addDependencies(dependency);
		}
		reply(null, response);
	},

	/** @param {Stub} call */
	installDependencies(call) {
		const response = new messages.InstallDependenciesResponse();
		try {
			const output = execFileSync("npm", ["install"], { cwd: call.request.getInfo().getProgramDirectory() });
			response.setStdout(new Uint8Array(output));
			call.write(response);
			call.end();
		} catch (error) {
			call.destroy(error);
		}
	},

	/** @param {Stub} _call @param {Reply} reply */
	runtimeOptionsPrompts(_call, reply) {
		reply(null, new messages.RuntimeOptionsResponse());
	},

	/** @param {Stub} _call @param {Reply} reply */
	template(_call, reply) {
		reply(null, new messages.TemplateResponse());
	},

	/** @param {Stub} _call @param {Reply} reply */
	cancel(_call, reply) {
		stopAll();
		reply(null, empty());
	},
};

/**
 * @param {string} folder
 * @param {boolean} transitive
 * @returns {{ name: string, version: string }[]}
 */
function listDependencies(folder, transitive) {
	/** @type {{ name: string, version: string }[]} */
	const found = [];
	try {
		const depth = transitive ? ["--all"] : [];
		const text = execFileSync("npm", ["ls", "--json", ...depth], { cwd: folder, encoding: "utf8" });
		/** @param {{ dependencies?: Record<string, any> }} node */
		const collect = (node) => {
			for (const [name, child] of Object.entries(node.dependencies ?? {})) {
				found.push({ name, version: child.version ?? "" });
				collect(child);
			}
		};
		collect(JSON.parse(text));
	} catch {
		// Only `pulumi about` asks; an incomplete answer is better than none.
	}
	return found;
}

runPlugin(proto("language_grpc_pb").LanguageRuntimeService, methods, stopAll).catch((error) => {
	process.stderr.write(`language host: ${error.message}\n`);
	process.exit(1);
});
