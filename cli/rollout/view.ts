import type { RolloutOutput } from "../../contract/rollout";
import { formatBytes } from "../../topology/format";
import type { Current } from "../../topology/rollout/current";
import { OUTCOMES } from "../../topology/rollout/outcome";
import type { Plan } from "../../topology/rollout/plan";
import { outcomesOf } from "../../topology/rollout/step";
import { plural } from "../format";
import { table } from "../table";
import type { Seen } from "./seen";

/** A rollout for whoever reads it. @param now milliseconds since 1970 */
export function rolloutView(
	plan: Plan,
	current: Current,
	seen: Seen,
	linked: ReadonlySet<string>,
	now: number,
): RolloutOutput {
	const outcomes = outcomesOf(plan, seen.view(plan, linked), now);
	const sites = new Map(Object.entries(plan.sites).flatMap(([site, names]) => names.map((name) => [name, site])));
	const counts = Object.fromEntries(
		OUTCOMES.map((each) => [each, [...outcomes.values()].filter((it) => it === each).length]),
	);
	const device = (name: string, wave: number): RolloutOutput["devices"][string] => {
		const have = seen.have(name);
		// Also of the order to leave the release.
		const latest = (have?.latest?.order ?? 0) >= plan.order ? have?.latest : undefined;
		return {
			wave: wave + 1,
			site: sites.get(name) ?? "",
			linked: linked.has(name),
			outcome: outcomes.get(name) ?? "untold",
			...(have && { release: have.release }),
			...(latest && { state: latest.state }),
			...(latest?.bytes !== undefined && { bytes: latest.bytes, fetched: latest.fetched ?? 0 }),
			...(latest?.reason !== undefined && { reason: latest.reason }),
		};
	};
	return {
		schemaVersion: 1,
		at: new Date(now).toISOString(),
		rollout: plan.rollout,
		release: plan.release,
		phase: current.phase,
		held: current.held,
		...(current.reason !== undefined && { reason: current.reason }),
		wave: current.wave + 1,
		waves: plan.waves.length,
		threshold: plan.threshold,
		counts,
		devices: Object.fromEntries(plan.waves.flatMap((wave, i) => wave.map((name) => [name, device(name, i)]))),
	};
}

/** Devices in a table; the others are counted. */
const MOST_ROWS = 40;

const PHASES: Readonly<Record<RolloutOutput["phase"], string>> = {
	preparing: "the release goes to the hub",
	running: "under way",
	pausing: "the pause before the next wave",
	asking: "waits for leafline rollout go",
	done: "done",
	failed: "failed: nobody else is told",
	stopped: "stopped",
	back: "taken back",
};

export function rolloutLines(view: RolloutOutput): string[] {
	const { release, phase, held, reason, wave, waves, counts, devices } = view;
	const why = reason === undefined ? "" : ` (${reason})`;
	const where = `release ${release}: ${PHASES[phase]}${why}, wave ${wave} of ${waves}${held ? "; held until leafline rollout go" : ""}`;
	const told = Object.entries(counts).flatMap(([outcome, n]) => (n > 0 ? [`${n} ${outcome}`] : []));
	// What needs somebody comes first, what is well or has not begun last.
	const rank = ["failed", "under way", "told", "away", "good", "untold"];
	const rows = Object.entries(devices)
		.sort(([, a], [, b]) => rank.indexOf(a.outcome) - rank.indexOf(b.outcome))
		.map(([name, it]) => [name, it.site, String(it.wave), it.outcome, String(it.release ?? "?"), progress(it)]);
	const columns = (["device", "site", "wave", "outcome", "runs", ""] as const).map((title) => {
		return { title, align: title === "wave" || title === "runs" ? ("right" as const) : ("left" as const) };
	});
	const more =
		rows.length > MOST_ROWS ? [`  and ${plural(rows.length - MOST_ROWS, "device")} more; --json has all`] : [];
	return [where, told.join(", "), ...table(columns, rows.slice(0, MOST_ROWS)), ...more];
}

function progress({ state, bytes, fetched = 0, reason, linked }: RolloutOutput["devices"][string]): string {
	const link = linked ? "" : "no link";
	if (reason !== undefined) return [state, reason].join(": ");
	if (state === "pulling" && bytes !== undefined)
		return `${formatBytes(fetched)} of ${formatBytes(bytes)}${link && `, ${link}`}`;
	return [state ?? "", link].filter((it) => it !== "").join(", ");
}
