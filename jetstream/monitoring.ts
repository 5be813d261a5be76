import { type NatsConnection, RequestStrategy } from "nats";
import * as z from "zod";
import { shownText } from "./answers";
import { request } from "./api";
import { BadAnswer, NoAnswer } from "./errors";
import { readOther } from "./read-answer";
import { HUB_BOUNDS } from "./read-json";

/**
 * What servers tell of themselves, over HTTP or in the system account. The names of leaves are what the leaves say: one
 * that is no name is nobody's, and the others are still told.
 */

const leaf = z.object({ name: z.string().max(255) }).catch({ name: "" });
export const leafz = z.object({ leafs: z.array(leaf).nullable().exactOptional() });
export const healthz = z.object({ status: shownText.default(""), error: shownText.exactOptional() });

const server = z.object({ name: shownText.default(""), ver: shownText.default("") });
/** One server's answer in the system account. */
export const leafzReply = z.object({ server, data: leafz });
export const varzReply = z.object({ server });
export const varz = z.object({ server_name: shownText, version: shownText });

export type LeafzReply = z.output<typeof leafzReply>;

/** Version of a server of the hub; empty if none tells. */
export async function serverVersion(system: NatsConnection, timeoutMs = 2_000): Promise<string> {
	const asked = { who: "hub", call: "VARZ" };
	try {
		const payload = await request(system, "$SYS.REQ.SERVER.PING.VARZ", {}, timeoutMs, asked);
		return readOther(varzReply, payload, { ...asked, bounds: HUB_BOUNDS }).server.ver;
	} catch {
		return "";
	}
}

/** Every answer that can be used of those that come in time, each server's own. */
export async function askServers<T extends z.ZodType>(
	system: NatsConnection,
	what: "LEAFZ" | "VARZ",
	schema: T,
	withinMs: number,
): Promise<z.output<T>[]> {
	const replies: z.output<T>[] = [];
	const asked = { who: "hub", call: what, bounds: HUB_BOUNDS };
	try {
		const options = { strategy: RequestStrategy.JitterTimer, maxWait: withinMs, jitter: 200 };
		for await (const { data } of await system.requestMany(`$SYS.REQ.SERVER.PING.${what}`, "{}", options)) {
			if (data.length === 0) continue;
			try {
				replies.push(readOther(schema, data, asked));
			} catch (error) {
				if (!(error instanceof BadAnswer)) throw error;
			}
		}
	} catch {
		// Nobody there, or the connection is being made anew: no replies.
	}
	return replies;
}

/** A page of a server's monitoring port. @throws NoAnswer, BadAnswer */
export async function askMonitor<T extends z.ZodType>(
	url: string,
	page: "leafz" | "healthz" | "varz",
	schema: T,
	timeoutMs: number,
): Promise<{ readonly ok: boolean; readonly answer: z.output<T> }> {
	const asked = { who: url, call: page, bounds: HUB_BOUNDS };
	let response: Response;
	let body: Uint8Array;
	try {
		response = await fetch(`${url}/${page}`, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
		body = await bodyOf(response, HUB_BOUNDS.bytes);
	} catch (error) {
		throw new NoAnswer(url, page, error instanceof Error ? error.message : String(error));
	}
	return { ok: response.ok, answer: readOther(schema, body, asked) };
}

/** No more of it than can be used, and one byte, by which it is refused. */
async function bodyOf({ body }: Response, most: number): Promise<Uint8Array> {
	const parts: Uint8Array[] = [];
	let size = 0;
	for await (const part of body ?? []) {
		parts.push(part);
		size += part.length;
		if (size > most) break;
	}
	return Buffer.concat(parts).subarray(0, most + 1);
}
