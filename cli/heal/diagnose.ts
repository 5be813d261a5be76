import { DROP, HEAL, PERMIT, RESTORE, UNHEARD } from "../fleet/notes/note";
import type { NextMessage } from "../fleet/seen";
import { count } from "../format";

/** What is known of one class of one device: both ends of its source, and the consumer in between. */
export interface Seen {
	readonly stream: string;
	/** Last sequence of the stream on the device; absent if it has none. */
	readonly lastSeq?: number;
	/** How the hub sources it; absent if it does not. */
	readonly sourcing?: "durable" | "ordinary";
	/** The consumer on the device, for a durable source; absent if it is gone. */
	readonly consumer?: SeenConsumer;
	/** Last sequence that the hub had before the consumer was looked at, and after. */
	readonly before: number;
	readonly after: number;
	/** Whether a message that the hub holds shows that `after` is of this very stream. */
	readonly proven: boolean;
	/** The first message on the device that was acknowledged and that the hub does not have; absent if there is none. */
	readonly lost?: number;
	/** Whether the hub's position moved while one looked; absent if nothing waits. */
	readonly moves?: boolean;
	/** The message that the hub is to take next, where it does not move. */
	readonly next?: NextMessage;
}

export interface SeenConsumer {
	readonly delivered: number;
	readonly ackFloor: number;
	readonly paused: boolean;
	/** Somebody listens where it delivers to. */
	readonly heard: boolean;
	/** Fields that are not as leafline makes them, and keep messages from the hub. @default none */
	readonly changed?: readonly string[];
}

/** What can be done without a loss, from the mildest on; and, when somebody says so, with one that is kept in a file. */
export type Act = "make" | "resume" | "reset" | "source-anew" | "step-down" | "drop";

export type Finding =
	| { readonly state: "well" }
	| { readonly state: "act"; readonly why: string; readonly act: Act }
	| { readonly state: "hand"; readonly why: string; readonly remedy: string };

/**
 * What is wrong with a class, and what to do next. Sure signs come first; a source that stopped without one is reset,
 * which sends nothing twice, for the hub passes over what it has.
 * @param done what was tried already, which did not help
 * @param nodes of the hub; one that is alone has no leader to step down
 * @param drop take away what the hub cannot take
 */
export function diagnose(
	seen: Seen,
	done: ReadonlySet<Act>,
	{ device, nodes, drop = false }: { readonly device: string; readonly nodes: number; readonly drop?: boolean },
): Finding {
	const { lastSeq, sourcing, consumer, before, after, proven } = seen;
	if (lastSeq === undefined) return hand("the stream is gone from the device", RESTORE);
	if (sourcing === undefined) return hand("the hub does not source it", RESTORE);
	if (after > lastSeq && proven) {
		const why = `the hub is at ${count(after)} but the device at ${count(lastSeq)}: its store went back in time`;
		return hand(why, "npx leafline status says what to do on the device");
	}
	if (sourcing === "durable") {
		if (!consumer) return next("make", "its consumer is gone");
		const { changed = [] } = consumer;
		if (changed.length > 0) return next("make", `its consumer was changed (${changed.join(", ")})`);
		if (consumer.paused) return next("resume", "its consumer is paused");
		if (consumer.delivered < before && proven)
			return next(
				"reset",
				`its consumer has sent up to ${count(consumer.delivered)}, and the hub has ${count(before)}`,
			);
		// Where no message lies between the two, nothing is passed over: what was there was deleted.
		if (seen.lost !== undefined && proven)
			return next(
				"source-anew",
				`its consumer goes on behind ${count(consumer.ackFloor)}, and the hub has ${count(after)} only`,
			);
	}
	if (seen.moves !== false) return { state: "well" };
	const { next: message } = seen;
	const still = `it stands still at ${count(after)} without an error`;
	if (message && isPoison(message)) {
		const why = `message ${count(message.seq)} has ${count(message.headerBytes)} bytes of headers, more than the hub can take with its own`;
		if (!drop) return hand(why, `${HEAL} ${device} ${DROP} <folder> saves it there and takes it away`);
		// Only what stands in the way when nothing else does.
		return sourcing === "durable" && !done.has("reset") ? next("reset", still) : next("drop", why);
	}
	if (sourcing === "durable" && !done.has("reset")) return next("reset", still);
	if (nodes > 1 && !done.has("step-down")) return next("step-down", still);
	if (consumer && !consumer.heard) return hand(`${still}, and ${UNHEARD}`, `${PERMIT}; then ${HEAL} ${device}`);
	return hand(still, "look at the logs of the hub and of the device (docs/status.md#source-error)");

	function next(act: Act, why: string): Finding {
		return done.has(act)
			? hand(`${why}, still`, "look again, and at the log of its nats-server")
			: { state: "act", why, act };
	}
}

/** Whether the hub cannot take a message. */
export function isPoison(message: NextMessage | undefined): boolean {
	return message !== undefined && message.headerBytes > message.room;
}

function hand(why: string, remedy: string): Finding {
	return { state: "hand", why, remedy };
}
