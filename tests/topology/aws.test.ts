import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { awsWithDefaults } from "../../config/aws";
import type { Settings } from "../../config/model";
import { planAwsHub } from "../../topology/aws";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { makeFleet, makeSettings, uplink } from "./fixtures";

const GIB = 1024 ** 3;

function attempt(
	hub: Partial<Settings["hub"]>,
	rate: number,
	devices = 3,
	{ sizeBytes = 512, keepMs = 3_600_000 } = {},
): ReturnType<typeof plan> {
	const settings = makeSettings({ hub: { kind: "aws", fileBytes: 500 * GIB, aws: awsWithDefaults(), ...hub } });
	const names = Array.from({ length: devices }, (_, i) => `edge${i + 1}`);
	const classes = { can: uplink({ rate, sizeBytes, hub: { keepMs } }) };
	return plan(makeFleet({ devices: names, classes }), settings);
}

function topology(hub: Partial<Settings["hub"]> = {}, rate = 100, devices = 3): Topology {
	const planned = attempt(hub, rate, devices);
	if (!planned.topology) throw new Error(JSON.stringify(planned.problems));
	return planned.topology;
}

describe("the plan of a hub on AWS", () => {
	it("has a node for each server, and a volume that leaves a tenth to the file system", () => {
		expect(planAwsHub(topology({ nodes: 3 }))).toEqual({
			architecture: "arm64",
			instanceType: "m7g.large",
			image: "al2023-ami-2023.12.20260918.0-kernel-6.12-arm64",
			httpTokens: "required",
			rootEncrypted: true,
			nodes: [
				{ index: 0, key: "1" },
				{ index: 1, key: "2" },
				{ index: 2, key: "3" },
			],
			volume: { sizeGiB: 556, iops: 3000, throughput: 125, encrypted: true, keep: false },
		});
	});

	it("has a larger type and a faster volume for more messages, and no volume on instance store", () => {
		const hub = { nodes: 3, fileBytes: 4096 * GIB } as const;
		const of = (rate: number) => {
			const planned = attempt(hub, rate, 40, { sizeBytes: 8 * 1024 }).topology;
			if (!planned) throw new Error("no plan");
			return planAwsHub(planned);
		};
		expect(of(25)).toMatchObject({ instanceType: "m7g.large", volume: { iops: 3000, throughput: 125 } });
		expect(of(100)).toMatchObject({ instanceType: "m7g.xlarge", volume: { iops: 3000 } });
		expect(of(150).instanceType).toBe("m7g.2xlarge");
		expect(of(150).volume?.throughput).toBeGreaterThan(125);
		const aws = awsWithDefaults({ storage: "instance-store", instanceType: "m7gd.large" });
		expect(planAwsHub(topology({ nodes: 3, fileBytes: 90 * GIB, aws }))).not.toHaveProperty("volume");
	});

	it("takes the type that the settings name, and its processor", () => {
		const plan = planAwsHub(topology({ aws: awsWithDefaults({ instanceType: "c6i.large" }) }));
		expect(plan).toMatchObject({ architecture: "x86_64", instanceType: "c6i.large" });
	});

	it("is refused for a hub that is not on AWS", () => {
		expect(() => planAwsHub(topology({ kind: "local", aws: undefined as never }))).toThrow(RangeError);
	});

	it("stays within what gp3 is, and holds what JetStream may use", () => {
		const hubs = fc.record({
			gib: fc.integer({ min: 20, max: 10_000 }),
			nodes: fc.constantFrom(1 as const, 3 as const),
		});
		fc.assert(
			fc.property(hubs, fc.integer({ min: 1, max: 2_000 }), ({ gib, nodes }, rate) => {
				const planned = attempt({ nodes, fileBytes: gib * GIB }, rate).topology;
				fc.pre(planned !== undefined);
				const { volume } = planAwsHub(planned as Topology);
				expect(volume?.sizeGiB).toBeGreaterThanOrEqual(gib / 0.9);
				expect(volume?.iops).toBeGreaterThanOrEqual(3000);
				expect(volume?.iops).toBeLessThanOrEqual(80_000);
				expect(volume?.throughput).toBeLessThanOrEqual(2_000);
			}),
			{ numRuns: 200 },
		);
	});
});

describe("what AWS does not sell", () => {
	/** Of a stack with 64 streams of 200 messages a second each. */
	const syncing = (sync: number | "always", given: Parameters<typeof awsWithDefaults>[0]) => {
		const devices = Array.from({ length: 64 }, (_, i) => `edge${i + 1}`);
		const classes = { can: uplink({ rate: 200, sizeBytes: 32, shards: 64, hub: { keepMs: 600_000 } }) };
		const hub = { kind: "aws" as const, nodes: 3 as const, sync, fileBytes: 4096 * GIB, aws: awsWithDefaults(given) };
		return plan(makeFleet({ devices, classes }), makeSettings({ hub })).problems;
	};
	const many = { processors: 2, ebs: 20_000_000_000, iops: 1_000_000, network: 20_000_000_000 };

	it.each([
		["more operations than the type sustains", "always", { instanceType: "m7g.large" }],
		["more operations than the type sustains", 1, { instanceType: "m7g.large" }],
		["more operations than gp3 takes", 0.5, { instanceType: "x9.large", baseline: many }],
	] as const)("is %s, sync %s; the remedy is an interval that is longer and does help", (_, sync, aws) => {
		const [problem, ...others] = syncing(sync, aws);
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ document: "settings", path: ["hub", "sync"] });
		const longer = Number(/^write a longer interval.*, for example (\d+)ms$/.exec(problem?.remedy ?? "")?.[1]);
		expect(longer).toBeGreaterThan(sync === "always" ? 0 : sync);
		expect(syncing(longer, aws)).toEqual([]);
	});

	it("is a volume of more than 64 TiB", () => {
		const [problem, ...others] = attempt({ nodes: 3, fileBytes: 1000 * 1024 * GIB }, 100).problems;
		expect(others).toEqual([]);
		expect(problem).toMatchObject({ document: "settings", path: ["hub", "file"] });
		expect(problem?.remedy).toMatch(/^write at most 58982GiB, /);
	});

	it("is a volume that is too small for what it must sync", () => {
		const hubOf = (gib: number) =>
			attempt({ nodes: 1, sync: "always", fileBytes: gib * GIB }, 200, 20, { sizeBytes: 32, keepMs: 600_000 });
		const { problems } = hubOf(5);
		expect(problems).toHaveLength(1);
		expect(problems[0]).toMatchObject({ document: "settings", path: ["hub", "file"] });
		expect(problems[0]?.message).toMatch(/^sync always needs 6100 writes a second on .*; gp3 takes 500 a GiB$/);
		expect(problems[0]?.remedy).toBe("write at least 11GiB");
		expect(hubOf(11).problems).toEqual([]);
	});

	it("is nothing of what is usual", () => {
		expect(attempt({ nodes: 3 }, 100).problems).toEqual([]);
		expect(attempt({ nodes: 1, sync: "always" }, 20).problems).toEqual([]);
	});
});
