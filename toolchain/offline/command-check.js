const { UNKNOWN, isObject } = require("./command-values.js");

/** @typedef {{ property: string, reason: string }} Failure */

const isText = (/** @type {unknown} */ value) => typeof value === "string";
const isFlag = (/** @type {unknown} */ value) => typeof value === "boolean";
const isTexts = (/** @type {unknown} */ value) => Array.isArray(value) && value.every(isText);
const isTextMap = (/** @type {unknown} */ value) => isObject(value) && Object.values(value).every(isText);

/** @type {Record<string, [(value: unknown) => boolean, string]>} */
const BASE = {
	stdin: [isText, "a string"],
	logging: [
		(value) => ["stdout", "stderr", "stdoutAndStderr", "none"].includes(String(value)),
		"stdout, stderr, stdoutAndStderr or none",
	],
	interpreter: [isTexts, "a list of strings"],
	dir: [isText, "a string"],
	environment: [isTextMap, "a map of strings"],
	addPreviousOutputInEnv: [isFlag, "a boolean"],
};
/** @type {typeof BASE} */
const RESOURCE = {
	...BASE,
	create: [isText, "a string"],
	update: [isText, "a string"],
	delete: [isText, "a string"],
	triggers: [Array.isArray, "a list"],
};
/** @type {typeof BASE} */
const FUNCTION = { ...BASE, command: [isText, "a string"] };

/**
 * @param {Record<string, unknown>} inputs secrets unwrapped
 * @param {boolean} isFunction
 * @returns {Failure[]}
 */
function check(inputs, isFunction) {
	const shape = isFunction ? FUNCTION : RESOURCE;
	return Object.entries(inputs).flatMap(([property, value]) => {
		if (property === "version" || property.startsWith("__") || value === UNKNOWN || value === null) return [];
		if (property === "assetPaths" || property === "archivePaths") {
			return [{ property, reason: `${property} needs the real command plugin; this machine has the stand-in` }];
		}
		const rule = shape[property];
		if (!rule) return [{ property, reason: `there is no property ${property} on a command` }];
		return rule[0](value) ? [] : [{ property, reason: `must be ${rule[1]}` }];
	});
}

module.exports = { check };
