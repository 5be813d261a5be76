/** @typedef {readonly [number, number, number]} Version */

/**
 * Finds the first version in a text, as `v3.259.0`, `nats-server: v2.15.2` or `go1.26.8`.
 *
 * @param {string} text
 * @returns {Version | undefined}
 */
function parseVersion(text) {
	const match = /(?:^|[^\d.])(\d+)\.(\d+)(?:\.(\d+))?/.exec(` ${text}`);
	return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/**
 * @param {Version} a
 * @param {Version} b
 * @returns {number} negative if a is older, 0 if the same, positive if a is newer
 */
function compareVersions(a, b) {
	return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/**
 * @param {Version} version
 * @param {{ atLeast: Version, below?: Version }} range
 */
function inRange(version, range) {
	return compareVersions(version, range.atLeast) >= 0 && (!range.below || compareVersions(version, range.below) < 0);
}

/** @param {Version} version */
const formatVersion = (version) => version.join(".");

module.exports = { parseVersion, compareVersions, inRange, formatVersion };
