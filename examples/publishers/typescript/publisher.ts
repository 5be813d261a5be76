/**
 * Publishes the lines of its standard input, one message each, and says on its standard output which are stored:
 *
 *     some-sensor | node publisher.js nats://127.0.0.1:4222 vehicle.speed trip-2026-11-26
 *
 * A line is done when the device's stream has acknowledged it, and the next one waits for that: so they are stored in
 * order, and what cannot be stored yet holds back whoever writes the lines.
 */
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { JetStreamApiError, type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { connect, errors } from "@nats-io/transport-node";

async function main([url, subject, run]: readonly string[]): Promise<void> {
	if (url === undefined || subject === undefined || run === undefined) {
		throw new Error(
			"usage: publisher URL SUBJECT RUN   (RUN names this input: it is the first part of each message's id)",
		);
	}
	const nc = await connect({
		servers: url,
		maxReconnectAttempts: -1, // the device's server may be away for as long as it likes
		reconnectTimeWait: 250,
		waitOnFirstConnect: true, // also at the start
	});
	const js = jetstream(nc);
	let n = 0;
	for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
		const id = `${run}-${++n}`;
		await store(js, subject, line, id);
		console.log(id);
	}
	await nc.drain();
}

/** Returns when the stream has the message. The id makes it harmless to say it again when an acknowledgement was lost. */
async function store(js: JetStreamClient, subject: string, payload: string, msgID: string): Promise<void> {
	for (let [pause, said] = [50, ""]; ; pause = Math.min(2 * pause, 1_000)) {
		try {
			await js.publish(subject, payload, { msgID, timeout: 2_000 });
			return;
		} catch (error) {
			if (isWrong(error)) throw error;
			const why = String(error);
			if (why !== said) console.error(`${msgID} waits: ${why}`);
			said = why;
		}
		await setTimeout(pause);
	}
}

/**
 * Tells what is wrong with the message itself, and stays so, from a server that is away and a stream that is full
 * (503, 10077), which have room again when the hub has taken what is there.
 */
function isWrong(error: unknown): boolean {
	if (error instanceof JetStreamApiError) return error.status !== 503;
	return error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError;
}

main(process.argv.slice(2)).catch((error: unknown) => {
	console.error(String(error));
	process.exitCode = 1;
});
