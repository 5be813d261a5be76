import type { Control } from "../../../control/control";
import type { Patience } from "../../../jetstream/patience";
import { sleep } from "../../../system/wait";

/** Whether a device can be reached, and how long it is waited for. */

/** A device that was started a moment ago may still be connecting. */
export const GRACE_MS = 5_000;
/** A hub that was restarted has its devices back within seconds. */
const RECONNECT_MS = 10_000;
/** A hub that is down, or does not tell who is connected: nobody can say whether waiting for a device is worth it. */
const SILENT_HUB_MS = 30_000;
/** Draining a backlog over a slow link, a device was seen to take 42 s for one answer: busy is not offline. */
export const BUSY_MS = 120_000;
export const READ_BUSY_MS = 45_000;
const TIMEOUTS_MS = [2_000, 5_000, 15_000, 45_000];
export const OFFLINE = "offline";

/** Whether a device is connected, now or by a time, as `Date.now()`. */
export async function connected(way: Control, device: string, deadline: number): Promise<boolean> {
	for (;;) {
		const leaves = await way.leaves();
		// A hub that does not tell who is connected: the requests themselves will show.
		if (!leaves || leaves.has(device)) return true;
		if (Date.now() >= deadline) return false;
		await sleep(250);
	}
}

/** Why a device gave no answer. */
export async function silence(way: Control, device: string): Promise<string> {
	const leaves = await way.leaves();
	if (leaves && !leaves.has(device)) return OFFLINE;
	return "no answer, though its link is up";
}

/** For requests of one device, while it is worth waiting for it. */
export function patient(way: Control, device: string, ms: number): Patience {
	const started = Date.now();
	return {
		deadline: started + ms,
		timeoutsMs: TIMEOUTS_MS,
		worthWaiting: async () => {
			if (await way.leaves()) return connected(way, device, Date.now() + RECONNECT_MS);
			return Date.now() - started < SILENT_HUB_MS;
		},
	};
}
