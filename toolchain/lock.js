const fs = require("node:fs");
const path = require("node:path");
const { readIfThere } = require("./paths.js");
const { startTime, isAlive } = require("./process-identity.js");

const POLL_MS = 200;

/** @typedef {{ pid: number, started: string }} Owner */

/**
 * Runs a task while no other process on this machine runs one under the same lock. A lock whose owner is dead is
 * broken.
 *
 * @template T
 * @param {string} file
 * @param {(owner: Owner) => void} waiting called once if somebody else has it
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
async function withLock(file, waiting, task) {
	await acquire(file, waiting);
	try {
		return await task();
	} finally {
		fs.rmSync(file, { force: true });
	}
}

/**
 * @param {string} file
 * @param {(owner: Owner) => void} waiting
 */
async function acquire(file, waiting) {
	fs.mkdirSync(path.dirname(file), { recursive: true });
	const mine = `${file}.${process.pid}`;
	fs.writeFileSync(mine, `${process.pid} ${startTime(process.pid)}\n`);
	try {
		let told = false;
		while (!tryLink(mine, file)) {
			const owner = readOwner(file);
			if (owner && !isAlive(owner.pid, owner.started)) breakLock(file, owner);
			else {
				if (owner && !told) waiting(owner);
				told = true;
				await new Promise((resolve) => setTimeout(resolve, POLL_MS));
			}
		}
	} finally {
		fs.rmSync(mine, { force: true });
	}
}

/**
 * A hard link appears with its content, so that nobody reads a lock that has no owner yet.
 *
 * @param {string} from
 * @param {string} to
 */
function tryLink(from, to) {
	try {
		fs.linkSync(from, to);
		return true;
	} catch (error) {
		if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
		throw error;
	}
}

/**
 * @param {string} file
 * @returns {Owner | undefined}
 */
function readOwner(file) {
	const match = /^(\d+) (.+)\n$/.exec(readIfThere(file) ?? "");
	return match?.[1] && match[2] ? { pid: Number(match[1]), started: match[2] } : undefined;
}

/**
 * Takes a dead owner's lock away. Two may try at once: whoever finds that it has moved a living owner's lock puts it
 * back.
 *
 * @param {string} file
 * @param {Owner} dead
 */
function breakLock(file, dead) {
	const aside = `${file}.broken-${process.pid}`;
	try {
		fs.renameSync(file, aside);
	} catch {
		return;
	}
	const moved = readOwner(aside);
	if (moved && (moved.pid !== dead.pid || moved.started !== dead.started)) tryLink(aside, file);
	fs.rmSync(aside, { force: true });
}

module.exports = { withLock };
