const crypto = require("node:crypto");
const fs = require("node:fs");
const { parseVersion, formatVersion } = require("./versions.js");

/**
 * What an executable of nats-server says of itself without being run, for it may be for another machine. Reading all of
 * it takes some 25 ms, so nothing is remembered.
 */

/** As in names of AMIs. @typedef {"arm64" | "x86_64"} Architecture */
/**
 * @typedef {object} ServerFile
 * @property {Architecture} architecture
 * @property {string | undefined} version for example `2.15.2`, and `2.15.2+leafline.4` of a server with leafline's change
 * @property {string} sha256
 */

/** `e_machine` of the ELF header. @type {Record<number, Architecture>} */
const MACHINES = { 62: "x86_64", 183: "arm64" };

/** `EI_OSABI` of Linux: System V, or Linux by name. */
const LINUX = [0, 3];

/** Go writes the modules that it has built from into every executable. */
const MODULE = "github.com/nats-io/nats-server/v2\t";

/** Among them the tags that it was built with, which is where leafline's build says which change it has. */
const TAGS = /^(leafline\.\d+)$/;
const TAGS_AT = "\nbuild\t-tags=";

/**
 * @param {string} file
 * @returns {ServerFile | undefined} undefined if it is no program for Linux on one of these processors
 */
function readServerFile(file) {
	const content = fs.readFileSync(file);
	const is64 = content.length > 64 && content.readUInt32BE(0) === 0x7f454c46 && content[4] === 2 && content[5] === 1;
	const architecture = is64 && LINUX.includes(content[7] ?? -1) ? MACHINES[content.readUInt16LE(18)] : undefined;
	if (!architecture) return undefined;
	const sha256 = crypto.createHash("sha256").update(content).digest("hex");
	return { architecture, version: versionIn(content), sha256 };
}

/** @param {Buffer} content */
function versionIn(content) {
	for (let at = content.indexOf(MODULE); at >= 0; at = content.indexOf(MODULE, at + 1)) {
		const start = at + MODULE.length;
		const version = parseVersion(content.toString("latin1", start, start + 32).split(/[\t\n]/)[0] ?? "");
		if (version) return `${formatVersion(version)}${changeIn(content)}`;
	}
	return undefined;
}

/** @param {Buffer} content @returns {string} `+leafline.4`, or nothing */
function changeIn(content) {
	const at = content.indexOf(TAGS_AT);
	const start = at + TAGS_AT.length;
	const tags = at < 0 ? "" : (content.toString("latin1", start, start + 64).split("\n")[0] ?? "");
	return TAGS.test(tags) ? `+${tags}` : "";
}

module.exports = { readServerFile };
