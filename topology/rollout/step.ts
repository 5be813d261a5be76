import { type Current, isOver } from "./current";
import { type DeviceView, mayChange, type Outcome, outcomeOf } from "./outcome";
import type { Plan } from "./plan";

/**
 * What is to be done next: first the orders, then `current`, over the revision that was read. Whom to tell is written down
 * before anybody is told (`telling`), so that whoever goes on knows of it, and two who go on at once tell nobody too many.
 */
export interface Step {
	/** Devices whose order is to be given now. */
	readonly tell: readonly string[];
	/** Devices whose order is to be taken back, for they have not begun. */
	readonly untell: readonly string[];
	/** Undefined for nothing new. */
	readonly current?: Current;
}

/** What is seen of each device of the plan. */
export type View = (device: string) => DeviceView;

const NOTHING: Step = { tell: [], untell: [] };

/**
 * The next step of a rollout. It follows from the plan, from where it stands and from what is seen, and from nothing that
 * whoever goes on with it has to remember: done twice, or half done and done again, it is the same.
 * @param now milliseconds since 1970
 */
export function step(plan: Plan, current: Current, view: View, now: number): Step {
	const { telling } = current;
	if (telling.length > 0 && !isCancelled(current))
		return { ...NOTHING, tell: telling, current: { ...current, telling: [] } };
	const outcomes = outcomesOf(plan, view, now);
	if (isCancelled(current)) return { ...NOTHING, untell: notBegun(outcomes) };
	const failed = named(outcomes, "failed");
	if (failed.length > plan.threshold) {
		const reason = `${failed.length} failed, and ${plan.threshold} may`;
		return { tell: [], untell: notBegun(outcomes), current: { ...current, phase: "failed", since: now, reason } };
	}
	if (current.held || current.phase === "asking" || current.phase === "preparing") return NOTHING;
	if (current.phase === "pausing") {
		if (now - current.since < plan.pauseMs) return NOTHING;
		return { ...NOTHING, current: { ...current, phase: plan.approve ? "asking" : "running", since: now } };
	}
	const untell = named(outcomes, "away").filter((name) => now - (view(name).told?.at ?? now) > plan.withinMs);
	const tell = toTell(plan, current, outcomes, view);
	if (tell.length > 0) return { tell: [], untell, current: { ...current, telling: tell } };
	if (current.phase === "done" || !isComplete(plan, current, outcomes, view)) return { tell: [], untell };
	const next = current.wave + 1;
	const phase = next < plan.waves.length ? "pausing" : "done";
	return { tell: [], untell, current: { ...current, phase, wave: Math.min(next, plan.waves.length - 1), since: now } };
}

export function outcomesOf(plan: Plan, view: View, now: number): ReadonlyMap<string, Outcome> {
	return new Map(plan.waves.flat().map((name) => [name, outcomeOf(plan, view(name), now)]));
}

/** Of the waves so far, whoever is there, as far as its site has room; after the last wave those who were away as well. */
function toTell(plan: Plan, current: Current, outcomes: ReadonlyMap<string, Outcome>, view: View): string[] {
	const open = new Set(plan.waves.slice(0, current.wave + 1).flat());
	const untold = named(outcomes, "untold").filter((name) => open.has(name));
	// Where a site has a limit, one that may begin at any time would hold the place of another.
	const all = current.phase === "done" && plan.perSite === undefined;
	const ready = new Set(all ? untold : untold.filter((name) => view(name).linked));
	const { perSite } = plan;
	if (perSite === undefined) return [...ready];
	return Object.values(plan.sites).flatMap((site) => {
		const busy = site.filter((name) => mayChange(view(name))).length;
		return site.filter((name) => ready.has(name)).slice(0, Math.max(0, perSite - busy));
	});
}

/** Nobody is under way, and somebody of the wave is good: one of which all were away shows nothing. */
function isComplete(plan: Plan, current: Current, outcomes: ReadonlyMap<string, Outcome>, view: View): boolean {
	const wave = plan.waves[current.wave] ?? [];
	const waits = wave.some((name) => outcomes.get(name) === "untold" && view(name).linked);
	return (
		!waits && named(outcomes, "told", "under way").length === 0 && wave.some((name) => outcomes.get(name) === "good")
	);
}

/** Nobody is to be told any more, and who has not begun shall not begin. */
function isCancelled(current: Current): boolean {
	return isOver(current) && current.phase !== "done";
}

/** Whoever says nothing of its order has changed nothing: a device says so before it begins. */
function notBegun(outcomes: ReadonlyMap<string, Outcome>): string[] {
	return [...named(outcomes, "told"), ...named(outcomes, "away")];
}

function named(outcomes: ReadonlyMap<string, Outcome>, ...which: readonly Outcome[]): string[] {
	return [...outcomes].flatMap(([name, outcome]) => (which.includes(outcome) ? [name] : []));
}
