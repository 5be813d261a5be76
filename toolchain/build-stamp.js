/**
 * Tells whether `bin/` was compiled from today's sources. The program asks before it does anything: a stale build
 * would deploy something other than what the user reads. By content, not by time, so that a checkout or a `touch`
 * does not count as a change.
 */

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const STAMP = path.join("bin", ".build");

/**
 * Every file that the compiler reads: tsconfig.json and what its `include` names.
 *
 * @param {string} root
 * @returns {string[]} paths from root, sorted
 */
function sources(root) {
	/** @type {{ include: string[] }} */
	const { include } = JSON.parse(fs.readFileSync(path.join(root, "tsconfig.json"), "utf8"));
	const files = ["tsconfig.json"];
	/** @param {string} folder */
	const walk = (folder) => {
		for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
			const file = path.join(folder, entry.name);
			if (entry.isDirectory()) {
				if (entry.name !== "node_modules") walk(file);
			} else if (entry.name.endsWith(".ts")) files.push(file);
		}
	};
	for (const pattern of include) {
		const top = pattern.split("/")[0] ?? "";
		if (!fs.existsSync(path.join(root, top))) continue;
		if (top === pattern) files.push(pattern);
		else walk(top);
	}
	return [...new Set(files)].sort();
}

/**
 * @param {string} root the project's folder
 * @returns {string} changes whenever a source is changed, added, renamed or removed
 */
function digest(root) {
	const hash = crypto.createHash("sha256");
	for (const file of sources(root)) {
		const content = fs.readFileSync(path.join(root, file));
		hash.update(`${file}\0${content.length}\0`).update(content);
	}
	return hash.digest("hex");
}

/**
 * @param {string} root the project's folder
 * @returns {boolean} true if bin/ was compiled, without errors, from the sources as they are now
 */
function isFresh(root) {
	try {
		return fs.readFileSync(path.join(root, STAMP), "utf8") === digest(root);
	} catch {
		return false;
	}
}

/**
 * @param {string} root
 * @param {string} value the digest from before the compiler ran, so that an edit meanwhile is not missed
 */
function writeStamp(root, value) {
	fs.mkdirSync(path.join(root, "bin"), { recursive: true });
	fs.writeFileSync(path.join(root, STAMP), value);
}

/** @param {string} root */
function removeStamp(root) {
	fs.rmSync(path.join(root, STAMP), { force: true });
}

module.exports = { isFresh, digest, writeStamp, removeStamp };
