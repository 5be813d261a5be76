import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Led, leaderCounts, leaderMoves } from "../../topology/leaders";

const NODES = ["hub_1", "hub_2", "hub_3"];
const led = (...leaders: string[]): Led[] =>
	leaders.map((leader, index) => ({ stream: `hub_${String.fromCharCode(97 + index)}`, leader, members: NODES }));

function spread(streams: readonly Led[]): Record<string, number> {
	const moves = new Map(leaderMoves(streams).map(({ stream, to }) => [stream, to]));
	return leaderCounts(streams.map((each) => ({ ...each, leader: moves.get(each.stream) ?? each.leader })));
}

describe("the leaders of streams", () => {
	it("are spread after a rolling restart, which leaves most of them on one node", () => {
		const streams = led("hub_1", "hub_1", "hub_1", "hub_1", "hub_2", "hub_1");
		expect(leaderCounts(streams)).toEqual({ hub_1: 5, hub_2: 1, hub_3: 0 });
		expect(spread(streams)).toEqual({ hub_1: 2, hub_2: 2, hub_3: 2 });
		expect(leaderMoves(streams)).toHaveLength(3);
	});

	it("stay where they are when that is even", () => {
		expect(leaderMoves(led("hub_2", "hub_1", "hub_3", "hub_2"))).toEqual([]);
		expect(leaderMoves([])).toEqual([]);
	});

	it("go to no server without a current replica", () => {
		const streams = led("hub_1", "hub_1", "hub_1").map((each) => ({ ...each, members: ["hub_1", "hub_2"] }));
		expect(spread(streams)).toEqual({ hub_1: 2, hub_2: 1 });
		expect(leaderMoves([{ stream: "hub_a", leader: "hub_1", members: ["hub_1"] }])).toEqual([]);
	});

	it("end within one of each other, by no more moves than it takes, whatever they are", () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom(...NODES), { maxLength: 40 }), (leaders) => {
				const streams = led(...leaders);
				const counts = Object.values(spread(streams));
				if (leaders.length > 0) expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
				const most = Math.ceil(leaders.length / NODES.length);
				const before = Object.values(leaderCounts(streams));
				expect(leaderMoves(streams).length).toBeLessThanOrEqual(
					before.reduce((sum, n) => sum + Math.max(0, n - most + 1), 0),
				);
			}),
		);
	});
});
