// @ts-check
const { UNKNOWN, isObject } = require("../../../toolchain/offline/command-values.js");

/**
 * @typedef {import("./schema.js").Schema} Schema
 * @typedef {import("./schema.js").Type} Type
 * @typedef {import("./schema.js").Properties} Properties
 */

/** Pulumi's mark of a wrapped value, and the marks of assets and archives. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const ASSETS = ["c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"];

/**
 * What is wrong with the inputs of a resource or a function, by the definitions of `@pulumi/aws`. Each sentence names
 * the property and the remedy, never the value, which may be a secret.
 *
 * @param {Schema} schema
 * @param {Record<string, unknown>} inputs secrets unwrapped; what is not known yet is taken for right
 * @returns {string[]}
 */
function mistakes(schema, inputs) {
	return ofProperties(schema, schema.properties, inputs, "");
}

/**
 * @param {Schema} schema
 * @param {Properties} properties
 * @param {Record<string, unknown>} inputs
 * @param {string} path
 * @returns {string[]}
 */
function ofProperties(schema, properties, inputs, path) {
	const given = Object.entries(inputs).filter(([name, value]) => !name.startsWith("__") && value !== null);
	const missing = Object.keys(properties).filter(
		(name) => properties[name]?.required && !given.some(([other]) => other === name),
	);
	return [
		...missing.map((name) => `${path}${name} is missing; give ${words(schema, properties[name]?.type)}`),
		...given.flatMap(([name, value]) => {
			const property = properties[name];
			if (!property) return [`${path}${name} is no property; ${suggestion(name, Object.keys(properties))}`];
			return ofValue(schema, property.type, value, `${path}${name}`);
		}),
	];
}

/**
 * @param {Schema} schema
 * @param {Type} type
 * @param {unknown} value
 * @param {string} path
 * @returns {string[]}
 */
function ofValue(schema, type, value, path) {
	if (value === UNKNOWN || value === undefined || type.kind === "any") return [];
	if (type.kind === "union") {
		const found = type.of.map((part) => ofValue(schema, part, value, path));
		// Of several forms, the one that fits best is what the author had in mind.
		return found.reduce((best, other) => (depth(other, path) > depth(best, path) ? other : best), found[0] ?? []);
	}
	const wrong = [`${path} is ${kindOf(value)}; give ${words(schema, type)}`];
	if (type.kind === "array") {
		if (!Array.isArray(value)) return wrong;
		return value.flatMap((item, index) => ofValue(schema, type.of, item, `${path}[${index}]`));
	}
	if (type.kind === "map") {
		if (!isPlainObject(value)) return wrong;
		return Object.entries(value).flatMap(([key, item]) => ofValue(schema, type.of, item, `${path}.${key}`));
	}
	if (type.kind === "object") {
		if (!isPlainObject(value)) return wrong;
		return ofProperties(schema, schema.types[type.ref] ?? {}, value, `${path}.`);
	}
	if (type.kind === "asset") return isObject(value) && ASSETS.includes(String(value[SIGNATURE])) ? [] : wrong;
	// The engine sends the id of a resource in its place.
	return typeof value === (type.kind === "resource" ? "string" : type.kind) ? [] : wrong;
}

/** No mistake is best; else a mistake further inside. @param {string[]} found @param {string} path */
function depth(found, path) {
	if (found.length === 0) return 2;
	return found.every((sentence) => sentence.startsWith(`${path} is `)) ? 0 : 1;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isPlainObject(value) {
	return isObject(value) && !(SIGNATURE in value);
}

/** @param {unknown} value */
function kindOf(value) {
	if (Array.isArray(value)) return "a list";
	if (isObject(value)) return SIGNATURE in value ? "an asset" : "an object";
	return `a ${typeof value}`;
}

/** @param {Schema} schema @param {Type | undefined} type @returns {string} */
function words(schema, type) {
	if (type?.kind === "array") return `a list of ${words(schema, type.of).replace(/^an? /, "")}s`;
	if (type?.kind === "map") return `a map of ${words(schema, type.of).replace(/^an? /, "")}s`;
	if (type?.kind === "object") return `an object of ${Object.keys(schema.types[type.ref] ?? {}).join(", ")}`;
	if (type?.kind === "union") return [...new Set(type.of.map((part) => words(schema, part)))].join(" or ");
	if (type?.kind === "asset") return "an asset";
	return type?.kind === "any" ? "anything" : `a ${type?.kind}`;
}

/** @param {string} name @param {string[]} names */
function suggestion(name, names) {
	const near = names.map((other) => ({ other, far: distance(name.toLowerCase(), other.toLowerCase()) }));
	const [best] = near.sort((a, b) => a.far - b.far);
	if (best && best.far <= Math.max(2, name.length / 3)) return `did you mean ${best.other}?`;
	return names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
}

/** Of Levenshtein. @param {string} a @param {string} b */
function distance(a, b) {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}

module.exports = { mistakes };
