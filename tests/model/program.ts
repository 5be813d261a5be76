import { createInbox, headers, type MsgHdrs, type NatsConnection } from "nats";
import { eventually } from "../support/eventually";
import { encode, type LaneRecord } from "./ledger";

export interface ProgramOptions {
	/** Rejects while nobody is there. The connection must not reconnect by itself. */
	readonly dial: () => Promise<NatsConnection>;
	readonly subject: string;
	readonly lane: LaneRecord;
	readonly bytes: number;
	/** Messages a second. */
	readonly rate: number;
	/** Which start of the server, or which of its streams, takes messages now. */
	readonly life: () => number;
	/** Gives messages ids for the server to know them by, equal on all devices. */
	readonly messageIds?: boolean;
}

const TICK_MS = 25;
const AGAIN_MS = 250;
const IN_FLIGHT = 256;
const QUIET_MS = 20_000;

/**
 * A program that publishes numbered messages for as long as it runs, whatever happens to its server, and writes down
 * what it was told is stored. It publishes no number twice: a message without an answer may be there or not.
 */
export class Program {
	/** Messages to be published as soon as possible, beside those that are due. */
	private extra = 0;
	private due = 0;
	private running = true;
	private inFlight = 0;
	private pausedUntil = 0;
	private connection: NatsConnection | undefined;
	private readonly ended: Promise<void>;
	private paused = false;

	constructor(private readonly options: ProgramOptions) {
		this.ended = this.live();
	}

	burst(messages: number): void {
		this.extra += messages;
	}

	/** Publishes one message with a header of so many bytes. It is stored and arrives, or it is refused. */
	poison(bytes: number): void {
		if (!this.connection) return;
		const named = headers();
		named.set("X-Poison", "x".repeat(bytes));
		this.publish(this.connection, named);
	}

	/** Publishes nothing more and waits until everything is answered, or its server is gone. */
	async quiet(): Promise<void> {
		this.paused = true;
		this.extra = 0;
		await eventually(() => this.inFlight === 0, { what: "all is answered", within: QUIET_MS }).catch(() => {});
	}

	resume(): void {
		this.paused = false;
	}

	/** Publishes one message, also while it is quiet. @returns its id once it is acknowledged */
	async last(): Promise<number> {
		const { lane } = this.options;
		const before = lane.acknowledged.length;
		const more = () => {
			if (lane.acknowledged.length > before) return lane.acknowledged.at(-1)?.id ?? 0;
			if (this.inFlight === 0 && this.connection) this.publish(this.connection);
			return undefined;
		};
		const where = `${lane.device} takes a message of ${lane.class}`;
		const found = await eventually(() => more() ?? false, { what: where, within: 60_000 });
		return Number(found);
	}

	async stop(): Promise<void> {
		this.running = false;
		await this.connection?.close();
		await this.ended;
	}

	private async live(): Promise<void> {
		while (this.running) {
			const opened = await this.options.dial().catch(() => undefined);
			if (opened) await this.use(opened);
			else await new Promise((done) => setTimeout(done, AGAIN_MS));
		}
	}

	private async use(connection: NatsConnection): Promise<void> {
		const { lane, life, bytes } = this.options;
		const inbox = createInbox();
		connection.subscribe(`${inbox}.*`, {
			callback: (error, { subject, data }) => {
				if (error) return;
				this.inFlight--;
				const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
				const answer = text.startsWith("{") ? (JSON.parse(text) as { seq?: number; error?: unknown }) : {};
				if (answer.error !== undefined || !answer.seq) {
					lane.refused++;
					this.pausedUntil = Date.now() + AGAIN_MS;
				} else {
					const id = Number(subject.slice(inbox.length + 1));
					lane.acknowledged.push({ id, life: life(), seq: answer.seq, at: Date.now(), bytes });
				}
			},
		});
		this.inbox = inbox;
		this.inFlight = 0;
		this.due = 0;
		this.connection = connection;
		const timer = setInterval(() => this.tick(connection), TICK_MS);
		if (!this.running) await connection.close();
		await connection.closed();
		clearInterval(timer);
		this.connection = undefined;
		this.inFlight = 0;
	}

	private inbox = "";

	private tick(connection: NatsConnection): void {
		if (this.paused || Date.now() < this.pausedUntil) return;
		this.due += (this.options.rate * TICK_MS) / 1_000;
		for (; this.due >= 1 && this.inFlight < IN_FLIGHT; this.due--) this.publish(connection);
		this.due = Math.min(this.due, this.options.rate);
		for (; this.extra > 0 && this.inFlight < IN_FLIGHT; this.extra--) this.publish(connection);
	}

	private publish(connection: NatsConnection, more?: MsgHdrs): void {
		const { lane, subject, bytes, messageIds } = this.options;
		const id = lane.published++;
		const named = more ?? (messageIds ? messageId(id) : undefined);
		const options = { reply: `${this.inbox}.${id}`, ...(named && { headers: named }) };
		this.inFlight++;
		try {
			connection.publish(subject, encode(lane, id, bytes), options);
		} catch {
			// Closed a moment ago; nobody was told that it is stored.
			this.inFlight = 0;
		}
	}
}

function messageId(id: number): MsgHdrs {
	const named = headers();
	named.set("Nats-Msg-Id", `message ${id}`);
	return named;
}
