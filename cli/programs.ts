import { ErrorCode, type NatsConnection, NatsError, RequestStrategy } from "nats";
import { overlaps } from "../topology/subjects";
import type { ApiReply } from "./hub";

/** What a device's own programs do there that does not go together with its classes. */
export interface ProgramFacts {
	/** Streams that are not the classes' and have no limit. */
	readonly unlimited: readonly string[];
	/** What services answer on; absent where they cannot be asked. */
	readonly endpoints?: readonly Endpoint[];
}

export interface Endpoint {
	readonly service: string;
	readonly subject: string;
}

/** The client waits for 300 ms after the last answer, and no longer than this. No service at all is told at once. */
const SERVICES_MS = 1000;

/** The first page of the server's answer: a device has a handful of streams. */
interface StreamList {
	readonly streams?: readonly { readonly config: { readonly name: string; readonly max_bytes: number } }[] | null;
}

/**
 * @param request of the device's JetStream API, without the domain's prefix
 * @param own names of the classes' streams
 * @param loopback a connection to the device itself, for services answer nobody else: nothing of them crosses the leaf
 */
export async function programFacts(
	request: (call: string) => Promise<ApiReply>,
	own: readonly string[],
	loopback?: NatsConnection,
): Promise<ProgramFacts> {
	const [list, endpoints] = await Promise.all([
		request("STREAM.LIST").then((reply) => reply as StreamList),
		loopback && endpointsOn(loopback),
	]);
	const unlimited = (list.streams ?? [])
		.filter(({ config }) => config.max_bytes <= 0 && !own.includes(config.name))
		.map(({ config }) => config.name);
	return { unlimited, ...(endpoints && { endpoints }) };
}

/** Asked as every client of NATS services does it: `$SRV.INFO`. Who answers without being a service is not found. */
async function endpointsOn(connection: NatsConnection): Promise<Endpoint[]> {
	const client = connection.services.client({ strategy: RequestStrategy.JitterTimer, maxWait: SERVICES_MS });
	const found: Endpoint[] = [];
	try {
		for await (const { name, endpoints } of await client.info()) {
			for (const { subject } of endpoints) found.push({ service: name, subject });
		}
	} catch (error) {
		if (!(error instanceof NatsError) || error.code !== ErrorCode.NoResponders) throw error;
	}
	return found;
}

/**
 * One sentence for each thing that somebody should know.
 * @param captured subjects that a class stores, by class
 */
export function programNotes(
	{ unlimited, endpoints = [] }: ProgramFacts,
	captured: Readonly<Record<string, readonly string[]>>,
): string[] {
	const open = unlimited.map(
		(name) =>
			`${name} has no max_bytes and may take the room of the classes; nats stream edit ${name} --max-bytes sets one`,
	);
	const taken = endpoints.flatMap(({ service, subject }) =>
		Object.entries(captured).flatMap(([name, patterns]) => {
			const pattern = patterns.find((each) => overlaps(subject, each));
			if (pattern === undefined) return [];
			return [
				`service ${service} answers on ${subject}, but ${name} stores ${pattern}: whoever asks gets the stream's ` +
					`acknowledgement for an answer; ask on subjects outside of it, or accept a narrower one`,
			];
		}),
	);
	// Each instance of a service is told of by itself.
	return [...open, ...[...new Set(taken)].sort()];
}
