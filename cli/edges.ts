import { connect, type NatsConnection } from "nats";
import type { LeaflineOutput } from "../contract/outputs";
import { edgeStreamName, HUB_CONSUMER } from "../topology/names";
import { type ApiReply, ask, type Hub } from "./hub";
import { programFacts } from "./programs";
import type { EdgeFacts, EdgeStreamFacts } from "./state";

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
	 * All at once; a device that does not answer in time is absent. `connected` are those that the hub hears, as far as
	 * it tells: there is no use in asking the others through it.
	 */
	async ask(connected?: readonly string[]): Promise<Record<string, EdgeFacts>> {
		const heard = connected && new Set(connected);
		const devices = Object.keys(this.outputs.devices).filter(
			(device) => this.isLocal(device) || (heard?.has(device) ?? this.outputs.devices[device]?.retired !== "lost"),
		);
		const answers = await Promise.all(devices.map((device) => this.askDevice(device).catch(() => undefined)));
		const result: Record<string, EdgeFacts> = {};
		devices.forEach((device, i) => {
			const answer = answers[i];
			if (answer) result[device] = answer;
		});
		return result;
	}

	/** For good: what is still being asked gets no new connection, which would keep the process alive. */
	async close(): Promise<void> {
		this.closed = true;
		const connections = await Promise.allSettled(this.loopback.values());
		await Promise.all(connections.map((it) => (it.status === "fulfilled" ? it.value.close() : undefined)));
	}

	private async askDevice(device: string): Promise<EdgeFacts | undefined> {
		const classes = Object.keys(this.outputs.devices[device]?.hubStreams ?? {});
		const streams: Record<string, EdgeStreamFacts> = {};
		const request = await this.route(device);
		if (!request) return undefined;
		const own = Object.keys(this.outputs.classes).map((name) => edgeStreamName(device, name));
		const loopback = this.isLocal(device) ? await this.connection(device) : undefined;
		const asked = programFacts(request, own, loopback).catch(() => undefined);
		await Promise.all(
			classes.map(async (name) => {
				const stream = edgeStreamName(device, name);
				const [info, consumer] = await Promise.all([
					request(`STREAM.INFO.${stream}`),
					request(`CONSUMER.INFO.${stream}.${HUB_CONSUMER}`),
				]);
				const facts = streamFacts(info, consumer);
				if (facts) streams[name] = facts;
			}),
		);
		const programs = await asked;
		return { at: Date.now(), streams, ...(programs && { programs }) };
	}

	private isLocal(device: string): boolean {
		return this.outputs.local?.links[device] !== undefined;
	}

	private async route(device: string): Promise<((call: string) => Promise<ApiReply>) | undefined> {
		if (this.isLocal(device)) {
			const connection = await this.connection(device);
			return (call) => ask(connection, `$JS.API.${call}`, undefined, LOOPBACK_ANSWER_MS);
		}
		const hub = this.hub;
		return hub && ((call) => hub.request(`$JS.${device}.API.${call}`, undefined, ANSWER_MS));
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

function streamFacts(info: ApiReply, consumer: ApiReply): EdgeStreamFacts | undefined {
	const state = info.state as { messages: number; bytes: number; last_seq: number } | undefined;
	const { num_pending, num_ack_pending } = consumer as { num_pending?: number; num_ack_pending?: number };
	return (
		state && {
			messages: state.messages,
			bytes: state.bytes,
			lastSeq: state.last_seq,
			...(num_pending !== undefined && { unacknowledged: num_pending + (num_ack_pending ?? 0) }),
		}
	);
}
