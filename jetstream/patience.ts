import { ApiError, CLUSTER_NOT_READY, NO_PEERS, NoAnswer } from "./errors";

/** The nodes of a hub that was just started hear of each other within seconds; one that is down stays offline. */
export const PEERS_MS = 30_000;

export interface Patience {
	/** When to give up, as `Date.now()`. */
	readonly deadline: number;
	/** Time-outs of the attempts, the last one for all further ones. Short first: a lost request must not cost much. */
	readonly timeoutsMs: readonly number[];
	/** Asked after each attempt without an answer; false ends it at once. */
	readonly worthWaiting?: () => Promise<boolean>;
	/** Told after each attempt without an answer. */
	readonly waiting?: (error: Error) => void;
}

/** For one attempt, which may take so long. */
export function within(ms: number): Patience {
	return { deadline: Date.now() + ms, timeoutsMs: [ms], worthWaiting: async () => false };
}

/** Repeats what may be repeated until it is answered. @throws NoAnswer when the patience is at its end; ApiError, BadAnswer */
export async function persist<T>(attempt: (timeoutMs: number) => Promise<T>, patience: Patience): Promise<T> {
	let peersDeadline = Number.POSITIVE_INFINITY;
	for (let round = 0; ; round++) {
		const timeouts = patience.timeoutsMs;
		const wanted = timeouts[Math.min(round, timeouts.length - 1)] ?? 5_000;
		const started = Date.now();
		try {
			return await attempt(Math.max(250, Math.min(wanted, patience.deadline - started)));
		} catch (error) {
			if (!isTransient(error)) throw error;
			patience.waiting?.(error);
			if (isPeerOffline(error)) peersDeadline = Math.min(peersDeadline, Date.now() + PEERS_MS);
			if (Date.now() >= Math.min(patience.deadline, isPeerOffline(error) ? peersDeadline : Infinity)) throw error;
			if (patience.worthWaiting && !(await patience.worthWaiting())) throw error;
			// "Nobody answers" comes back at once; do not turn that into a storm.
			await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(500, 500 - (Date.now() - started)))));
		}
	}
}

function isTransient(error: unknown): error is Error {
	if (error instanceof NoAnswer || isPeerOffline(error)) return true;
	return error instanceof ApiError && error.errCode === CLUSTER_NOT_READY;
}

function isPeerOffline(error: unknown): boolean {
	return error instanceof ApiError && error.errCode === NO_PEERS && error.message.includes("peer offline");
}
