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

/** @type {Record<string, number>} */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

let listening = false;
function listen() {
	if (listening) return;
	listening = true;
	for (const signal of /** @type {NodeJS.Signals[]} */ (Object.keys(EXIT_CODES))) process.on(signal, interrupted);
}

/**
 * Hands the signal on and ends when every child has; a second one is handed on as well, for the engine then stops at
 * once.
 *
 * @param {NodeJS.Signals} signal
 */
function interrupted(signal) {
	const running = [...children];
	for (const child of running) {
		// A terminal's ^C has reached the child that has the terminal already; twice would mean: at once.
		if (signal !== "SIGINT" || leaders.has(child) || !process.stdin.isTTY) signalChild(child, signal);
		if (impatient.has(child)) setTimeout(() => signalChild(child, "SIGKILL"), KILL_AFTER_MS);
	}
	const end = () => {
		for (const cleanup of cleanups) cleanup();
		process.exit(EXIT_CODES[signal]);
	};
	if (running.length === 0) end();
	let left = running.length;
	for (const child of running) child.once("exit", () => --left === 0 && end());
}

/** @type {WeakSet<import("node:child_process").ChildProcess>} children that lead a group of their own */
const leaders = new WeakSet();

/** @type {WeakSet<import("node:child_process").ChildProcess>} children that have nothing to lose */
const impatient = new WeakSet();
const KILL_AFTER_MS = 3_000;

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalChild(child, signal) {
	if (child.pid === undefined) return;
	try {
		process.kill(leaders.has(child) ? -child.pid : child.pid, signal);
	} catch {}
}

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {(chunk: string) => void} [output] takes stdout and stderr; without it they go to this process's own
 * @property {boolean} [expendable] is killed if it does not end soon after an interruption
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
function run(program, args, { cwd, env, output, expendable, timeoutMs }) {
	listen();
	return new Promise((resolve) => {
		// Whoever has the terminal must stay in its group; the others are ended together with what they have started.
		const child = output
			? spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true })
			: spawn(program, args, { cwd, env, stdio: "inherit" });
		children.add(child);
		if (output) leaders.add(child);
		if (expendable) impatient.add(child);
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
		child.on("exit", () => children.delete(child));
		child.on("close", (code) => {
			for (const timer of timers) clearTimeout(timer);
			resolve(code ?? 143);
		});
	});
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} ms
 */
function limit(child, ms) {
	return [
		setTimeout(() => signalChild(child, "SIGINT"), ms),
		setTimeout(() => signalChild(child, "SIGKILL"), ms + 10_000),
	];
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
