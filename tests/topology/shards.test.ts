import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hubShards } from "../../topology/hub";
import { plan } from "../../topology/plan";
import { BLOCK, blockOf, MAX_BLOCKS, shardOf } from "../../topology/shards";
import { makeFleet, makeSettings, uplink } from "./fixtures";

const device = fc.oneof(
	fc.tuple(fc.constantFrom("truck-", "drill", "e-"), fc.nat(5000)).map(([prefix, number]) => `${prefix}${number}`),
	fc.stringMatching(/^[a-z0-9]{1,12}$/).filter((name) => !["hub", "down", "deliver", "dl", "control"].includes(name)),
);

/** Which stream and which resource each device belongs to. */
function places(devices: readonly string[], shards?: number): Map<string, string> {
	const fleet = makeFleet({
		devices,
		classes: { can: uplink({ rate: 1, ...(shards !== undefined && { shards }) }) },
	});
	const { topology, problems } = plan(fleet, makeSettings({ hub: { fileBytes: 1024 ** 5 } }));
	if (!topology) throw new Error(JSON.stringify(problems));
	return new Map(
		Object.values(topology.devices).map(({ name, edgeGroup, hubStreams }) => {
			expect(topology.hubStreams[hubStreams.can ?? ""]?.devices).toContain(name);
			expect(Object.keys(topology.edgeGroups[edgeGroup]?.devices ?? {})).toContain(name);
			return [name, `${edgeGroup} ${hubStreams.can}`];
		}),
	);
}

describe("assignment", () => {
	it("moves no device when others are added, however many", () => {
		fc.assert(
			fc.property(
				fc.uniqueArray(device, { minLength: 1, maxLength: 150 }),
				fc.uniqueArray(device, { minLength: 1, maxLength: 150 }),
				fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
				(some, others, shards) => {
					const before = places(some, shards);
					const after = places([...new Set([...others, ...some])], shards);
					for (const [name, place] of before) expect([name, after.get(name)]).toEqual([name, place]);
				},
			),
			{ numRuns: 40 },
		);
	});

	it("does not depend on the order in which devices are named", () => {
		fc.assert(
			fc.property(fc.uniqueArray(device, { minLength: 1, maxLength: 100 }), (devices) => {
				expect(places([...devices].reverse())).toEqual(new Map([...places(devices)].reverse()));
			}),
			{ numRuns: 20 },
		);
	});
});

describe("blockOf", () => {
	it("fills blocks of 64 in the order of the numbers", () => {
		expect(["truck-000", "truck-001", "truck-064", "truck-065", "truck-128", "truck-129"].map(blockOf)).toEqual([
			1, 1, 1, 2, 2, 3,
		]);
		const trucks = Array.from({ length: 500 }, (_, i) => `truck-${String(i + 1).padStart(3, "0")}`);
		const counts = new Map<number, number>();
		for (const truck of trucks) counts.set(blockOf(truck), (counts.get(blockOf(truck)) ?? 0) + 1);
		expect([...counts.values()]).toEqual([64, 64, 64, 64, 64, 64, 64, 52]);
	});

	it("takes the last number of a name, and the first block for a name without", () => {
		expect(["mine2-truck-070-b", "shovel", "007", "a65"].map(blockOf)).toEqual([2, 1, 1, 2]);
	});

	it("stays within its blocks, also for serial numbers of many digits", () => {
		fc.assert(
			fc.property(fc.stringMatching(/^[0-9]{1,32}$/), (digits) => {
				const block = blockOf(`d${digits}`);
				expect(block).toBeGreaterThanOrEqual(1);
				expect(block).toBeLessThanOrEqual(MAX_BLOCKS);
			}),
		);
		expect(blockOf(`d${BLOCK * MAX_BLOCKS + 1}`)).toBe(1);
	});
});

describe("shardOf with a stated number", () => {
	const trucks = Array.from({ length: 500 }, (_, i) => `truck-${String(i + 1).padStart(3, "0")}`);

	it("spreads devices evenly", () => {
		const counts = Array.from({ length: 8 }, (_, i) => trucks.filter((name) => shardOf(name, 8) === i + 1).length);
		expect(Math.min(...counts)).toBeGreaterThan(40);
		expect(Math.max(...counts)).toBeLessThan(90);
	});

	it("moves only to the new shard when one is added, and about its share", () => {
		for (let shards = 1; shards < 10; shards++) {
			const moved = trucks.filter((name) => shardOf(name, shards) !== shardOf(name, shards + 1));
			expect(moved.every((name) => shardOf(name, shards + 1) === shards + 1)).toBe(true);
			expect(moved.length).toBeLessThan((1.5 * trucks.length) / (shards + 1));
			expect(moved.length).toBeGreaterThan((0.5 * trucks.length) / (shards + 1));
		}
	});
});

describe("hub streams", () => {
	it("are kept for a device that was lost, with all that the hub holds of it", () => {
		const fleet = makeFleet({ devices: ["truck-001", "truck-065"], retired: { "truck-065": "lost" } });
		const streams = hubShards(fleet).map(({ stream }) => stream);
		expect(streams).toEqual(["hub_can", "hub_can_02", "hub_alarm", "hub_alarm_02"]);
	});
});
