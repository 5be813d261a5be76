import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { awsWithDefaults } from "../../config/aws";
import type { AwsSettings, Settings } from "../../config/model";
import { planAwsHub } from "../../topology/aws";
import { CATCH_UP, COST, nodeLoad, partOf, type StreamLoad, usesOf } from "../../topology/hub-load";
import { familyOf, machineOf } from "../../topology/machines";
import { plan } from "../../topology/plan";
import { makeFleet, makeSettings, uplink } from "./fixtures";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const docs = (name: string) => readFileSync(join(__dirname, "../../docs", name), "utf8");

describe("what a message costs a hub", () => {
	/** Rows of the page: nodes, payload, kind, and the figures of the leader, one a turn. */
	const rows = docs("benchmarks.md")
		.split("\n")
		.map((line) => line.split("|").map((cell) => cell.trim().replaceAll(",", "").split(" ")))
		.filter(
			(cells) => /^(1|3)$/.test(cells[1]?.[0] ?? "") && ["backlog", "steady", "busy"].includes(cells[3]?.[0] ?? ""),
		)
		.map((cells) => ({
			nodes: Number(cells[1]?.[0]) as 1 | 3,
			size: Number(cells[2]?.[0]),
			kind: cells[3]?.[0] ?? "",
			rates: (cells[4] ?? []).map(Number),
			seen: (cells[6] ?? []).map(Number),
		}));

	it("is on the page for one node and three, four sizes and three kinds of traffic, twice each", () => {
		expect(rows).toHaveLength(24);
		for (const { seen } of rows) expect(seen).toHaveLength(2);
	});

	it.each(rows.map((row) => [`${row.nodes} nodes, ${row.size} bytes, ${row.kind}`, row] as const))(
		"is not budgeted below what was seen: %s",
		(_, { nodes, size, kind, seen, rates }) => {
			const { waking, live, backlog } = COST[nodes];
			const of = ({ message, byte }: typeof live) => message + byte * size;
			seen.forEach((microseconds, turn) => {
				const rate = rates[turn] ?? 0;
				const woken = Math.min(waking.message, (waking.processors * 1e6) / rate);
				expect(kind === "backlog" ? of(backlog) : woken + of(live)).toBeGreaterThanOrEqual(microseconds);
			});
		},
	);
});

function fleetOf(devices: number, rate: number, sizeBytes: number, keepMs = 600_000) {
	const names = Array.from({ length: devices }, (_, i) => `edge-${i + 1}`);
	// A link and a buffer that carry it, for it is the hub that is to be seen.
	return makeFleet({
		devices: names,
		classes: { can: uplink({ rate, sizeBytes, hub: { keepMs } }) },
		link: { upBitsPerSecond: 1e9, outageMs: 60_000 },
		bufferBytes: 50 * GIB,
	});
}

function onAws(hub: Partial<Settings["hub"]> = {}, aws: Parameters<typeof awsWithDefaults>[0] = {}): Settings {
	return makeSettings({
		hub: { kind: "aws", nodes: 3, fileBytes: 4_000 * GIB, aws: awsWithDefaults(aws) as AwsSettings, ...hub },
	});
}

describe("250 devices with 9 messages a second", () => {
	const fleet = fleetOf(250, 9, 32 * 1024);

	it("of 32 KiB get a type whose EBS and network sustain it, and a volume that is sold with its operations", () => {
		const { topology, problems } = plan(fleet, onAws());
		expect(problems).toEqual([]);
		if (!topology) throw new Error("no plan");
		const { instanceType, volume } = planAwsHub(topology);
		expect(instanceType).toBe("m7g.2xlarge");
		const { load } = topology.budgets.hub;
		expect(load.volumeBytesPerSecond / 1e6).toBeCloseTo(250 * 9 * 0.03309 * 2 * CATCH_UP, 0);
		expect((volume?.throughput ?? 0) * MIB).toBeGreaterThanOrEqual(load.volumeBytesPerSecond);
		expect(volume?.throughput).toBeLessThanOrEqual((volume?.iops ?? 0) / 4);
		const machine = machineOf(instanceType);
		expect(load.volumeBytesPerSecond).toBeLessThanOrEqual(machine?.volumeBytesPerSecond ?? 0);
		expect(load.networkBitsPerSecond).toBeLessThanOrEqual(machine?.networkBitsPerSecond ?? 0);
	});

	it("are refused on m7g.large, with what there is too little of and the type that would do", () => {
		const [problem, ...others] = plan(fleet, onAws({}, { instanceType: "m7g.large" })).problems;
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ document: "settings", path: ["hub", "aws", "instanceType"] });
		expect(problem?.message).toMatch(
			/^the hub takes \d+\/s of this kind on m7g\.large, and the fleet sends 2,250\/s, 2,250\/s of it as can; a node needs \d+MiB\/s to its volume for 1\.5 times that, to catch up after an outage, and 67\.6MiB\/s can be planned with$/,
		);
		expect(problem?.remedy).toMatch(/^choose m7g\.2xlarge, the smallest of its kind that does, or put several/);
		expect(plan(fleet, onAws({}, { instanceType: "m7g.2xlarge" })).problems).toEqual([]);
	});

	it("of 64 KiB need more processors than were measured, and somebody who has measured more", () => {
		const large = fleetOf(250, 9, 64 * 1024);
		const [problem, ...others] = plan(large, onAws()).problems;
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ document: "fleet", path: ["classes", "can", "rate"] });
		expect(problem?.message).toMatch(
			/on m7g\.4xlarge, .* processors .* \(no more than 2 were measured; see hub\.aws\.baseline\)$/,
		);
		const baseline = { processors: 4, ebs: 5_000_000_000, iops: 20_000, network: 7_500_000_000 };
		expect(plan(large, onAws({}, { instanceType: "m7g.4xlarge", baseline })).problems).toEqual([]);
	});
});

describe("a type", () => {
	it("that leafline does not know is refused, unless its figures are stated", () => {
		const fleet = fleetOf(3, 100, 512);
		const [problem, ...others] = plan(fleet, onAws({}, { instanceType: "m9g.large" })).problems;
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ document: "settings", path: ["hub", "aws", "instanceType"] });
		expect(problem?.message).toMatch(/^what m9g\.large sustains is not in leafline's table of 2026-10-27$/);
		expect(problem?.remedy).toContain(
			"hub.aws.baseline: { processors: 2, ebs: 630Mbit/s, iops: 3600, network: 937Mbit/s }",
		);
		const baseline = { processors: 2, ebs: 630_000_000, iops: 3_600, network: 937_000_000 };
		expect(plan(fleet, onAws({}, { instanceType: "m9g.large", baseline })).problems).toEqual([]);
	});

	it("of the burstable kind counts with what it has every day", () => {
		expect(machineOf("t4g.small")).toMatchObject({ processors: 0.4, networkBitsPerSecond: 128_000_000 });
		const small = { nodes: 1, fileBytes: 100 * GIB } as const;
		expect(plan(fleetOf(3, 1_000, 128), onAws(small, { instanceType: "t4g.small" })).problems).toEqual([]);
		const [problem] = plan(fleetOf(3, 3_000, 128), onAws(small, { instanceType: "t4g.small" })).problems;
		expect(problem?.message).toContain(" processors for 1.5 times that");
		expect(problem?.remedy).toMatch(/^choose t4g\.\d?x?large, /);
	});

	it("has room for what JetStream may use of memory", () => {
		const hub = { nodes: 1, fileBytes: 18 * GIB, memoryBytes: GIB } as const;
		const [problem, ...others] = plan(fleetOf(3, 10, 128), onAws(hub, { instanceType: "t4g.micro" })).problems;
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ document: "settings", path: ["hub", "memory"] });
		expect(problem?.remedy).toBe("write at most 512MiB, or choose a larger type");
		const half = onAws({ ...hub, memoryBytes: GIB / 2 }, { instanceType: "t4g.micro" });
		expect(plan(fleetOf(3, 10, 128), half).problems).toEqual([]);
	});

	it("with disks of its own needs no EBS for its messages, and is no larger than its disks", () => {
		const disks = { instanceType: "im4gn.large", storage: "instance-store" } as const;
		const fleet = fleetOf(40, 9, 64 * 1024);
		expect(plan(fleet, onAws({ fileBytes: 700 * GIB }, disks)).problems).toEqual([]);
		const [problem, ...others] = plan(fleet, onAws({ fileBytes: 4_000 * GIB }, disks)).problems;
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ path: ["hub", "file"], remedy: "write at most 785GiB, or choose a larger type" });
	});

	it("larger than another of its family sustains no less", () => {
		for (const family of ["t4g", "m7g", "m8g", "c8g", "r8g", "im4gn", "i4i", "m7i"]) {
			const machines = familyOf(family);
			expect(machines.length).toBeGreaterThan(3);
			machines.slice(1).forEach((machine, index) => {
				const before = machines[index] ?? machine;
				expect(machine.processors).toBeGreaterThanOrEqual(before.processors);
				expect(machine.volumeBytesPerSecond).toBeGreaterThanOrEqual(before.volumeBytesPerSecond);
				expect(machine.networkBitsPerSecond).toBeGreaterThanOrEqual(before.networkBitsPerSecond);
			});
		}
	});
});

describe("the load of a node", () => {
	const streams = fc.array(
		fc.record({
			rate: fc.double({ min: 0.1, max: 20_000, noNaN: true }),
			payload: fc.integer({ min: 1, max: 1_000_000 }),
			stored: fc.integer({ min: 200, max: 1_000_000 }),
			replicas: fc.constantFrom(1, 3),
			readers: fc.integer({ min: 0, max: 3 }),
		}),
		{ minLength: 1, maxLength: 8 },
	);

	it("grows with every stream, and the scarcest thing bounds the rate", () => {
		fc.assert(
			fc.property(streams, (all) => {
				const [first, ...others] = all as [StreamLoad, ...StreamLoad[]];
				const whole = nodeLoad(all, 3, 250);
				const less = nodeLoad(others, 3, 250);
				for (const key of Object.keys(whole) as (keyof typeof whole)[]) {
					expect(whole[key]).toBeGreaterThanOrEqual(less[key] - 1e-6);
				}
				const machine = machineOf("m7g.large");
				if (machine === undefined || first === undefined) throw new Error("no machine");
				const uses = usesOf(whole, machine);
				expect(uses.map(partOf)).toEqual([...uses.map(partOf)].sort((a, b) => b - a));
			}),
		);
	});

	it("of three nodes carries each message twice to others, and every copy of its own", () => {
		const can = { rate: 1_000, payload: 1_000, stored: 1_000, replicas: 3, readers: 1 };
		const load = nodeLoad([can], 3, 250);
		expect(load.networkBitsPerSecond).toBe(8e6 * 3 * CATCH_UP);
		expect(load.gatewayBitsPerSecond).toBe(8e6 * CATCH_UP);
		expect(load.volumeBytesPerSecond).toBe(2e6 * CATCH_UP);
		expect(nodeLoad([{ ...can, replicas: 1 }], 1, 250).volumeBytesPerSecond).toBe(1e6 * CATCH_UP);
	});
});

describe("one stream that is sourced", () => {
	it("takes no more than others have seen, where it is replicated; the remedy is as many streams as it needs", () => {
		const of = (shards: number) => {
			const fleet = fleetOf(30, 500, 128);
			return plan({ ...fleet, classes: { can: { ...(fleet.classes.can ?? uplink()), shards } } }, onAws()).problems;
		};
		const [problem, ...others] = of(1);
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ document: "fleet", path: ["classes", "can", "shards"] });
		expect(problem?.message).toContain("a node needs 22,500/s in one stream for 1.5 times that");
		const shards = Number(/^write shards: (\d+), or /.exec(problem?.remedy ?? "")?.[1]);
		expect(of(shards)).toEqual([]);
		expect(plan(fleetOf(30, 500, 128), onAws({ nodes: 1 })).problems).toEqual([]);
	});
});

it("a disk that is not sold is no remedy", () => {
	const fleet = fleetOf(100, 20, 64 * 1024, 14 * 86_400_000);
	const [disk] = plan(fleet, onAws({ nodes: 1, fileBytes: 50_000 * GIB })).problems;
	expect(disk?.path).toEqual(["classes", "can", "hub", "keep"]);
	expect(disk?.remedy).toMatch(/, or spread the fleet over several stacks$/);
});

it("docs/sizing.md says what a hub on m7g.large takes", () => {
	const most = (nodes: 1 | 3, shards: number) => {
		const holds = (rate: number) => {
			const fleet = fleetOf(64, rate / 64, 128, 60_000);
			const classes = { can: { ...(fleet.classes.can ?? uplink()), shards } };
			return plan({ ...fleet, classes }, onAws({ nodes }, { instanceType: "m7g.large" })).problems.length === 0;
		};
		let [low, high] = [0, 200_000];
		while (high - low > 50) {
			const middle = (low + high) / 2;
			if (holds(middle)) low = middle;
			else high = middle;
		}
		return (Math.floor(low / 100) * 100).toLocaleString("en-US");
	};
	expect(docs("sizing.md")).toContain(
		`| live messages a second, and catching up | ${most(1, 1)} | ${most(3, 1)} in one stream, ${most(3, 4)} in several |`,
	);
});
