import { ErrorCode, headers, type NatsConnection, NatsError } from "nats";
import { apiPrefix, HUB_DOMAIN } from "../topology/names";
import { ConnectionEnded, NoAnswer } from "./errors";
import { MARK, markOf } from "./mark";
import { readAnswer } from "./read-answer";
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
 */
export function domainApi(connection: NatsConnection, domain: string, creds?: string): Api {
	return apiAt(connection, domain, apiPrefix(domain), domain === HUB_DOMAIN ? creds : undefined);
}

/** On a device itself, without its domain's name. */
export function localApi(connection: NatsConnection, device: string): Api {
	return apiAt(connection, device, "$JS.API");
}

function apiAt(connection: NatsConnection, domain: string, prefix: string, creds?: string): Api {
	const bounds = domain === HUB_DOMAIN ? HUB_BOUNDS : DEVICE_BOUNDS;
	return {
		domain,
		ask: async <T>(call: string, body: unknown, timeoutMs: number) => {
			const asked = { who: domain, call, ...(creds !== undefined && { creds }) };
			const payload = await request(connection, `${prefix}.${call}`, body, timeoutMs, asked);
			return readAnswer(payload, { who: domain, call, domain, bounds }) as T;
		},
	};
}

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
		if (code === ErrorCode.NoResponders) throw new NoAnswer(who, call, "nobody answers");
		if (code === ErrorCode.Timeout) throw new NoAnswer(who, call, `no answer within ${timeoutMs / 1000} s`);
		throw new NoAnswer(who, call, error instanceof Error ? error.message : String(error));
	}
}
