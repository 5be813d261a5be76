import { connect, type NatsConnection } from "nats";
import { foreign } from "../../config/printable";
import type { LeaflineOutput } from "../../contract/outputs";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/answers";
import { type Api, localApi, NOBODY } from "../../jetstream/api";
import { nextMessage, unlessMissing } from "../../jetstream/calls";
import { ApiError, BadAnswer, NoAnswer, STREAM_NOT_FOUND } from "../../jetstream/errors";
import { type Patience, within } from "../../jetstream/patience";
import { writeFault } from "../../jetstream/write-fault";
import { CUT_NOTE, readCut } from "../../topology/cut-note";
import { deviceDomain, edgeStreamName, HUB_CONSUMER } from "../../topology/names";
import { roomForHeaders } from "../../topology/source-header";
import { messageOf } from "../errors";
import { changedFields, consumerOf } from "./consumer";
import type { Hub } from "./hub";
import { localHealth } from "./local-servers";
import { programFacts } from "./programs";
import type { ConsumerFacts, EdgeFacts, EdgeStreamFacts } from "./seen";

/** How long a device has for its answer. Devices on a busy slow link need more than one that idles. */
const ANSWER_MS = 2000;
const LOOPBACK_ANSWER_MS = 1000;

/** Asks devices for their streams: local ones on their loopback port, cut or not, the others through the hub. */
export class Edges {
	private readonly loopback = new Map<string, Promise<NatsConnection>>();
	private closed = false;

	constructor(
		private readonly outputs: LeaflineOutput,
		private readonly hub: Hub | undefined,
	) {}

	/**
	 * All at once; a device that does not answer in time is absent, and `silence` says why. `connected` are those that
	 * the hub hears, as far as it tells: there is no use in asking the others through it.
	 */
	async ask(connected?: readonly string[], { health = false }: { readonly health?: boolean } = {}): Promise<Answers> {
		const heard = connected && new Set(connected);
		const asked = Object.keys(this.outputs.devices).filter(
			(device) => this.isLocal(device) || (heard?.has(device) ?? this.outputs.devices[device]?.retired !== "lost"),
		);
		const devices: Record<string, EdgeFacts> = {};
		const silence: Record<string, string> = {};
		await Promise.all(
			asked.map(async (device) => {
				try {
					const answer = await this.askDevice(device, health);
					if (answer) devices[device] = answer;
				} catch (error) {
					silence[device] = silenceOf(error);
				}
			}),
		);
		return { devices, silence };
	}

	/** The first message from a sequence on, as far as its headers matter; undefined if it is not told. */
	async message(device: string, name: string, from: number): Promise<EdgeStreamFacts["next"]> {
		try {
			const api = await this.route(device);
			return api && (await nextFrom(api, edgeStreamName(device, name), from, within(this.answerMs(device))));
		} catch {
			return undefined;
		}
	}

	/** A class's stream, asked for once more; undefined if it is not told. */
	async stream(device: string, name: string): Promise<EdgeStreamFacts | undefined> {
		try {
			const api = await this.route(device);
			const call = `STREAM.INFO.${edgeStreamName(device, name)}`;
			return api && streamFacts(await api.ask<StreamInfo>(call, undefined, this.answerMs(device)));
		} catch {
			return undefined;
		}
	}

	/** For good: what is still being asked gets no new connection, which would keep the process alive. */
	async close(): Promise<void> {
		this.closed = true;
		const connections = await Promise.allSettled(this.loopback.values());
		await Promise.all(connections.map((it) => (it.status === "fulfilled" ? it.value.close() : undefined)));
	}

	private async askDevice(device: string, health: boolean): Promise<EdgeFacts | undefined> {
		const api = await this.route(device);
		if (!api) return undefined;
		const facts: Mutable = { at: 0, streams: {}, missing: [], unreadable: {}, consumers: {} };
		const classes = Object.keys(this.outputs.devices[device]?.hubStreams ?? {});
		const own = Object.keys(this.outputs.classes).map((name) => edgeStreamName(device, name));
		const loopback = this.isLocal(device) ? await this.connection(device) : undefined;
		const programs = health ? programFacts(api, own, loopback).catch(() => undefined) : undefined;
		const looked = health ? this.health(api, device, classes) : undefined;
		await Promise.all(
			classes.map(async (name) => {
				const stream = edgeStreamName(device, name);
				const ask = <T>(call: string) => api.ask<T>(call, undefined, this.answerMs(device));
				try {
					const [info, consumer] = await Promise.all([
						unlessMissing(STREAM_NOT_FOUND, () => ask<StreamInfo>(`STREAM.INFO.${stream}`)),
						unlessRefused(() => ask<ConsumerInfo>(`CONSUMER.INFO.${stream}.${HUB_CONSUMER}`)),
					]);
					if (info) facts.streams[name] = streamFacts(info);
					else facts.missing.push(name);
					facts.consumers[name] = consumer ? this.consumerFacts(device, name, consumer) : "missing";
				} catch (error) {
					// Without an answer there is nothing to be said of a class.
					if (error instanceof ApiError) facts.unreadable[name] = `it refuses: ${error.description}`;
					else if (error instanceof BadAnswer) facts.unreadable[name] = `its answer cannot be used: ${error.reason}`;
					else throw error;
				}
			}),
		);
		const [complaint, beside] = await Promise.all([looked, programs]);
		return {
			...facts,
			at: Date.now(),
			...(complaint !== undefined && { health: complaint }),
			...(beside && { programs: beside }),
		};
	}

	/** Why it cannot write. The log of a local device tells more; programs, as whom it is asked there, may not ask for it. */
	private async health(api: Api, device: string, classes: readonly string[]): Promise<string | undefined> {
		if (this.isLocal(device)) return localHealth(this.outputs, device);
		const asked = classes.map((name) =>
			writeFault(api, edgeStreamName(device, name), this.answerMs(device)).catch(() => undefined),
		);
		const fault = (await Promise.all(asked)).find((each) => each !== undefined);
		return fault === undefined ? undefined : foreign(fault);
	}

	private consumerFacts(device: string, name: string, consumer: ConsumerInfo): ConsumerFacts {
		const changed = changedFields(consumerOf(this.outputs, device, name), consumer);
		return { ...consumerFacts(consumer), ...(changed.length > 0 && { changed }) };
	}

	private isLocal(device: string): boolean {
		return this.outputs.local?.links[device] !== undefined;
	}

	private async route(device: string): Promise<Api | undefined> {
		if (this.isLocal(device)) return localApi(await this.connection(device), device);
		return this.hub?.api(deviceDomain(device));
	}

	private answerMs(device: string): number {
		return this.isLocal(device) ? LOOPBACK_ANSWER_MS : ANSWER_MS;
	}

	/** No credentials, as for any program on the device. A connection that broke is made again. */
	private async connection(device: string): Promise<NatsConnection> {
		const known = await this.loopback.get(device)?.catch(() => undefined);
		if (known && !known.isClosed()) return known;
		if (this.closed) throw new Error("closed");
		const made = connect({
			servers: `nats://127.0.0.1:${this.outputs.devices[device]?.clientPort}`,
			name: "leafline",
			timeout: LOOPBACK_ANSWER_MS,
			reconnect: false,
		});
		this.loopback.set(device, made);
		return made;
	}
}

export interface Answers {
	readonly devices: Readonly<Record<string, EdgeFacts>>;
	/** Why a device gave none. */
	readonly silence: Readonly<Record<string, string>>;
}

type Mutable = { -readonly [Key in keyof EdgeFacts]: EdgeFacts[Key] } & {
	streams: Record<string, EdgeStreamFacts>;
	missing: string[];
	unreadable: Record<string, string>;
	consumers: Record<string, ConsumerFacts | "missing">;
};

/** The first message from a sequence on, as far as its headers matter. @throws NoAnswer, BadAnswer, ApiError */
export async function nextFrom(
	api: Api,
	stream: string,
	from: number,
	patience: Patience,
): Promise<EdgeStreamFacts["next"]> {
	const message = await nextMessage(api, stream, from, patience);
	if (!message) return undefined;
	const { seq, hdrs = "", subject } = message;
	return { seq, headerBytes: Buffer.byteLength(hdrs, "base64"), room: roomForHeaders(subject) };
}

/** Why a device gave no answer. */
function silenceOf(error: unknown): string {
	if (!(error instanceof NoAnswer)) return foreign(messageOf(error));
	return error.reason === NOBODY ? "its JetStream does not run" : foreign(error.reason);
}

/** A consumer that the device does not tell is none. */
async function unlessRefused<T>(act: () => Promise<T>): Promise<T | undefined> {
	try {
		return await act();
	} catch (error) {
		if (error instanceof ApiError) return undefined;
		throw error;
	}
}

function streamFacts({ state, created, config }: StreamInfo): EdgeStreamFacts {
	const cut = readCut(config.metadata?.[CUT_NOTE]);
	return {
		messages: state.messages,
		bytes: state.bytes,
		lastSeq: state.last_seq,
		firstSeq: state.first_seq,
		...(created !== undefined && { created: Date.parse(created), createdAt: created }),
		...(cut && { cut }),
	};
}

function consumerFacts({
	config,
	delivered,
	ack_floor,
	push_bound,
	num_pending,
	num_ack_pending,
	paused,
	pause_remaining = 0,
}: ConsumerInfo): ConsumerFacts {
	return {
		underWay: num_ack_pending,
		unacknowledged: num_pending + num_ack_pending,
		window: config.max_ack_pending ?? 0,
		ackFloor: ack_floor.stream_seq,
		delivered: delivered.stream_seq,
		heard: push_bound === true,
		...(paused && { pausedMs: pause_remaining / 1e6 }),
	};
}
