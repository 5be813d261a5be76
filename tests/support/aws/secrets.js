// @ts-check
const { plain, isObject } = require("../../../toolchain/offline/command-values.js");

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A private key, or the seed of an nkey (user, account, operator, server, curve). */
const LOOKS_SECRET = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\bS[UAONCX][A-Z2-7]{56}\b/;

/**
 * Places at which something arrived in clear that should be a secret.
 *
 * @param {string} type
 * @param {Record<string, unknown>} inputs as they came
 * @returns {string[]} sentences without the value
 */
function inClear(type, inputs) {
	const found = placesInClear(inputs, "").map((place) => `${place} holds a private key or a seed, and is no secret`);
	const { value } = inputs;
	const secure = type === "aws:ssm/parameter:Parameter" && plain(inputs.type) === "SecureString";
	if (secure && typeof value === "string") found.push("value is a SecureString's, and is no secret");
	return found;
}

/** @param {unknown} value @param {string} place @returns {string[]} */
function placesInClear(value, place) {
	if (typeof value === "string") return LOOKS_SECRET.test(value) ? [place] : [];
	if (Array.isArray(value)) return value.flatMap((item, index) => placesInClear(item, `${place}[${index}]`));
	if (!isObject(value) || value[SIGNATURE] === SECRET) return [];
	return Object.entries(value).flatMap(([key, item]) => placesInClear(item, place ? `${place}.${key}` : key));
}

module.exports = { inClear, LOOKS_SECRET };
