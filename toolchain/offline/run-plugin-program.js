const { spawn } = require("node:child_process");
const { createRequire } = require("node:module");
const path = require("node:path");
const { proto } = require("./sdk.js");
const { programOptions } = require("./run-program.js");
const { policyPackProxy } = require("./policy-pack.js");

const { RunPluginResponse } = proto("language_pb");

/** @typedef {import("./sdk.js").Stub} Stub */

/**
 * Runs a plugin that is itself a Node program: a policy pack (an analyzer), or a provider written with the SDK.
 *
 * @param {Stub} call a server stream of RunPluginResponse
 * @returns {{ finished: Promise<void>, interrupt: () => void }}
 */
function runPluginProgram(call) {
	const request = call.request;
	const info = request.getInfo();
	const folder = info.getProgramDirectory();
	const analyzer = request.getKind() === "analyzer";
	const { nodeArguments, environment } = programOptions(info);
	/** @type {NodeJS.ProcessEnv} */
	const env = { ...environment };
	for (const pair of request.getEnvList()) env[pair.slice(0, pair.indexOf("="))] = pair.slice(pair.indexOf("=") + 1);

	let runner = "";
	try {
		const name = analyzer ? "@pulumi/pulumi/cmd/run-policy-pack" : "@pulumi/pulumi/cmd/run-plugin";
		runner = createRequire(path.join(folder, "package.json")).resolve(name);
	} catch {
		call.destroy(new Error(`the Pulumi SDK is not installed in ${folder}; run npm ci`));
		return { finished: Promise.resolve(), interrupt: () => {} };
	}
	// A policy pack takes its folder last and runs in it, every other plugin takes it first.
	const place = analyzer ? [...request.getArgsList(), folder] : [folder, ...request.getArgsList()];

	/** @param {NodeJS.ProcessEnv} more */
	const start = (more) =>
		spawn(process.execPath, [...nodeArguments, runner, ...place], {
			cwd: analyzer ? folder : request.getPwd(),
			env: { ...env, ...more },
			stdio: ["ignore", "pipe", "pipe"],
		});
	/** @param {"setStdout" | "setStderr"} setter */
	const writer = (setter) => (/** @type {Buffer | string} */ chunk) => {
		const response = new RunPluginResponse();
		response[setter](new Uint8Array(Buffer.from(chunk)));
		call.write(response);
	};
	const output = { stdout: writer("setStdout"), stderr: writer("setStderr") };
	const plugin = analyzer ? policyPackProxy(start, output) : plain(start, output);
	call.on("cancelled", plugin.interrupt);
	const finished = plugin.exit.then((code) => {
		const response = new RunPluginResponse();
		response.setExitcode(code);
		call.write(response);
		call.end();
	});
	return { finished, interrupt: plugin.interrupt };
}

/**
 * @param {(more: NodeJS.ProcessEnv) => import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} start
 * @param {{ stdout: (chunk: Buffer) => void, stderr: (chunk: Buffer) => void }} output
 */
function plain(start, output) {
	const child = start({});
	child.stdout.on("data", output.stdout);
	child.stderr.on("data", output.stderr);
	/** @type {Promise<number>} */
	const exit = new Promise((resolve) => {
		child.on("error", () => resolve(1));
		child.on("close", (code) => resolve(code ?? 1));
	});
	return { exit, interrupt: () => void child.kill("SIGINT") };
}

module.exports = { runPluginProgram };
