import { beforeAll, describe, expect, it } from "vitest";
import { type AlarmRule, runAlarm } from "../support/aws/alarm-state";
import { awsTopology, type Deployed, deploy } from "./deploy";

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const GOOD = 40;
const FULL = 95;
const none = (periods: number): undefined[] => Array<undefined>(periods).fill(undefined);
const some = (periods: number, figure: number): number[] => Array<number>(periods).fill(figure);

describe("the alarm of a volume", () => {
	let stack: Deployed;
	let rule: AlarmRule;
	beforeAll(async () => {
		stack = await deploy(awsTopology({ nodes: 3, aws: { alarms: { email: "ops@example.com" } } }));
		rule = stack.one(ALARM, "hub-1-volume").inputs as unknown as AlarmRule;
	});

	it("tells nobody anything while the nodes of the first update are still on their way", () => {
		for (const wait of [0, 1, 2, 6]) {
			const { told, states } = runAlarm(rule, [...none(wait), ...some(6, GOOD)]);
			expect(told.filter(({ state }) => state !== "OK")).toEqual([]);
			expect(states.at(-1)).toBe("OK");
		}
	});

	it("tells of a volume that fills up, and of a node that falls silent and of its return", () => {
		expect(runAlarm(rule, [...some(4, GOOD), ...some(4, FULL)]).told.at(-1)).toMatchObject({ state: "ALARM" });
		const { told } = runAlarm(rule, [...some(4, GOOD), ...none(6), ...some(4, GOOD)]);
		expect(told.map(({ state }) => state)).toEqual(["OK", "INSUFFICIENT_DATA", "OK"]);
	});

	it("is not disturbed by a figure that is late", () => {
		const { told } = runAlarm(rule, [GOOD, GOOD, undefined, GOOD, undefined, undefined, GOOD, GOOD]);
		expect(told.map(({ state }) => state)).toEqual(["OK"]);
	});

	it("is there for each node, with somebody to tell in each case", () => {
		for (const key of ["1", "2", "3"]) {
			const { inputs } = stack.one(ALARM, `hub-${key}-volume`);
			for (const actions of [inputs.alarmActions, inputs.okActions, inputs.insufficientDataActions]) {
				expect(actions).toHaveLength(1);
			}
		}
	});
});
