const { spawn } = require("node:child_process");
const { createRequire } = require("node:module");
const path = require("node:path");

/** Exit code of a program whose error the SDK has shown to the user already. */
const ALREADY_SHOWN = 32;
const KILL_AFTER_MS = 5_000;

/** @typedef {import("./sdk.js").Stub} Stub */
/** @typedef {{ error: string, bail: boolean }} Result */

/**
 * Runs a Pulumi program for the engine.
 *
 * @param {Stub} request a RunRequest
 * @param {string} engine address
 * @returns {{ result: Promise<Result>, interrupt: () => void }} the promise never rejects
 */
function runProgram(request, engine) {
	const info = request.getInfo();
	const folder = info.getProgramDirectory();
	let runner;
	try {
		runner = createRequire(path.join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run");
	} catch {
		const error = `the Pulumi SDK is not installed in ${folder}; run npm ci`;
		return { result: Promise.resolve({ error, bail: false }), interrupt: () => {} };
	}
	const options = programOptions(info);
	const child = spawn(
		process.execPath,
		[
			...options.nodeArguments,
			runner,
			...programArguments(request, engine),
			info.getEntryPoint(),
			...request.getArgsList(),
		],
		{
			cwd: folder,
			stdio: ["ignore", "inherit", "inherit"],
			env: { ...process.env, ...options.environment, ...configEnvironment(request) },
		},
	);
	/** @type {NodeJS.Timeout | undefined} */
	let killer;
	const interrupt = () => {
		child.kill("SIGINT");
		killer ??= setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
	};
	/** @type {Promise<Result>} */
	const result = new Promise((resolve) => {
		child.on("error", (error) => resolve({ error: `cannot start the program: ${error.message}`, bail: false }));
		child.on("close", (code, signal) => {
			clearTimeout(killer);
			resolve(outcome(code, signal));
		});
	});
	return { result, interrupt };
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {Result}
 */
function outcome(code, signal) {
	if (code === 0) return { error: "", bail: false };
	if (code === ALREADY_SHOWN) return { error: "", bail: true };
	if (code === null) return { error: `Program was ended by ${signal}`, bail: false };
	return { error: `Program exited with non-zero exit code: ${code}`, bail: false };
}

/**
 * @param {Stub} request
 * @param {string} engine
 * @returns {string[]}
 */
function programArguments(request, engine) {
	const info = request.getInfo();
	/** @type {[string, string][]} */
	const values = [
		["monitor", request.getMonitorAddress()],
		["engine", engine],
		["organization", request.getOrganization()],
		["project", request.getProject()],
		["root-directory", info.getRootDirectory()],
		["stack", request.getStack()],
		["pwd", info.getProgramDirectory()],
		["parallel", String(request.getParallel())],
	];
	const given = values.filter(([, value]) => value !== "").flatMap(([name, value]) => [`--${name}`, value]);
	return request.getDryrun() ? [...given, "--dry-run"] : given;
}

/**
 * Configuration goes by the environment; the SDK wants the old form of the keys (`leafline:config:hub`).
 *
 * @param {Stub} request
 */
function configEnvironment(request) {
	/** @type {Record<string, string>} */
	const config = {};
	request.getConfigMap().forEach((/** @type {string} */ value, /** @type {string} */ key) => {
		const parts = key.split(":");
		const name = parts.pop();
		config[`${parts[0]}:config:${name}`] = value;
	});
	return {
		PULUMI_CONFIG: JSON.stringify(config),
		PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
	};
}

/**
 * The `runtime.options` of Pulumi.yaml or PulumiPolicy.yaml.
 *
 * @param {Stub} info a ProgramInfo
 * @returns {{ nodeArguments: string[], environment: Record<string, string> }}
 */
function programOptions(info) {
	/** @type {{ typescript?: boolean, tsconfig?: string, nodeargs?: string }} */
	const options = info.getOptions()?.toJavaScript() ?? {};
	return {
		nodeArguments: options.nodeargs ? options.nodeargs.split(/\s+/).filter(Boolean) : [],
		environment: {
			...(options.typescript === false ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
			...(options.tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig } : {}),
		},
	};
}

module.exports = { runProgram, programOptions };
