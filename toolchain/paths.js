const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** The project's folder. */
const projectRoot = path.dirname(__dirname);

/**
 * Folder for what is made once for each user: tools, stand-ins, compile cache, locks.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function cacheFolder(env) {
	const base = env.XDG_CACHE_HOME;
	// The specification says that a relative path is to be ignored.
	return path.join(base && path.isAbsolute(base) ? base : path.join(homeFolder(env), ".cache"), "leafline");
}

/** @param {NodeJS.ProcessEnv} env */
function homeFolder(env) {
	return env.HOME || os.homedir();
}

/**
 * Path of an executable on PATH, as a shell would find it.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} all of them, the first is the one that a shell would run
 */
function findOnPath(name, env) {
	return (env.PATH ?? "")
		.split(path.delimiter)
		.filter((folder) => path.isAbsolute(folder))
		.map((folder) => path.join(folder, name))
		.filter(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
	try {
		fs.accessSync(file, fs.constants.X_OK);
		return fs.statSync(file).isFile();
	} catch {
		return false;
	}
}

/**
 * Writes a file so that nobody ever sees half of it.
 *
 * @param {string} file
 * @param {string} text
 * @param {number} [mode]
 */
function writeWhole(file, text, mode = 0o644) {
	fs.mkdirSync(path.dirname(file), { recursive: true });
	const temporary = `${file}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`;
	fs.writeFileSync(temporary, text, { mode });
	fs.renameSync(temporary, file);
}

/**
 * @param {string} file
 * @returns {string | undefined} undefined if there is no such file
 */
function readIfThere(file) {
	try {
		return fs.readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}

module.exports = { projectRoot, cacheFolder, homeFolder, findOnPath, isExecutable, writeWhole, readIfThere };
