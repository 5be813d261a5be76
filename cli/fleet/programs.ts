import { ErrorCode, type NatsConnection, NatsError, RequestStrategy } from "nats";
import { z } from "zod";
import { foreign } from "../../config/printable";
import { shownText } from "../../jetstream/answers";
import type { Api } from "../../jetstream/api";
import { listStreams } from "../../jetstream/calls";
import { BadAnswer } from "../../jetstream/errors";
import { readOther } from "../../jetstream/read-answer";
import { DEVICE_BOUNDS } from "../../jetstream/read-json";
import { overlaps } from "../../topology/subjects";

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
const STREAMS_MS = 2000;

/** Characters of a name or a subject that are shown. */
const NAME = 100;

/** Endpoints that are looked at; a program that tells more tells them to nobody. */
const MOST_ENDPOINTS = 1_000;

/**
 * @param api of the device
 * @param own names of the classes' streams
 * @param loopback a connection to the device itself, for services answer nobody else: nothing of them crosses the leaf
 */
export async function programFacts(api: Api, own: readonly string[], loopback?: NatsConnection): Promise<ProgramFacts> {
	const [streams, endpoints] = await Promise.all([
		listStreams(api, { deadline: Date.now() + STREAMS_MS, timeoutsMs: [STREAMS_MS] }),
		loopback && endpointsOn(loopback),
	]);
	const unlimited = [...streams.values()]
		.filter(({ config }) => config.max_bytes <= 0 && !own.includes(config.name))
		.map(({ config }) => config.name);
	return { unlimited, ...(endpoints && { endpoints }) };
}

/** Asked as every client of NATS services does it: `$SRV.INFO`. Who answers without being a service is not found. */
async function endpointsOn(connection: NatsConnection): Promise<Endpoint[]> {
	const found: Endpoint[] = [];
	const options = { strategy: RequestStrategy.JitterTimer, maxWait: SERVICES_MS };
	try {
		for await (const { data } of await connection.requestMany("$SRV.INFO", "", options)) {
			found.push(...endpointsIn(data).slice(0, MOST_ENDPOINTS - found.length));
		}
	} catch (error) {
		if (!(error instanceof NatsError) || error.code !== ErrorCode.NoResponders) throw error;
	}
	return found;
}

/** None of a program that answers something else. */
function endpointsIn(answer: Uint8Array): Endpoint[] {
	try {
		const { name, endpoints } = readOther(serviceInfo, answer, {
			who: "a program",
			call: "$SRV.INFO",
			bounds: DEVICE_BOUNDS,
		});
		return (endpoints ?? []).map(({ subject }) => ({ service: name, subject }));
	} catch (error) {
		if (error instanceof BadAnswer) return [];
		throw error;
	}
}

const serviceInfo = z.object({
	name: shownText,
	endpoints: z.array(z.object({ subject: z.string().max(4096) })).nullish(),
});

/**
 * One sentence for each thing that somebody should know.
 * @param captured subjects that a class stores, by class
 */
export function programNotes(
	{ unlimited, endpoints = [] }: ProgramFacts,
	captured: Readonly<Record<string, readonly string[]>>,
): string[] {
	const open = unlimited.map(
		(name) => `${foreign(name, NAME)} has no max_bytes and may take the room of the classes; ${limitBy(name)} sets one`,
	);
	const taken = endpoints.flatMap(({ service, subject }) =>
		Object.entries(captured).flatMap(([name, patterns]) => {
			const pattern = patterns.find((each) => overlaps(subject, each));
			if (pattern === undefined) return [];
			return [
				`service ${foreign(service, NAME)} answers on ${foreign(subject, NAME)}, but ${name} stores ${pattern}: whoever asks gets the stream's ` +
					`acknowledgement for an answer; ask on subjects outside of it, or accept a narrower one`,
			];
		}),
	);
	// Each instance of a service is told of by itself.
	return [...open, ...[...new Set(taken)].sort()];
}

/** A command is only what a shell takes for what it is: a program may call its stream whatever it likes. */
function limitBy(stream: string): string {
	return /^[\w-]+$/.test(stream) ? `nats stream edit ${stream} --max-bytes` : "`nats stream edit --max-bytes`";
}
