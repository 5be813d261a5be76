const fs = require("node:fs");
const path = require("node:path");
const { readIfThere } = require("../paths.js");

const DEFAULT_MIRROR = "http://deb.debian.org/debian";

/**
 * The Debian mirror that this machine's apt uses, so that the test goes where the machine may go.
 *
 * @param {string} [apt] folder of apt's configuration
 * @returns {string} URL
 */
function debianMirror(apt = "/etc/apt") {
	for (const text of sources(apt)) {
		// `deb [options] URL suite component…`, and in files of the newer form `URIs: URL…`.
		for (const match of text.matchAll(/^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?:\/\/\S+)/gm)) {
			const url = match[1] ?? "";
			if (/\/debian\/?$/.test(url)) return url.replace(/\/$/, "");
		}
	}
	return DEFAULT_MIRROR;
}

/** @param {string} apt */
function sources(apt) {
	const folder = path.join(apt, "sources.list.d");
	const parts = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
	return [path.join(apt, "sources.list"), ...parts.map((name) => path.join(folder, name))].map(
		(file) => readIfThere(file) ?? "",
	);
}

module.exports = { debianMirror };
