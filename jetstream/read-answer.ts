import type * as z from "zod";
import { foreign } from "../config/printable";
import { refusal, stored } from "./answers";
import { ApiError, BadAnswer } from "./errors";
import { formOf } from "./forms";
import { type Bounds, readJson, Unreadable } from "./read-json";

/** Who was asked what. */
export interface Asked {
	/** A device, or `hub`. */
	readonly who: string;
	/** Without the API's prefix, for example `STREAM.INFO.truck-001_can`. */
	readonly call: string;
	/** JetStream domain that answers; absent for one that is asked without its name. */
	readonly domain?: string;
	readonly bounds: Bounds;
}

/**
 * The answer to a call of JetStream's API, which is the only way in for what devices and the hub say.
 * @throws BadAnswer, and ApiError for one that says that the call was refused
 */
export function readAnswer(payload: Uint8Array, asked: Asked): unknown {
	const { domain } = asked;
	const bad = badAnswer(asked);
	const raw = unlessRefused(payload, asked);
	const { type } = raw;
	const { schema, type: expected, about, names } = formOf(asked.call);
	if (type !== undefined && type !== `io.nats.jetstream.api.v1.${expected}`)
		throw bad("it is the answer to another call");
	const answer = match(schema, raw, bad);
	const said = about?.(answer as never) ?? [];
	said.forEach((name, i) => {
		if (name !== names[i]) throw bad(`it is about ${foreign(name, 100)}`);
	});
	const from = (answer as { readonly domain?: string }).domain;
	if (domain !== undefined && from !== undefined && from !== domain)
		throw bad(`it is from the domain ${foreign(from, 100)}`);
	return answer;
}

/** What a stream says to a message that it was to store. @throws BadAnswer, and ApiError when it refuses it */
export function readStored(payload: Uint8Array, asked: Asked): z.output<typeof stored> {
	return match(stored, unlessRefused(payload, asked), badAnswer(asked));
}

/** As `readAnswer`, for what is no answer of JetStream, such as what a server's monitoring tells. @throws BadAnswer */
export function readOther<T extends z.ZodType>(schema: T, payload: Uint8Array, asked: Asked): z.output<T> {
	const bad = badAnswer(asked);
	return match(schema, json(payload, asked.bounds, bad), bad);
}

function badAnswer({ who, call }: Asked): (reason: string) => BadAnswer {
	return (reason) => new BadAnswer(who, call, reason);
}

function unlessRefused(payload: Uint8Array, asked: Asked): Readonly<Record<string, unknown>> {
	const bad = badAnswer(asked);
	const raw = json(payload, asked.bounds, bad);
	if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw bad("it is no JSON object");
	const { error } = raw as { readonly error?: unknown };
	if (error === undefined || error === null) return raw as Readonly<Record<string, unknown>>;
	const { code = 0, err_code = 0, description } = match(refusal, error, bad, "error");
	throw new ApiError(asked.who, asked.call, code, err_code, description);
}

function json(payload: Uint8Array, bounds: Bounds, bad: (reason: string) => BadAnswer): unknown {
	try {
		return readJson(payload, bounds);
	} catch (error) {
		if (error instanceof Unreadable) throw bad(error.message);
		throw error;
	}
}

function match<T extends z.ZodType>(
	schema: T,
	value: unknown,
	bad: (reason: string) => BadAnswer,
	at?: string,
): z.output<T> {
	const { data, error } = schema.safeParse(value);
	if (!error) return data;
	const [first] = error.issues;
	const path = [...(at ? [at] : []), ...(first?.path ?? []).map(String)].join(".");
	const what = first?.message.replace(/^Invalid (input|string): /, "") ?? "something else is expected";
	throw bad(path ? `${foreign(path, 100)}: ${foreign(what, 200)}` : foreign(what, 200));
}
