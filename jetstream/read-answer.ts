import type { z } from "zod";
import { foreign } from "../config/printable";
import { refusal } from "./answers";
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
	const { who, call, domain, bounds } = asked;
	const bad = (reason: string) => new BadAnswer(who, call, reason);
	const raw = json(payload, bounds, bad);
	if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw bad("it is no JSON object");
	const { error, type } = raw as { readonly error?: unknown; readonly type?: unknown };
	if (error !== undefined && error !== null) {
		const { code = 0, err_code = 0, description } = match(refusal, error, bad, "error");
		throw new ApiError(who, call, code, err_code, description);
	}
	const { schema, type: expected, about, names } = formOf(call);
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

/** As `readAnswer`, for what is no answer of the API: an acknowledgement, or what a server's monitoring tells. */
export function readOther<T extends z.ZodType>(
	schema: T,
	payload: Uint8Array,
	{ who, call, bounds }: Pick<Asked, "who" | "call" | "bounds">,
): z.output<T> {
	const bad = (reason: string) => new BadAnswer(who, call, reason);
	return match(schema, json(payload, bounds, bad), bad);
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
