import type { JsMsg, NatsConnection } from "nats";
import type { Position } from "./ledger.js";
import { deliveryOf } from "./message.js";

/** What the hub delivers is not what follows on what was delivered: begin again from what is in the lake. */
export class Interrupted extends Error {}

interface StreamInfo {
	readonly created: string;
	readonly state: { readonly first_seq: number; readonly last_seq: number };
	readonly cluster?: { readonly leader?: string };
}

interface ConsumerInfo {
	readonly config: { readonly max_ack_pending?: number; readonly ack_wait?: number; readonly deliver_policy: string };
	readonly num_pending: number;
}

const NANOSECONDS = 1_000_000;
/** A request for messages waits so long, in milliseconds; the least that the client takes. */
const WAIT = 1_000;
/** And its end may come so much later. */
const LATE = 5_000;

/**
 * A reader's durable consumer, set to where the lake is. Its own position is not asked: it is on the hub's disks, and may
 * be ahead of the lake or behind it.
 */
export class Consumer {
	/** Messages that may be on their way to the lake. */
	readonly room: number;
	/** How long they may take to be acknowledged, in milliseconds. */
	readonly patience: number;
	private delivered = 0;

	private constructor(
		private readonly nc: NatsConnection,
		private readonly stream: string,
		private readonly name: string,
		private readonly info: StreamInfo,
		{ config }: ConsumerInfo,
	) {
		const { max_ack_pending: pending = -1, ack_wait: wait = 0 } = config;
		this.room = pending > 0 ? pending : Number.POSITIVE_INFINITY;
		this.patience = wait > 0 ? wait / NANOSECONDS : Number.POSITIVE_INFINITY;
	}

	/** When the hub's stream was made. */
	get created(): string {
		return this.info.created;
	}

	/**
	 * @param positions up to which the lake has everything, newest first
	 * @param say called where messages have gone before they were read, or where the hub went back
	 */
	static async at(
		nc: NatsConnection,
		stream: string,
		name: string,
		positions: readonly Position[],
		say: (what: string) => void,
	): Promise<Consumer> {
		const info = await ask<StreamInfo>(nc, `STREAM.INFO.${stream}`);
		const state = await ask<ConsumerInfo>(nc, `CONSUMER.INFO.${stream}.${name}`);
		if (state.config.deliver_policy !== "all") {
			throw new Error(`reader ${name} begins at "${state.config.deliver_policy}": a lake's must state deliver: all`);
		}
		const consumer = new Consumer(nc, stream, name, info, state);
		await consumer.goTo(positions, say);
		return consumer;
	}

	private async goTo(positions: readonly Position[], say: (what: string) => void): Promise<void> {
		const { first_seq: first } = this.info.state;
		const [newest] = positions;
		if (newest === undefined) return this.setTo(first).then(() => undefined);
		const known = positions.filter(({ created }) => created === this.created);
		if (known[0] === newest && newest.seq < first) {
			if (newest.seq < first - 1) say(`the hub has nothing more from ${newest.seq + 1} to ${first - 1}`);
			await this.setTo(first);
			return;
		}
		for (const position of known.filter(({ seq }) => seq >= first)) {
			if (await this.isAt(position)) return;
			say(`the hub's message ${position.seq} is not the one of then: it went back, and is read again from before`);
		}
		if (known.length === 0) say("the hub's stream was made anew, and is read from its beginning");
		await this.setTo(first);
	}

	/** Sets it to a message that the lake has, which comes once more, and says whether it is still that one. */
	private async isAt({ seq, time }: Position): Promise<boolean> {
		if (seq > this.info.state.last_seq || (await this.setTo(seq)) === 0) return false;
		for await (const message of this.fetch(1)) {
			const { hubSeq, delivery, time: at } = deliveryOf(message);
			if (delivery !== 1) throw new Interrupted(`delivery ${delivery} came first: somebody else reads`);
			this.delivered = delivery;
			return hubSeq === seq && String(at) === time;
		}
		throw new Interrupted(`message ${seq} of ${this.stream} does not come`);
	}

	/** @returns how many messages follow */
	private async setTo(seq: number): Promise<number> {
		const body = JSON.stringify({ seq: Math.max(1, seq) });
		const { num_pending } = await ask<ConsumerInfo>(this.nc, `CONSUMER.RESET.${this.stream}.${this.name}`, body);
		this.delivered = 0;
		return num_pending;
	}

	/** The next messages, at most so many; none after a second without any. @throws Interrupted */
	async *next(most: number): AsyncGenerator<JsMsg> {
		for await (const message of this.fetch(most)) {
			const { delivery } = deliveryOf(message);
			if (delivery !== this.delivered + 1) throw new Interrupted(`delivery ${delivery} came after ${this.delivered}`);
			this.delivered = delivery;
			yield message;
		}
	}

	/** One request for messages. The hub says when it ends; the deadline is for one of which nothing is heard, as when somebody sets the consumer meanwhile. */
	private async *fetch(most: number): AsyncGenerator<JsMsg> {
		const consumer = await this.nc.jetstream().consumers.get(this.stream, this.name);
		const messages = await consumer.fetch({ max_messages: most, expires: WAIT });
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			messages.stop();
		}, WAIT + LATE);
		try {
			yield* messages;
		} finally {
			clearTimeout(timer);
		}
		if (late) throw new Interrupted(`a request for messages of ${this.stream} has no end`);
	}

	/** @throws Interrupted if the stream is led by another node than at first, or is behind what it delivered */
	async check(position: Position): Promise<void> {
		const { created, state, cluster } = await ask<StreamInfo>(this.nc, `STREAM.INFO.${this.stream}`);
		const same = created === this.created && cluster?.leader === this.info.cluster?.leader;
		if (!same || state.last_seq < position.seq) throw new Interrupted(`${this.stream} is not as it was`);
	}
}

async function ask<Answer>(nc: NatsConnection, call: string, body = ""): Promise<Answer> {
	const reply = await nc.request(`$JS.API.${call}`, body, { timeout: 10_000 });
	const answer = reply.json<Answer & { readonly error?: { readonly description: string } }>();
	if (answer.error) throw new Error(`${call}: ${answer.error.description}`);
	return answer;
}
