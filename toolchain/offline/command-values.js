/**
 * Values as the engine sends them: plain JSON in which secrets are wrapped and what is not known yet stands as a
 * marker.
 */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** @typedef {Record<string, unknown>} Properties */

/**
 * @param {unknown} value
 * @returns {value is Properties}
 */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Takes the wrapping of secrets off, at every depth.
 *
 * @param {unknown} value
 * @returns {any}
 */
function plain(value) {
	if (Array.isArray(value)) return value.map(plain);
	if (!isObject(value)) return value;
	if (value[SIGNATURE] === SECRET) return plain(value.value);
	if (value[SIGNATURE] === OUTPUT) return "value" in value ? plain(value.value) : UNKNOWN;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/**
 * @param {unknown} value
 * @returns {boolean} true if it is, or holds, something that is known only after the update
 */
function hasUnknown(value) {
	if (Array.isArray(value)) return value.some(hasUnknown);
	if (isObject(value))
		return (value[SIGNATURE] === OUTPUT && !("value" in value)) || Object.values(value).some(hasUnknown);
	return value === UNKNOWN;
}

/**
 * @param {unknown} a
 * @param {unknown} b
 * @returns {boolean}
 */
function same(a, b) {
	if (Array.isArray(a) && Array.isArray(b)) {
		return a.length === b.length && a.every((item, index) => same(item, b[index]));
	}
	if (isObject(a) && isObject(b)) {
		const keys = Object.keys(a);
		return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
	}
	return a === b;
}

/** @typedef {{ path: string, kind: "add" | "delete" | "update" }} Change */

/**
 * The places in which two values differ, as Pulumi's property paths.
 *
 * @param {unknown} before
 * @param {unknown} after
 * @param {string} [path]
 * @returns {Change[]}
 */
function changes(before, after, path = "") {
	if (same(before, after)) return [];
	const lists = Array.isArray(before) && Array.isArray(after);
	const objects = isObject(before) && isObject(after) && !(SIGNATURE in before) && !(SIGNATURE in after);
	if (!lists && !objects) {
		if (before === undefined) return [{ path, kind: "add" }];
		return [{ path, kind: after === undefined ? "delete" : "update" }];
	}
	if (lists) {
		const length = Math.max(before.length, after.length);
		return Array.from({ length }, (_, i) => changes(before[i], after[i], `${path}[${i}]`)).flat();
	}
	const keys = new Set([
		.../** @type {string[]} */ (Object.keys(before)),
		...Object.keys(/** @type {object} */ (after)),
	]);
	return [...keys].flatMap((key) =>
		changes(
			/** @type {Properties} */ (before)[key],
			/** @type {Properties} */ (after)[key],
			/^[\w-]+$/.test(key) ? (path ? `${path}.${key}` : key) : `${path}[${JSON.stringify(key)}]`,
		),
	);
}

module.exports = { plain, hasUnknown, changes, isObject, UNKNOWN };
