import { connect, createInbox, type NatsConnection } from "nats";
import { foreign } from "../../config/printable";

/**
 * A program on a device: it publishes on the device's loopback port, without credentials, and has each message
 * acknowledged by JetStream. It knows nothing of leafline, of the hub or of the link.
 */

export interface PublisherOptions {
	readonly port: number;
	readonly subject: string;
	/** Payload of a message; `counter` counts from 0. */
	readonly payload: (counter: number) => Uint8Array;
	readonly messages: number;
	/** Messages a second. */
	readonly rate: number;
	/** Most messages that wait for their acknowledgement. @default 512 */
	readonly inFlight?: number;
}

export interface Publisher {
	/** Messages that were acknowledged so far. */
	readonly acknowledged: number;
	/** 1 for every counter that was acknowledged. */
	readonly acks: Uint8Array;
	/** Resolves when every message was acknowledged; rejects if the server refuses one or stops answering. */
	readonly done: Promise<void>;
	stop(): Promise<void>;
}

/** Messages that wait for their acknowledgement, unless told otherwise. */
export const IN_FLIGHT = 512;

const TICK_MS = 5;
/** Without any acknowledgement for so long, the server is not there. */
const SILENCE_MS = 10_000;

/** Rejects if nothing listens on the port. */
export async function startPublisher(options: PublisherOptions): Promise<Publisher> {
	const connection = await connect({ servers: `nats://127.0.0.1:${options.port}`, name: "sensor", timeout: 2000 });
	return new Run(connection, options);
}

class Run implements Publisher {
	acknowledged = 0;
	readonly acks: Uint8Array;
	readonly done: Promise<void>;
	private sent = 0;
	private heard = Date.now();
	private readonly began = Date.now();
	private readonly inbox = createInbox();
	private readonly timer: NodeJS.Timeout;
	private finish: (error?: Error) => void = () => {};

	constructor(
		private readonly connection: NatsConnection,
		private readonly options: PublisherOptions,
	) {
		this.acks = new Uint8Array(options.messages);
		this.done = new Promise((resolve, reject) => {
			this.finish = (error) => (error ? reject(error) : resolve());
		});
		// The caller may look at it late; a failure then is no unhandled rejection.
		this.done.catch(() => {});
		connection.subscribe(`${this.inbox}.*`, {
			callback: (error, message) => (error ? this.end(error) : this.acknowledge(message.subject, message.data)),
		});
		this.timer = setInterval(() => this.tick(), TICK_MS);
	}

	async stop(): Promise<void> {
		clearInterval(this.timer);
		await this.connection.close();
	}

	private tick(): void {
		if (Date.now() - this.heard > SILENCE_MS) this.end(new Error("no acknowledgement for 10 s"));
		const { messages, rate, inFlight = IN_FLIGHT, subject, payload } = this.options;
		const due = Math.min(messages, Math.ceil(((Date.now() - this.began) / 1000) * rate));
		while (this.sent < due && this.sent - this.acknowledged < inFlight) {
			const counter = this.sent++;
			this.connection.publish(subject, payload(counter), { reply: `${this.inbox}.${counter}` });
		}
	}

	private acknowledge(subject: string, data: Uint8Array): void {
		this.heard = Date.now();
		const answer = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
		// A refusal names the stream and a sequence too: 0.
		if (answer.includes('"error"') || !answer.includes('"seq"')) {
			this.end(new Error(refusal(answer)));
			return;
		}
		const counter = Number(subject.slice(this.inbox.length + 1));
		if (this.acks[counter]) return;
		this.acks[counter] = 1;
		this.acknowledged++;
		if (this.acknowledged === this.options.messages) this.end();
		// Window full: the next message goes out at once, not at the next tick.
		else if (this.sent - this.acknowledged < 64) this.tick();
	}

	private end(error?: Error): void {
		clearInterval(this.timer);
		this.finish(error);
	}
}

/** A refusal carries a reason; an answer without a body means that no stream takes the subject. */
function refusal(answer: string): string {
	try {
		const { error } = JSON.parse(answer) as { error?: { description?: string } };
		return `refused: ${foreign(error?.description ?? answer)}`;
	} catch {
		return "refused: no stream takes this subject";
	}
}
