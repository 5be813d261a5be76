import { ErrorCode, headers, type NatsConnection, NatsError } from "nats";
import { apiPrefix, HUB_DOMAIN } from "../topology/names";
import { ADMIN_API } from "../topology/permissions";
import { ConnectionEnded, NoAnswer } from "./errors";
import { MARK, markOf } from "./mark";
import { type Asked, readAnswer } from "./read-answer";
import { DEVICE_BOUNDS, HUB_BOUNDS } from "./read-json";

/** Requests of one domain's JetStream API. */
export interface Api {
	/** The hub's, or a device's. */
	readonly domain: string;
	/**
	 * Sends one request, for example `api.ask("STREAM.INFO.hub_can", undefined, 5_000)`, and gives its answer, which has
	 * the form that `forms.ts` has for the call.
	 * @throws ApiError when it is refused, NoAnswer, BadAnswer
	 */
	ask<T>(call: string, body: unknown, timeoutMs: number): Promise<T>;
}

/**
 * As an administrator of the hub, from which the API of every domain can be reached.
 * @param creds the administrator's, by which the hub's journal tells requests as the stack's own. @default no mark
 * @param hubPrefix of the hub's API, if it is none of this release
 */
export function domainApi(connection: NatsConnection, domain: string, creds?: string, hubPrefix = ADMIN_API): Api {
	const bounds = domain === HUB_DOMAIN ? HUB_BOUNDS : DEVICE_BOUNDS;
	const mark = domain === HUB_DOMAIN ? creds : undefined;
	return apiAt(
		connection,
		{ who: domain, domain, bounds },
		domain === HUB_DOMAIN ? hubPrefix : apiPrefix(domain),
		mark,
	);
}

/** On a device itself, whose domain need not be named. @param who what errors call it */
export function localApi(connection: NatsConnection, who: string): Api {
	return apiAt(connection, { who, bounds: DEVICE_BOUNDS }, "$JS.API");
}

function apiAt(connection: NatsConnection, asked: Omit<Asked, "call">, prefix: string, creds?: string): Api {
	return {
		domain: asked.who,
		ask: async <T>(call: string, body: unknown, timeoutMs: number) => {
			const of = { ...asked, call };
			const marked = { ...of, ...(creds !== undefined && { creds }) };
			return readAnswer(await request(connection, `${prefix}.${call}`, body, timeoutMs, marked), of) as T;
		},
	};
}

/** Reason of a `NoAnswer`: the server is there, and its JetStream is not. */
export const NOBODY = "nobody answers";

/**
 * One request and the first reply to it; later ones are for nobody. @throws NoAnswer, ConnectionEnded
 * @param body JSON; undefined for an empty request
 * @param asked `creds` mark it as the stack's own
 */
export async function request(
	connection: NatsConnection,
	subject: string,
	body: unknown,
	timeoutMs: number,
	{ who, call, creds }: { readonly who: string; readonly call: string; readonly creds?: string },
): Promise<Uint8Array> {
	if (connection.isClosed()) throw new ConnectionEnded(who, call);
	try {
		const payload = body === undefined ? "" : JSON.stringify(body);
		const marked = headers();
		if (creds !== undefined) marked.set(MARK, markOf(creds, call, payload));
		const options = { timeout: timeoutMs, ...(creds !== undefined && { headers: marked }) };
		return (await connection.request(subject, payload, options)).data;
	} catch (error) {
		const code = error instanceof NatsError ? error.code : undefined;
		if (code === ErrorCode.NoResponders) throw new NoAnswer(who, call, NOBODY);
		if (code === ErrorCode.Timeout) throw new NoAnswer(who, call, `no answer within ${timeoutMs / 1000} s`);
		throw new NoAnswer(who, call, error instanceof Error ? error.message : String(error));
	}
}
