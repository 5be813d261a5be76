const fs = require("node:fs");
const { readIfThere, writeWhole } = require("./paths.js");

/**
 * The engine writes the salt of the passphrase into a stack's settings. It belongs to one machine and one passphrase,
 * and so do the secrets among the settings: nobody can read them without it.
 *
 * @param {string} text of a Pulumi.<stack>.yaml
 */
const withoutSalt = (text) =>
	text.replace(/^encryptionsalt:.*\n?/m, "").replace(/^[ \t]+\S+:[ \t]*\n[ \t]+secure:.*\n?/gm, "");

/** What counts in a settings file: the engine may rewrite comments and empty lines. @param {string} text */
const substance = (text) =>
	withoutSalt(text)
		.split("\n")
		.map((line) => line.replace(/(^|\s)#.*$/, "").trimEnd())
		.filter(Boolean)
		.join("\n");

/**
 * Removes a stack's settings if they are no more than the template; settings of the user's own are kept, without the
 * salt and the secrets.
 *
 * @param {string} settings path
 * @param {string} template path
 * @returns {boolean} true if something of the user's was kept
 */
function removeSettings(settings, template) {
	const text = readIfThere(settings);
	if (text === undefined) return false;
	if (substance(text) === substance(readIfThere(template) ?? "")) {
		fs.rmSync(settings);
		return false;
	}
	if (withoutSalt(text) !== text) writeWhole(settings, withoutSalt(text));
	return true;
}

module.exports = { withoutSalt, removeSettings };
