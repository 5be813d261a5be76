import { ErrorCode, type NatsConnection, NatsError } from "nats";
import { UserError } from "./errors";
import { sleep } from "./wait";

/** The server understood a request and refused it. */
export class ApiError extends UserError {
	constructor(
		readonly endpoint: string,
		readonly code: number,
		readonly errCode: number,
		readonly description: string,
	) {
		super(`${endpoint}: ${description} (${errCode})`);
		this.name = "ApiError";
	}
}

/** No answer: the request may or may not have been carried out. */
export class NoAnswer extends UserError {
	constructor(endpoint: string, reason: string) {
		super(`${endpoint}: ${reason}`);
		this.name = "NoAnswer";
	}
}

export const STREAM_NOT_FOUND = 10059;
export const CONSUMER_NOT_FOUND = 10014;
export const STREAM_NAME_IN_USE = 10058;
const CLUSTER_NOT_READY = 10008;

/** Requests of one domain's JetStream API. */
export interface Api {
	readonly domain: string;
	/**
	 * Sends one request, for example `api.ask("STREAM.INFO.hub_can", undefined, 5_000)`, and gives the reply's JSON.
	 * @throws ApiError, NoAnswer
	 */
	ask<T>(endpoint: string, body: unknown, timeoutMs: number): Promise<T>;
}

export function domainApi(connection: NatsConnection, domain: string): Api {
	return {
		domain,
		ask: async <T>(endpoint: string, body: unknown, timeoutMs: number) => {
			const shown = `${domain} ${endpoint}`;
			const reply = await answer(connection, `$JS.${domain}.API.${endpoint}`, body, timeoutMs, shown);
			if (reply.error) {
				const { code = 0, err_code = 0, description = "refused" } = reply.error;
				throw new ApiError(shown, code, err_code, description);
			}
			return reply as T;
		},
	};
}

interface Reply {
	error?: { code?: number; err_code?: number; description?: string };
}

async function answer(connection: NatsConnection, subject: string, body: unknown, timeout: number, shown: string) {
	if (connection.isClosed()) throw new UserError("the control leaf has ended: run the operation again");
	const payload = body === undefined ? "" : JSON.stringify(body);
	try {
		const message = await connection.request(subject, payload, { timeout });
		return message.json<Reply>();
	} catch (error) {
		if (!(error instanceof NatsError))
			throw new NoAnswer(shown, error instanceof Error ? error.message : String(error));
		if (error.code === ErrorCode.NoResponders) throw new NoAnswer(shown, "nobody answers");
		if (error.code === ErrorCode.Timeout) throw new NoAnswer(shown, `no answer within ${timeout / 1000} s`);
		throw new NoAnswer(shown, error.message);
	}
}

export interface Patience {
	/** When to give up, as `Date.now()`. */
	readonly deadline: number;
	/** Time-outs of the attempts, the last one for all further ones. Short first: a lost request must not cost much. */
	readonly timeoutsMs: readonly number[];
	/** Asked after each attempt without an answer; false ends it at once. */
	readonly worthWaiting?: () => Promise<boolean>;
	/** Told after each attempt without an answer. */
	readonly waiting?: (error: Error) => void;
}

/** Repeats what may be repeated until it is answered. @throws NoAnswer when the patience is at its end; ApiError */
export async function persist<T>(attempt: (timeoutMs: number) => Promise<T>, patience: Patience): Promise<T> {
	for (let round = 0; ; round++) {
		const timeouts = patience.timeoutsMs;
		const wanted = timeouts[Math.min(round, timeouts.length - 1)] ?? 5_000;
		const started = Date.now();
		try {
			return await attempt(Math.max(250, Math.min(wanted, patience.deadline - started)));
		} catch (error) {
			if (!isTransient(error)) throw error;
			patience.waiting?.(error);
			if (Date.now() >= patience.deadline) throw error;
			if (patience.worthWaiting && !(await patience.worthWaiting())) throw error;
			// "Nobody answers" comes back at once; do not turn that into a storm.
			await sleep(Math.max(0, Math.min(500, 500 - (Date.now() - started))));
		}
	}
}

function isTransient(error: unknown): error is Error {
	return error instanceof NoAnswer || (error instanceof ApiError && error.errCode === CLUSTER_NOT_READY);
}
