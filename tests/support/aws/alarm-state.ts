/**
 * How CloudWatch decides the state of an alarm on one metric, as its user guide says under "Configuring how CloudWatch
 * alarms treat missing data". Pure: time is counted in periods.
 */

export interface AlarmRule {
	readonly threshold: number;
	/** `GreaterThanThreshold` is the only comparison that is known here. */
	readonly comparisonOperator: string;
	/** As many of the newest figures must breach. */
	readonly evaluationPeriods: number;
	/** @default "missing", as AWS has it */
	readonly treatMissingData?: string;
	readonly alarmActions?: readonly string[];
	readonly okActions?: readonly string[];
	readonly insufficientDataActions?: readonly string[];
}

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** It looks back further than it must, for figures that came instead of missing ones. */
const FURTHER = 2;

/**
 * The states that an alarm goes through, and who is told. An alarm begins as INSUFFICIENT_DATA; only a change is told.
 * @param figures by period since the alarm was made, `undefined` for one that is missing
 */
export function runAlarm(
	rule: AlarmRule,
	figures: readonly (number | undefined)[],
): { states: AlarmState[]; told: { period: number; state: AlarmState }[] } {
	if (rule.comparisonOperator !== "GreaterThanThreshold") throw new Error(`unknown: ${rule.comparisonOperator}`);
	const states: AlarmState[] = [];
	const told: { period: number; state: AlarmState }[] = [];
	let state: AlarmState = "INSUFFICIENT_DATA";
	for (const period of figures.keys()) {
		const range = Array.from({ length: rule.evaluationPeriods + FURTHER }, (_, back) => figures[period - back]);
		const next = evaluate(rule, range, state);
		const actions = { OK: rule.okActions, ALARM: rule.alarmActions, INSUFFICIENT_DATA: rule.insufficientDataActions };
		if (next !== state && (actions[next] ?? []).length > 0) told.push({ period, state: next });
		state = next;
		states.push(state);
	}
	return { states, told };
}

/** @param range the newest first */
function evaluate(
	{ threshold, evaluationPeriods, treatMissingData = "missing" }: AlarmRule,
	range: readonly (number | undefined)[],
	before: AlarmState,
): AlarmState {
	const known = range.filter((figure) => figure !== undefined).slice(0, evaluationPeriods);
	const breach = known.map((figure) => figure > threshold);
	const missing = evaluationPeriods - breach.length;
	if (missing > 0 && treatMissingData === "ignore") return before;
	if (breach.length === 0 && treatMissingData === "missing") return "INSUFFICIENT_DATA";
	if (treatMissingData === "missing") return breach.every(Boolean) ? "ALARM" : "OK";
	const filled = [...breach, ...Array<boolean>(missing).fill(treatMissingData === "breaching")];
	return filled.every(Boolean) ? "ALARM" : "OK";
}
