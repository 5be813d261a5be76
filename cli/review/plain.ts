/** JSON of which nothing is known. */
export type Plain = Readonly<Record<string, unknown>>;

export function isPlainObject(value: unknown): value is Plain {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function recordOf(value: unknown): Plain {
	return isPlainObject(value) ? value : {};
}

export function stringOf(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}
