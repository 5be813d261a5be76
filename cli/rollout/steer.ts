import type { StackOutputs } from "../../contract/outputs";
import { type Current, isOver } from "../../topology/rollout/current";
import { ROLLOUT_BUCKET, wantKey } from "../../topology/rollout/names";
import { UserError } from "../errors";
import { plural } from "../format";
import { Overtaken, put } from "./buckets";
import { type RolloutHub, rolloutOf } from "./hub";
import { nextOrder, signedOrder } from "./orders";
import { change, inParts } from "./run";

/** Nobody is told any more until `go`; who is under way ends by itself. @throws UserError where there is nothing to hold */
export async function pause(hub: RolloutHub, say: (line: string) => void): Promise<void> {
	await changed(hub, (current) => ({ ...current, held: true }));
	say("held: nobody is told any more until leafline rollout go; who is under way sees it through");
}

/** Goes on: after `pause`, and where a wave waits to be approved. @throws UserError */
export async function go(hub: RolloutHub): Promise<void> {
	await changed(hub, (current) => {
		const asks = current.phase === "asking";
		return { ...current, held: false, ...(asks && { phase: "running" as const, since: Date.now() }) };
	});
}

/** Ends it: nobody is told any more, and orders of whom has not begun are taken back. @throws UserError */
export async function stop(hub: RolloutHub, say: (line: string) => void): Promise<void> {
	await changed(hub, (current) => ({ ...current, phase: "stopped", held: false, telling: [], since: Date.now() }));
	say("stopped: who has the release keeps it; leafline rollout back takes it from them");
}

async function changed(hub: RolloutHub, to: (current: Current) => Current): Promise<void> {
	const { plan } = rolloutOf(hub);
	let over: Current | undefined;
	await change(hub, (current) => {
		over = isOver(current) && current.phase !== "done" ? current : undefined;
		return over ? undefined : to(current);
	});
	if (over)
		throw new UserError(`the rollout of release ${plan.release} is over (${over.phase}): leafline rollout status`);
}

/**
 * Everybody who has the release, or was told to take it, is to leave it. Done again it tells those whom it has not.
 * @throws UserError
 */
export async function back(outputs: StackOutputs, hub: RolloutHub, say: (line: string) => void): Promise<void> {
	const { plan } = rolloutOf(hub);
	const { connection, seen } = hub;
	await change(hub, (current) =>
		current.phase === "back" ? undefined : { ...current, phase: "back", held: false, telling: [], since: Date.now() },
	);
	await seen.look();
	const { rollout, release, withinMs } = plan;
	const devices = plan.waves.flat().filter((device) => {
		const { order } = seen.want(device);
		return order?.rollout === rollout ? order.action !== "back" : seen.have(device)?.latest?.order === plan.order;
	});
	const order = nextOrder(seen, devices);
	await inParts(devices, async (device) => {
		const value = signedOrder(outputs, { version: 1, device, order, rollout, action: "back", release, withinMs });
		try {
			await put(connection, ROLLOUT_BUCKET, wantKey(device), value, { revision: seen.want(device).revision });
		} catch (error) {
			if (!(error instanceof Overtaken)) throw error;
		}
	});
	say(
		`${plural(devices.length, "device")} told to leave release ${release}; leafline rollout status shows them come back`,
	);
}
