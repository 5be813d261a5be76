import type { NatsConnection } from "nats";
import { type Current, readCurrent } from "../../topology/rollout/current";
import { type Have, readHave } from "../../topology/rollout/have";
import { CURRENT_KEY, haveKey, PLAN_KEY, wantKey } from "../../topology/rollout/names";
import { type Order, readOrder, readWant } from "../../topology/rollout/order";
import type { DeviceView } from "../../topology/rollout/outcome";
import { type Plan, readPlan } from "../../topology/rollout/plan";
import { Malformed } from "../../topology/rollout/read";
import { Watched } from "./buckets";

/** What the hub says of a rollout, and of each device. */
export interface Seen {
	/** Asks the hub again. @throws Error when it does not answer */
	look(): Promise<void>;
	/** The one that is, or was last; undefined before the first. @throws Malformed */
	rollout(): { readonly plan: Plan; readonly current: Current; readonly revision: number } | undefined;
	/** The order that a device has, whatever rollout it is of. `revision` is 0 where it never had one. */
	want(device: string): { readonly order?: Order; readonly at: number; readonly revision: number };
	/** What it says; undefined where it never said anything that can be used. */
	have(device: string): Have | undefined;
	/** Raw value of any key. */
	raw(key: string): Buffer | undefined;
	/** @param linked devices with a link */
	view(plan: Plan, linked: ReadonlySet<string>): (device: string) => DeviceView;
}

export function seenBy(connection: NatsConnection): Seen {
	const watched = new Watched(connection);
	const raw = (key: string) => {
		const { value } = watched.get(key) ?? {};
		return value && value.length > 0 ? value : undefined;
	};
	const want: Seen["want"] = (device) => {
		const { revision = 0, at = 0 } = watched.get(wantKey(device)) ?? {};
		const value = raw(wantKey(device));
		const order = value && unlessMalformed(() => readOrder(readWant(value).order));
		return { at, revision, ...(order && { order }) };
	};
	const have: Seen["have"] = (device) => {
		const value = raw(haveKey(device));
		const said = value && unlessMalformed(() => readHave(value));
		return said?.device === device ? said : undefined;
	};
	return {
		look: () => watched.look(),
		raw,
		want,
		have,
		rollout() {
			const [plan, current] = [raw(PLAN_KEY), raw(CURRENT_KEY)];
			if (!plan || !current) return undefined;
			const known = { plan: readPlan(plan), current: readCurrent(current) };
			return { ...known, revision: watched.get(CURRENT_KEY)?.revision ?? 0 };
		},
		view: (plan, linked) => (device) => {
			const { order, at } = want(device);
			const latest = have(device)?.latest;
			const told = order?.rollout === plan.rollout && order.action === "install";
			return {
				linked: linked.has(device),
				...(told && { told: { at } }),
				...(latest?.order === plan.order && { latest }),
			};
		},
	};
}

/** What somebody else wrote there in another form counts as nothing. */
function unlessMalformed<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof Malformed) return undefined;
		throw error;
	}
}
