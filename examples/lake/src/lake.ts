import type { JsMsg, NatsConnection } from "nats";
import type { Hour } from "./batch.js";
import { Consumer } from "./consumer.js";
import { Ledger, type Position } from "./ledger.js";
import { type Row, rowOf } from "./message.js";
import type { Store } from "./store.js";

export interface LakeOptions {
	readonly store: Store;
	readonly stream: string;
	/** Name of the reader in the fleet file. */
	readonly consumer: string;
	readonly hour: Hour;
	/** A batch is written when it has so many messages, or bytes, or is so old, in milliseconds. */
	readonly rows: number;
	readonly bytes: number;
	readonly every: number;
	/** Ends after the batch that is open. */
	readonly stop: AbortSignal;
	readonly say: (what: string) => void;
}

/** Messages that were delivered, and of these what the lake has not got yet. */
interface Batch {
	readonly delivered: JsMsg[];
	readonly rows: Row[];
	readonly position: Position | undefined;
}

/** Reads a stream of the hub into files until it is told to stop. @throws whatever ends it; begin it again then */
export async function writeLake(nc: NatsConnection, options: LakeOptions): Promise<void> {
	const { store, stream, hour } = options;
	const ledger = await Ledger.open(store, stream, hour);
	try {
		await copy(nc, ledger, options);
	} catch (error) {
		// Whoever takes over sets the consumer to where the lake is, which interrupts the one before.
		await ledger.check();
		throw error;
	}
}

async function copy(nc: NatsConnection, ledger: Ledger, options: LakeOptions): Promise<void> {
	const { stream, stop, say } = options;
	const consumer = await Consumer.at(nc, stream, options.consumer, ledger.positions, say);
	say(`reads on from message ${ledger.positions[0]?.seq ?? 0}`);
	while (!stop.aborted) {
		const { delivered, rows, position } = await gather(consumer, ledger.had, options);
		if (position === undefined) {
			await ledger.check();
			continue;
		}
		if (rows.length > 0) {
			await ledger.write(rows, position);
			say(`${rows.length} messages written, up to ${position.seq}`);
		}
		// They are in the lake: only now the hub hears that they were read.
		for (const message of delivered) message.ack();
		await consumer.check(position);
	}
	await nc.flush();
}

async function gather(
	consumer: Consumer,
	had: Readonly<Record<string, number>>,
	{ rows: most, bytes: heaviest, every, stop }: LakeOptions,
): Promise<Batch> {
	const until = Date.now() + Math.min(every, consumer.patience / 2);
	const room = Math.min(most, consumer.room);
	const seen = new Map(Object.entries(had));
	const delivered: JsMsg[] = [];
	const rows: Row[] = [];
	let position: Position | undefined;
	let bytes = 0;
	while (delivered.length < room && bytes < heaviest && Date.now() < until && !stop.aborted) {
		for await (const message of consumer.next(Math.min(room - delivered.length, PULL))) {
			delivered.push(message);
			const row = rowOf(message, consumer.created);
			position = { created: consumer.created, seq: row.hubSeq, time: String(row.arrival) };
			// A hub that went back, and a consumer that was set back, give messages again.
			if (row.deviceSeq <= (seen.get(row.key) ?? 0)) continue;
			seen.set(row.key, row.deviceSeq);
			rows.push(row);
			bytes += message.data.length;
		}
	}
	return { delivered, rows, position };
}

/** Messages of one request: more could be heavier than a batch. */
const PULL = 1_000;
