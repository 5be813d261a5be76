const { spawn, spawnSync } = require("node:child_process");

/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();
/** @type {Set<() => void>} */
const cleanups = new Set();

/**
 * Runs something when this process is interrupted, before it ends.
 *
 * @param {() => void} cleanup
 * @returns {() => void} forgets it again
 */
function onInterrupt(cleanup) {
	cleanups.add(cleanup);
	return () => cleanups.delete(cleanup);
}

let listening = false;
function listen() {
	if (listening) return;
	listening = true;
	for (const [signal, code] of /** @type {[NodeJS.Signals, number][]} */ ([
		["SIGINT", 130],
		["SIGTERM", 143],
		["SIGHUP", 129],
	])) {
		process.on(signal, () => {
			// A terminal's ^C reaches the children by itself; other ways of interrupting do not.
			const waiting = [...children].filter((child) => child.exitCode === null && child.signalCode === null);
			for (const child of waiting) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
			const end = () => {
				for (const cleanup of cleanups) cleanup();
				process.exit(code);
			};
			if (waiting.length === 0) end();
			let left = waiting.length;
			for (const child of waiting) child.once("close", () => --left === 0 && end());
		});
	}
}

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {(chunk: string) => void} [output] takes stdout and stderr; without it they go to this process's own
 * @property {number} [timeoutMs] ends it with SIGINT, and 10 s later with SIGKILL
 */

/**
 * Runs a command to its end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<number>} its exit code, 128 + signal number if it was killed, 127 if it could not be started
 */
function run(program, args, { cwd, env, output, timeoutMs }) {
	listen();
	return new Promise((resolve) => {
		const child = spawn(program, args, { cwd, env, stdio: output ? ["ignore", "pipe", "pipe"] : "inherit" });
		children.add(child);
		const timers = timeoutMs === undefined ? [] : limit(child, timeoutMs);
		if (output) {
			child.stdout?.setEncoding("utf8").on("data", output);
			child.stderr?.setEncoding("utf8").on("data", output);
		}
		child.on("error", (error) => {
			children.delete(child);
			output?.(`${error.message}\n`);
			resolve(127);
		});
		child.on("close", (code) => {
			for (const timer of timers) clearTimeout(timer);
			children.delete(child);
			resolve(code ?? 143);
		});
	});
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} ms
 */
function limit(child, ms) {
	return [setTimeout(() => child.kill("SIGINT"), ms), setTimeout(() => child.kill("SIGKILL"), ms + 10_000)];
}

/**
 * What a short command prints, on both streams.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} undefined if it could not be run or failed
 */
function ask(program, args, env) {
	const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: "utf8", timeout: 30_000 });
	return status === 0 ? `${stdout}\n${stderr}` : undefined;
}

module.exports = { run, ask, onInterrupt };
