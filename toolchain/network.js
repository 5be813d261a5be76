const { findOnPath } = require("./paths.js");
const { run } = require("./processes.js");

/**
 * Fetching with curl, which knows the user's proxies and certificates. Without it, or without a network, nothing is
 * fetched; nobody waits longer than a few seconds to learn that.
 */

const CONNECT_SECONDS = "3";

/**
 * @param {string} url
 * @param {string} file
 * @param {object} options
 * @param {NodeJS.ProcessEnv} options.env
 * @param {number} [options.seconds] at most, in all; without it as long as data comes
 * @returns {Promise<boolean>} false if it could not be had
 */
async function download(url, file, { env, seconds }) {
	const curl = findOnPath("curl", env)[0];
	if (!curl) return false;
	const limits = ["--connect-timeout", CONNECT_SECONDS, "--speed-limit", "1000", "--speed-time", "20"];
	const args = ["-fsSL", ...limits, ...(seconds ? ["--max-time", String(seconds)] : []), "-o", file, url];
	return (await run(curl, args, { cwd: "/", env, output: () => {}, expendable: true })) === 0;
}

module.exports = { download };
