import type { NatsConnection } from "nats";
import { sleep } from "../../system/wait";
import { type Current, currentValue, isOver } from "../../topology/rollout/current";
import { CURRENT_KEY, ROLLOUT_BUCKET, readyKey, wantKey } from "../../topology/rollout/names";
import type { Plan } from "../../topology/rollout/plan";
import { outcomesOf, step } from "../../topology/rollout/step";
import { Overtaken, put, remove } from "./buckets";
import type { Seen } from "./seen";

/** How somebody goes on with a rollout. */
export interface Runner {
	readonly connection: NatsConnection;
	readonly seen: Seen;
	/** Devices with a link now. */
	linked(): Promise<ReadonlySet<string>>;
}

/** How often it is looked, while there is something to wait for. */
export const LOOK_EVERY_MS = 1_000;

/**
 * Takes one step: looks, tells whom it is to tell, and writes down where the rollout stands.
 * @returns whether something was done; false as well where somebody else was faster
 */
export async function takeStep({ connection, seen, linked }: Runner): Promise<boolean> {
	await seen.look();
	const found = seen.rollout();
	if (!found) return false;
	const { plan, current, revision } = found;
	const next = step(plan, current, seen.view(plan, await linked()), Date.now());
	try {
		await inParts(next.tell, (device) => tell(connection, seen, plan, device));
		await inParts(next.untell, (device) => untell(connection, seen, plan, device));
		if (next.current) {
			await put(connection, ROLLOUT_BUCKET, CURRENT_KEY, currentValue(next.current), { revision });
		}
	} catch (error) {
		if (error instanceof Overtaken) return false;
		throw error;
	}
	return next.tell.length + next.untell.length > 0 || next.current !== undefined;
}

/** Several at a time, for each is an answer of the hub. */
export async function inParts<T>(all: readonly T[], act: (each: T) => Promise<unknown>, size = 32): Promise<void> {
	for (let i = 0; i < all.length; i += size) await Promise.all(all.slice(i, i + size).map(act));
}

/** Twice is as good as once; who was told by somebody else meanwhile is left alone. */
async function tell(connection: NatsConnection, seen: Seen, plan: Plan, device: string): Promise<void> {
	const { order, revision } = seen.want(device);
	if (order?.rollout === plan.rollout) return;
	const ready = seen.raw(readyKey(device));
	if (!ready) throw new Error(`the hub does not hold the order of ${device}: begin the rollout anew`);
	await put(connection, ROLLOUT_BUCKET, wantKey(device), ready, { revision });
}

async function untell(connection: NatsConnection, seen: Seen, plan: Plan, device: string): Promise<void> {
	const { order, revision } = seen.want(device);
	if (order?.rollout === plan.rollout) await remove(connection, ROLLOUT_BUCKET, wantKey(device), revision);
}

/** What a run ended with. */
export interface Ended {
	readonly plan: Plan;
	readonly current: Current;
}

/**
 * Goes on until the rollout is over, or waits for an operator: for `go`, or because somebody holds it.
 * @param told after each step, for whoever watches
 * @param stop ends it; the rollout is as it was
 */
export async function run(
	runner: Runner,
	told: (linked: ReadonlySet<string>) => void,
	stop: AbortSignal,
): Promise<Ended | undefined> {
	for (;;) {
		const moved = await takeStep(runner);
		told(await runner.linked());
		const found = runner.seen.rollout();
		if (!found || stop.aborted) return found;
		const { plan, current } = found;
		if (!moved && (isOver(current) || current.held || current.phase === "asking")) {
			// Who was away may come yet, and whoever was told after the last wave is not waited for.
			if (current.phase !== "done" || !underWay(runner.seen, plan, await runner.linked())) return found;
		}
		if (!moved) await sleep(LOOK_EVERY_MS);
	}
}

function underWay(seen: Seen, plan: Plan, linked: ReadonlySet<string>): boolean {
	const outcomes = [...outcomesOf(plan, seen.view(plan, linked), Date.now()).values()];
	return outcomes.some((outcome) => outcome === "under way" || outcome === "told");
}

/** Changes where it stands, over what others write meanwhile. @param change undefined for nothing to change */
export async function change(
	{ connection, seen }: Pick<Runner, "connection" | "seen">,
	change: (current: Current) => Current | undefined,
): Promise<Current | undefined> {
	for (;;) {
		await seen.look();
		const found = seen.rollout();
		const next = found && change(found.current);
		if (!found || !next) return found?.current;
		try {
			await put(connection, ROLLOUT_BUCKET, CURRENT_KEY, currentValue(next), { revision: found.revision });
			return next;
		} catch (error) {
			if (!(error instanceof Overtaken)) throw error;
		}
	}
}
