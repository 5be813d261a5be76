import { sleep } from "../../system/wait";
import type { Message, Outcome } from "./store";

/** A message that waits for its turn. */
export interface Waiting {
	readonly message: Message;
	/** Whoever sent it can be told that the stream is full. Who cannot is kept waiting until there is room. */
	readonly canBeRefused: boolean;
	/** Called once, unless the lane is closed before. */
	done(outcome: Outcome): void;
}

const SOONEST_MS = 50;
const LATEST_MS = 1_000;

/**
 * What one client publishes into one class, one after the other: the next message waits for the stream's word on the one
 * before, so that what is stored is in order whatever fails in between. Other classes do not wait for this one.
 */
export class Lane {
	private readonly queue: Waiting[] = [];
	private running = false;
	private closed = false;

	/** @param attempt tries once to store a message */
	constructor(private readonly attempt: (message: Message) => Promise<Outcome>) {}

	add(waiting: Waiting): void {
		this.queue.push(waiting);
		if (!this.running) void this.run();
	}

	/** Forgets what waits. Nobody was told that it is stored, so whoever sent it says it again. */
	close(): void {
		this.closed = true;
		this.queue.length = 0;
	}

	private async run(): Promise<void> {
		this.running = true;
		for (let next = this.queue.shift(); next; next = this.queue.shift()) {
			const outcome = await this.until(next);
			if (this.closed) break;
			next.done(outcome);
		}
		this.running = false;
	}

	private async until({ message, canBeRefused }: Waiting): Promise<Outcome> {
		for (let pause = SOONEST_MS; ; pause = Math.min(2 * pause, LATEST_MS)) {
			const outcome = await this.attempt(message);
			const again = outcome.is === "away" || (outcome.is === "full" && !canBeRefused);
			if (!again || this.closed) return outcome;
			await sleep(pause);
			if (this.closed) return outcome;
		}
	}
}
