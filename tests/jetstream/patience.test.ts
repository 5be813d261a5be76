import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError, NO_PEERS } from "../../jetstream/errors";
import { PEERS_MS, persist } from "../../jetstream/patience";

const DAY_MS = 86_400_000;
const refusal = (why: string) =>
	new ApiError("hub", "STREAM.CREATE.hub_can", 400, NO_PEERS, `no suitable peers for placement, ${why}`);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** What became of it, and after how long. */
async function outcome(attempt: () => Promise<string>): Promise<{ text: string; afterMs: number }> {
	const began = Date.now();
	let afterMs = -1;
	const ended = persist(attempt, { deadline: began + DAY_MS, timeoutsMs: [1_000] })
		.catch((error: Error) => error.message)
		.finally(() => {
			afterMs = Date.now() - began;
		});
	await vi.advanceTimersByTimeAsync(DAY_MS);
	return { text: await ended, afterMs };
}

it("waits for the nodes of a hub that was just started", async () => {
	const knownAt = Date.now() + PEERS_MS / 2;
	const { text } = await outcome(async () => {
		if (Date.now() < knownAt) throw refusal("peer offline");
		return "made";
	});
	expect(text).toBe("made");
});

it("says within half a minute that a node is down", async () => {
	const { text, afterMs } = await outcome(async () => {
		throw refusal("peer offline");
	});
	expect(text).toContain("peer offline");
	expect(afterMs).toBeLessThanOrEqual(PEERS_MS + 1_000);
});

it("does not wait for room or tags", async () => {
	const { text, afterMs } = await outcome(async () => {
		throw refusal("insufficient storage");
	});
	expect(text).toContain("insufficient storage");
	expect(afterMs).toBe(0);
});
