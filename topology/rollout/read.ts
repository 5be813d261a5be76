/** A value of a bucket that is not what it should be. Names the field and repeats nothing of the value. */
export class Malformed extends Error {
	constructor(message: string) {
		super(message);
		this.name = "Malformed";
	}
}

/** One map of a JSON text, whose fields are taken one by one. Other fields are left alone: newer writers may have more. */
export interface Fields {
	has(name: string): boolean;
	/** @throws Malformed */
	text(name: string, most: number): string;
	/** From 0. @throws Malformed */
	whole(name: string): number;
	/** SHA-256, hexadecimal. @throws Malformed */
	hash(name: string): string;
	/** @throws Malformed */
	one<T extends string>(name: string, of: readonly T[]): T;
	/** @throws Malformed */
	map(name: string): Fields;
	/** A map of texts, each of at most 200 characters. @throws Malformed */
	texts(name: string, most: number): Record<string, string>;
	/** A list of texts, each of at most 200 characters. @throws Malformed */
	list(name: string): string[];
	/** A list of such lists. @throws Malformed */
	lists(name: string): string[][];
	/** @throws Malformed */
	yes(name: string): boolean;
	/** Of all fields. */
	names(): string[];
}

/** @param what it is called in errors. @throws Malformed */
export function reader(what: string, value: Uint8Array | string): Fields {
	let parsed: unknown;
	try {
		parsed = JSON.parse(typeof value === "string" ? value : Buffer.from(value).toString("utf8"));
	} catch {
		throw new Malformed(`${what}: it is no JSON`);
	}
	return fieldsOf(what, parsed);
}

const LONGEST_TEXT = 200;

function fieldsOf(what: string, value: unknown): Fields {
	if (!isMap(value)) throw new Malformed(`${what}: a map is expected`);
	const get = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
	const bad = (name: string, expected: string) => new Malformed(`${what}.${name}: ${expected} is expected`);
	const isText = (it: unknown, most: number): it is string => typeof it === "string" && it.length <= most;
	const isList = (it: unknown): it is string[] => Array.isArray(it) && it.every((each) => isText(each, LONGEST_TEXT));
	const fields: Fields = {
		has: (name) => get(name) !== undefined,
		text(name, most) {
			const it = get(name);
			if (!isText(it, most)) throw bad(name, `a text of at most ${most} characters`);
			return it;
		},
		whole(name) {
			const it = get(name);
			if (!Number.isSafeInteger(it) || (it as number) < 0) throw bad(name, "a whole number");
			return it as number;
		},
		hash(name) {
			const it = get(name);
			if (typeof it !== "string" || !/^[0-9a-f]{64}$/.test(it)) throw bad(name, "a SHA-256 in hexadecimal");
			return it;
		},
		one(name, of) {
			const it = of.find((each) => each === get(name));
			if (it === undefined) throw bad(name, of.join(" or "));
			return it;
		},
		map: (name) => fieldsOf(`${what}.${name}`, get(name)),
		texts(name, most) {
			const it = get(name);
			if (!isMap(it) || Object.keys(it).length > most) throw bad(name, `a map of at most ${most}`);
			const entries = Object.entries(it);
			if (!entries.every(([key, text]) => isText(key, LONGEST_TEXT) && isText(text, LONGEST_TEXT))) {
				throw bad(name, `a map of texts of at most ${LONGEST_TEXT} characters`);
			}
			return Object.fromEntries(entries) as Record<string, string>;
		},
		list(name) {
			const it = get(name);
			if (!isList(it)) throw bad(name, "a list of texts");
			return it;
		},
		lists(name) {
			const it = get(name);
			if (!Array.isArray(it) || !it.every(isList)) throw bad(name, "a list of lists of texts");
			return it;
		},
		yes(name) {
			const it = get(name);
			if (typeof it !== "boolean") throw bad(name, "true or false");
			return it;
		},
		names: () => Object.keys(value),
	};
	return fields;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
