import { type Maybe, UNKNOWN } from "../model";

/** A value as a policy sees it, with `UNKNOWN` in place of every part that exists only after the deployment. */
export type Plain = string | number | boolean | null | undefined | typeof UNKNOWN | readonly Plain[] | PlainRecord;

export interface PlainRecord {
	readonly [key: string]: Plain;
}

/**
 * Copies what a policy is given, part by part. `@pulumi/policy` throws whenever an unknown part is touched, and then
 * takes the whole rule for advisory; here only that part is unknown.
 */
export function plainRecord(props: object): PlainRecord {
	return Object.fromEntries(Object.keys(props).map((key) => [key, plainPart(props, key)]));
}

function plainPart(whole: object, key: string | number): Plain {
	let part: unknown;
	try {
		part = (whole as Record<string | number, unknown>)[key];
	} catch (error) {
		if (isUnknownError(error)) {
			return UNKNOWN;
		}
		throw error;
	}
	if (Array.isArray(part)) {
		const list: readonly unknown[] = part;
		return Array.from({ length: list.length }, (_, index) => plainPart(list, index));
	}
	return typeof part === "object" && part !== null ? plainRecord(part) : (part as Plain);
}

/** The class is not exported, and its name may be shortened by a bundler; the words are what users see. */
function isUnknownError(error: unknown): boolean {
	return error instanceof Error && error.message.includes("can't be known");
}

export function isRecord(value: Plain): value is PlainRecord {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether any part of a value, however deep, is unknown. */
export function hasUnknown(value: Plain): boolean {
	if (typeof value !== "object" || value === null) {
		return value === UNKNOWN;
	}
	return Object.values(value).some(hasUnknown);
}

/** Text, `fallback` for nothing; numbers and switches are read as text, as providers do. */
export function text<F extends string | undefined>(value: Plain, fallback: F): Maybe<string | F> {
	if (value === UNKNOWN) {
		return UNKNOWN;
	}
	return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : fallback;
}

/** A number, also one that is written as text. */
export function number<F extends number | undefined>(value: Plain, fallback: F): Maybe<number | F> {
	if (value === UNKNOWN) {
		return UNKNOWN;
	}
	const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
	return typeof read === "number" && Number.isFinite(read) ? read : fallback;
}

/** A switch, also one that is written as text. */
export function flag(value: Plain): Maybe<boolean> {
	return value === UNKNOWN ? UNKNOWN : value === true || value === "true";
}

/** A list; an unknown one is a list of one unknown part, for nobody knows that it is empty. */
export function list(value: Plain): readonly Plain[] {
	if (value === UNKNOWN) {
		return [UNKNOWN];
	}
	return Array.isArray(value) ? value : [];
}

/** A list of texts; what is no text is left out. */
export function texts(value: Plain): Maybe<string>[] {
	return list(value).flatMap((part) => text(part, undefined) ?? []);
}

/** The one block that bridged providers write as a record, or as a list of one. */
export function block(value: Plain): Maybe<PlainRecord | undefined> {
	const one = Array.isArray(value) ? (value[0] as Plain) : value;
	if (one === UNKNOWN) {
		return UNKNOWN;
	}
	return isRecord(one) ? one : undefined;
}
