import { connect, type NatsConnection } from "nats";
import type { LeaflineOutput } from "../contract/outputs";
import { STREAM_NOT_FOUND } from "../jetstream/errors";
import { apiPrefix, edgeStreamName, HUB_CONSUMER } from "../topology/names";
import * as answers from "./answers";
import { messageOf } from "./errors";
import { type ApiReply, ask, type Hub } from "./hub";
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
					silence[device] = answers.printable(messageOf(error));
				}
			}),
		);
		return { devices, silence };
	}

	/** The first message from a sequence on, as far as its headers matter; undefined if it is not told. */
	async message(device: string, name: string, from: number): Promise<EdgeStreamFacts["next"]> {
		try {
			const request = await this.route(device);
			const body = { next_by_subj: ">", seq: from };
			const reply = await request?.(`STREAM.MSG.GET.${edgeStreamName(device, name)}`, body);
			const { message } = answers.read(answers.storedMessage, reply, "message");
			return { seq: message.seq, headerBytes: Buffer.byteLength(message.hdrs ?? "", "base64") };
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
		const request = await this.route(device);
		if (!request) return undefined;
		const facts: Mutable = { at: 0, streams: {}, missing: [], unreadable: {}, consumers: {} };
		const classes = Object.keys(this.outputs.devices[device]?.hubStreams ?? {});
		const own = Object.keys(this.outputs.classes).map((name) => edgeStreamName(device, name));
		const loopback = this.isLocal(device) ? await this.connection(device) : undefined;
		const programs = health ? programFacts(request, own, loopback).catch(() => undefined) : undefined;
		const looked = this.isLocal(device) && health ? localHealth(this.outputs, device) : undefined;
		await Promise.all(
			classes.map(async (name) => {
				const stream = edgeStreamName(device, name);
				const [info, consumer] = await Promise.all([
					request(`STREAM.INFO.${stream}`),
					request(`CONSUMER.INFO.${stream}.${HUB_CONSUMER}`),
				]);
				try {
					addStream(facts, name, info);
					facts.consumers[name] = consumerFacts(consumer);
				} catch (error) {
					facts.unreadable[name] = messageOf(error);
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

	private isLocal(device: string): boolean {
		return this.outputs.local?.links[device] !== undefined;
	}

	private async route(device: string): Promise<((call: string, body?: unknown) => Promise<ApiReply>) | undefined> {
		if (this.isLocal(device)) {
			const connection = await this.connection(device);
			return (call, body) => ask(connection, `$JS.API.${call}`, body, LOOPBACK_ANSWER_MS);
		}
		const hub = this.hub;
		return hub && ((call, body) => hub.request(`${apiPrefix(device)}.${call}`, body, ANSWER_MS));
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

/** @throws Error when the answer is none; an error of JetStream as a whole is the device's silence */
function addStream(facts: Mutable, name: string, reply: ApiReply): void {
	const code = refusalCode(reply);
	if (code === STREAM_NOT_FOUND) return void facts.missing.push(name);
	if (code !== undefined)
		throw new Error(`it refuses: ${answers.read(answers.refusal, reply.error, "refusal").description}`);
	const { state, created } = answers.read(answers.edgeStream, reply, "description of a stream");
	facts.streams[name] = {
		messages: state.messages,
		bytes: state.bytes,
		lastSeq: state.last_seq,
		...(created !== undefined && { created }),
	};
}

function consumerFacts(reply: ApiReply): ConsumerFacts | "missing" {
	if (refusalCode(reply) !== undefined) return "missing";
	const {
		config,
		num_pending,
		num_ack_pending,
		paused,
		pause_remaining = 0,
	} = answers.read(answers.consumer, reply, "consumer");
	return {
		underWay: num_ack_pending,
		unacknowledged: num_pending + num_ack_pending,
		window: config.max_ack_pending ?? 0,
		...(paused && { pausedMs: pause_remaining / 1e6 }),
	};
}

function refusalCode({ error }: ApiReply): number | undefined {
	return error ? (error.err_code ?? error.code ?? 0) : undefined;
}
