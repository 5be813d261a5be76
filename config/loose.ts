/** A map of a document, whose fields may be anything. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Nothing where there is no map: the schema says so. */
export function mapOf(value: unknown): Fields {
	return isFields(value) ? value : {};
}
