const { execFileSync } = require("node:child_process");
const fs = require("node:fs");

/**
 * When a process began, in a form that can be compared: together with the pid it names one process for ever, for a
 * pid alone may be given to another.
 *
 * @param {number} pid
 * @returns {string | undefined} undefined if there is no such process (a zombie is none)
 */
function startTime(pid) {
	try {
		// Field 22, counted after the command's name, which may itself hold spaces and brackets.
		const fields = fs
			.readFileSync(`/proc/${pid}/stat`, "utf8")
			.replace(/^.*\) /s, "")
			.split(" ");
		return fields[0] === "Z" ? undefined : fields[19];
	} catch {}
	if (process.platform === "linux") return undefined;
	try {
		return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
	} catch {
		return undefined;
	}
}

/**
 * @param {number} pid
 * @param {string} started
 */
const isAlive = (pid, started) => startTime(pid) === started;

module.exports = { startTime, isAlive };
