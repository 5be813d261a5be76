const { spawn } = require("node:child_process");

/**
 * @typedef {object} CommandInputs a command's inputs, secrets unwrapped
 * @property {string} [stdin]
 * @property {"stdout" | "stderr" | "stdoutAndStderr" | "none"} [logging]
 * @property {string[]} [interpreter]
 * @property {string} [dir]
 * @property {Record<string, string>} [environment]
 * @property {boolean} [addPreviousOutputInEnv]
 */

/** @typedef {{ stdout: string, stderr: string }} Output */

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/**
 * Runs one command to its end: until it has exited and nobody holds its stdout and stderr any more.
 *
 * @param {string} command
 * @param {CommandInputs} inputs
 * @param {Output} previous what the last create or update printed, empty if there was none
 * @param {(line: string) => void} log
 * @returns {Promise<Output>} rejects with what the command printed if it fails
 */
function runCommand(command, inputs, previous, log) {
	const [program = "/bin/sh", ...first] = inputs.interpreter?.length ? inputs.interpreter : ["/bin/sh", "-c"];
	return new Promise((resolve, reject) => {
		const child = spawn(program, [...first, command], {
			cwd: inputs.dir ?? process.cwd(),
			env: { ...process.env, ...inputs.environment, ...previousOutput(inputs, previous) },
			stdio: [inputs.stdin ? "pipe" : "ignore", "pipe", "pipe"],
		});
		running.add(child);
		/** @type {Buffer[]} */
		const both = [];
		const logging = inputs.logging ?? "stdoutAndStderr";
		const stdout = collect(child.stdout, both, logging === "stdoutAndStderr" || logging === "stdout" ? log : undefined);
		const stderr = collect(child.stderr, both, logging === "stdoutAndStderr" || logging === "stderr" ? log : undefined);
		// A command that does not read its stdin is not a failed command.
		child.stdin?.on("error", () => {});
		child.stdin?.end(inputs.stdin);

		/** @param {string} reason */
		const fail = (reason) => {
			running.delete(child);
			reject(new Error(`${reason}: running ${JSON.stringify(command)}:\n${Buffer.concat(both)}`));
		};
		child.on("error", (error) => fail(error.message));
		child.on("close", (code, signal) => {
			running.delete(child);
			if (code === 0) resolve({ stdout: withoutLastNewline(stdout()), stderr: withoutLastNewline(stderr()) });
			else fail(code === null ? `signal: ${signal}` : `exit status ${code}`);
		});
	});
}

/** Ends every running command; the engine asks for it when the user interrupts an update. */
function killCommands() {
	for (const child of running) child.kill("SIGKILL");
}

/**
 * @param {CommandInputs} inputs
 * @param {Output} previous
 * @returns {NodeJS.ProcessEnv}
 */
function previousOutput(inputs, previous) {
	if (inputs.addPreviousOutputInEnv === false) return {};
	return {
		...(previous.stdout ? { PULUMI_COMMAND_STDOUT: previous.stdout } : {}),
		...(previous.stderr ? { PULUMI_COMMAND_STDERR: previous.stderr } : {}),
	};
}

/**
 * @param {import("node:stream").Readable | null} stream
 * @param {Buffer[]} both
 * @param {((line: string) => void) | undefined} log
 * @returns {() => string} what it printed in all
 */
function collect(stream, both, log) {
	/** @type {Buffer[]} */
	const chunks = [];
	let line = "";
	stream?.on("data", (/** @type {Buffer} */ chunk) => {
		chunks.push(chunk);
		both.push(chunk);
		if (!log) return;
		const lines = (line + chunk).split("\n");
		line = lines.pop() ?? "";
		for (const complete of lines) log(complete);
	});
	stream?.on("end", () => line && log?.(line));
	return () => Buffer.concat(chunks).toString("utf8");
}

/** @param {string} text */
const withoutLastNewline = (text) => text.replace(/\n$/, "");

module.exports = { runCommand, killCommands };
