const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { readIfThere } = require("./paths.js");
const { startTime } = require("./process-identity.js");
const { Message } = require("./message.js");

/** @typedef {{ file: string, pid: number, hostname: string }} EngineLock */

/**
 * Takes away the locks that engines on this machine left in a state folder when they were killed, so that nobody has
 * to know `pulumi cancel`. A lock of a running engine, or of another machine, stays.
 *
 * @param {string} state folder of the file backend
 * @returns {EngineLock[]} those that stay
 */
function removeDeadLocks(state) {
	const live = [];
	for (const lock of locks(path.join(state, ".pulumi", "locks"))) {
		if (lock.hostname !== os.hostname() || isEngine(lock.pid)) {
			live.push(lock);
			continue;
		}
		fs.rmSync(lock.file, { force: true });
		fs.rmSync(`${lock.file}.attrs`, { force: true });
	}
	return live;
}

/**
 * @param {string} state
 * @throws {Message} when an engine is at work on the stack
 */
function requireUnlocked(state) {
	const [held] = removeDeadLocks(state);
	if (!held) return;
	const where = held.hostname === os.hostname() ? "" : ` on ${held.hostname}`;
	throw new Message(
		`another update of this stack is under way (process ${held.pid}${where}); try again when it has ended` +
			(where && ", or after: npm run pulumi -- cancel --yes"),
	);
}

/**
 * @param {string} folder
 * @returns {EngineLock[]}
 */
function locks(folder) {
	if (!fs.existsSync(folder)) return [];
	const files = fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)));
	return files
		.filter((file) => file.endsWith(".json"))
		.flatMap((file) => {
			try {
				const { pid, hostname } = JSON.parse(readIfThere(file) ?? "");
				return [{ file, pid: Number(pid), hostname: String(hostname ?? os.hostname()) }];
			} catch {
				// Half written, or gone again: the engine itself will tell.
				return [];
			}
		});
}

/** Whether the process lives and is an engine, for its number may have been given to another. @param {number} pid */
function isEngine(pid) {
	if (startTime(pid) === undefined) return false;
	try {
		return fs.existsSync("/proc/self/comm")
			? /^pulumi/.test(fs.readFileSync(`/proc/${pid}/comm`, "utf8"))
			: /(^|\/)pulumi/.test(execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" }));
	} catch {
		return false;
	}
}

module.exports = { removeDeadLocks, requireUnlocked };
