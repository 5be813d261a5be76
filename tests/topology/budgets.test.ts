import { describe, expect, it } from "vitest";
import type { Fleet, Settings } from "../../config/model";
import { plan } from "../../topology/plan";
import { edgeStoredBytes, hubStoredBytes, wireBytes } from "../../topology/sizes";
import { LARGEST_WINDOW, SMALLEST_WINDOW, uplinkWindows, windowFor } from "../../topology/windows";
import { downlink, LINK, makeFleet, makeSettings, uplink } from "./fixtures";

const GIB = 1024 ** 3;

function budgetsOf(fleet: Fleet, settings: Settings = makeSettings()) {
	const { topology, problems } = plan(fleet, settings);
	if (!topology) throw new Error(JSON.stringify(problems));
	return topology.budgets;
}

describe("sizes", () => {
	it("are close to what was measured on the wire: 128 bytes as 274", () => {
		expect(wireBytes("truck-001", "can", 128)).toBeGreaterThanOrEqual(274);
		expect(wireBytes("truck-001", "can", 128)).toBeLessThan(274 * 1.25);
	});

	it("are larger on the hub, which adds a header", () => {
		expect(hubStoredBytes("edge1", "can", 128)).toBeGreaterThan(edgeStoredBytes("edge1", "can", 128) + 100);
	});
});

describe("windows", () => {
	const slow = { ...LINK, upBitsPerSecond: 4_000_000 };

	it("of 1 KB over 500 kB/s are about the 256 that kept alarms under a second", () => {
		const windows = uplinkWindows(
			{ bulk: uplink({ sizeBytes: 1024 }), alarm: uplink({ priority: "high" }) },
			slow,
			"edge1",
		);
		expect(windows.bulk).toBeGreaterThan(128);
		expect(windows.bulk).toBeLessThan(400);
	});

	it("keep within the delay even where nothing compresses", () => {
		const window = windowFor(4_000_000, 1200, 500, slow);
		expect((window * 1200) / 500_000).toBeLessThan(1);
	});

	it("never fall below the bandwidth-delay product", () => {
		for (const rttMs of [20, 80, 300, 1000]) {
			const window = windowFor(4_000_000, 1200, 1, { ...slow, rttMs, compression: "off" });
			expect(window * 1200).toBeGreaterThanOrEqual(500 * rttMs);
		}
	});

	it("have a floor and a ceiling", () => {
		expect(windowFor(1000, 1200, 500, { ...slow, rttMs: 1 })).toBe(SMALLEST_WINDOW);
		expect(windowFor(1e12, 100, 500, slow)).toBe(LARGEST_WINDOW);
	});

	it("share the delay when several bulk classes stand before an urgent one", () => {
		const bulk = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`bulk${i}`, uplink({ sizeBytes: 1024 })]));
		const fast = { ...LINK, rttMs: 10 };
		const alone = uplinkWindows(bulk, fast, "edge1").bulk0 ?? 0;
		const before = uplinkWindows({ ...bulk, alarm: uplink({ priority: "high" }) }, fast, "edge1").bulk0 ?? 0;
		expect(before / alone).toBeCloseTo(0.5, 1);
	});
});

describe("buffer", () => {
	it("holds the outage in every class, stays below max_file, and shares out what is left", () => {
		const { buffer } = budgetsOf(makeFleet({ bufferBytes: 4 * GIB, downlink: { commands: downlink() } }));
		const { neededBytes, availableBytes, classes = {} } = buffer.all ?? {};
		const total = Object.values(classes).reduce((sum, { maxBytes }) => sum + maxBytes, 0);
		expect(total).toBeLessThanOrEqual(availableBytes ?? 0);
		expect(total).toBeGreaterThan(0.99 * (availableBytes ?? 0) - 3 * 1024 ** 2);
		expect(availableBytes).toBeLessThan(4 * GIB);
		expect(neededBytes).toBeLessThan(total);
		for (const { holdsMs } of Object.values(classes)) expect(holdsMs).toBeGreaterThanOrEqual(LINK.outageMs);
	});

	it("keeps room for programs, which no class gets, and names it where a class does not fit", () => {
		const whole = budgetsOf(makeFleet({ bufferBytes: 4 * GIB })).buffer.all;
		const { availableBytes = 0, classes = {} } =
			budgetsOf(makeFleet({ bufferBytes: 4 * GIB, programsBytes: GIB })).buffer.all ?? {};
		expect(availableBytes).toBe(Math.floor(0.9 * 3 * GIB));
		expect(whole?.availableBytes).toBe(Math.floor(0.9 * 4 * GIB));
		const total = Object.values(classes).reduce((sum, { maxBytes }) => sum + maxBytes, 0);
		expect(total).toBeLessThanOrEqual(availableBytes);

		const classes2000 = { can: uplink({ rate: 2000 }) };
		const settings = makeSettings({ hub: { fileBytes: 1024 * GIB } });
		const tight = makeFleet({ bufferBytes: 2 * GIB, programsBytes: GIB, classes: classes2000 });
		const [problem] = plan(tight, settings).problems;
		expect(problem?.message).toMatch(/of the 2GiB of board streams may take 922MiB \(1GiB are kept for programs\)$/);
		const enough = Number(/a buffer of at least (\d+)MiB/.exec(problem?.remedy ?? "")?.[1]) * 1024 ** 2;
		const fits = { bufferBytes: enough, programsBytes: GIB, classes: classes2000 };
		expect(plan(makeFleet(fits), settings).problems).toEqual([]);
		const none = makeFleet({ bufferBytes: GIB, programsBytes: 2 * GIB, classes: classes2000 });
		expect(plan(none, settings).problems[0]?.message).toMatch(/may take 0B \(2GiB are kept for programs\)$/);
	});

	it("says what a power cut takes: the last sync of a file, nothing with always, all of a memory class", () => {
		const classes = { can: uplink({ rate: 200 }), debug: uplink({ rate: 50, storage: "memory" }) };
		const cut = (sync: number | "always") => {
			const { classes: budget = {} } = budgetsOf(makeFleet({ bufferBytes: 8 * GIB, sync, classes })).buffer.all ?? {};
			return { can: budget.can?.powerCut, debug: budget.debug };
		};
		expect(cut(250).can).toEqual({ ms: 250, messages: 50 });
		expect(cut("always").can).toEqual({ ms: 0, messages: 0 });
		const { debug } = cut("always");
		expect(debug?.powerCut).toEqual({ ms: debug?.holdsMs, messages: Math.ceil((50 * (debug?.holdsMs ?? 0)) / 1000) });
	});

	it("counts memory classes against memory", () => {
		const classes = { debug: uplink({ rate: 50, storage: "memory" }) };
		const { buffer } = budgetsOf(makeFleet({ classes, bufferBytes: 1024 }));
		expect(buffer.all?.neededBytes).toBe(0);
		expect(buffer.all?.classes.debug?.maxBytes).toBeLessThanOrEqual(0.9 * 64 * 1024 ** 2);
	});

	it("says which class does not fit, what is needed, what there is, and how much would do", () => {
		const fleet = makeFleet({
			bufferBytes: 0.5 * GIB,
			classes: { can: uplink({ rate: 2000 }), alarm: uplink({ rate: 1 }) },
		});
		expect(plan(fleet, makeSettings({ hub: { fileBytes: 1024 * GIB } })).problems).toEqual([
			{
				document: "fleet",
				path: ["classes", "can"],
				message:
					"does not fit: 2,000/s of 128B through an outage of 30m need 1.2GiB of buffer on a device of group all; " +
					"all its classes need 1.2GiB, and of the 512MiB of board streams may take 461MiB",
				remedy: "give board a buffer of at least 1411MiB, lower the rate or size, or plan for a shorter outage",
			},
		]);
	});

	it("is enough when it is as large as the remedy says", () => {
		const change = { classes: { can: uplink({ rate: 2000 }) }, devices: ["edge1"] };
		const settings = makeSettings({ hub: { fileBytes: 1024 * GIB } });
		expect(plan(makeFleet({ ...change, bufferBytes: 1409 * 1024 ** 2 }), settings).problems).toEqual([]);
		expect(plan(makeFleet({ ...change, bufferBytes: 1400 * 1024 ** 2 }), settings).problems).toHaveLength(1);
	});

	it("says the same for memory", () => {
		const classes = { debug: uplink({ rate: 500, storage: "memory" }) };
		const [problem, ...others] = plan(
			makeFleet({ classes }),
			makeSettings({ hub: { fileBytes: 1024 * GIB } }),
		).problems;
		expect(others).toEqual([]);
		expect(problem?.path).toEqual(["classes", "debug"]);
		expect(problem?.message).toContain("of memory on a device of group all");
		expect(problem?.remedy).toContain("use storage: file");
	});
});

describe("link", () => {
	const can = { can: uplink({ rate: 2000 }) };
	const roomy = makeSettings({ hub: { fileBytes: 1024 * GIB } });

	it("catches up with the backlog of an outage while new messages arrive", () => {
		const { link } = budgetsOf(makeFleet({ classes: can }), roomy);
		const { neededBitsPerSecond = 0, availableBitsPerSecond = 0, catchUpMs = 0 } = link.all ?? {};
		expect(neededBitsPerSecond).toBeGreaterThan(0);
		const drained = (availableBitsPerSecond - neededBitsPerSecond) * catchUpMs;
		expect(drained / (neededBitsPerSecond * LINK.outageMs)).toBeCloseTo(1, 3);
	});

	it.each([
		["can never catch up", 2_000_000, "can never catch up after an outage"],
		["takes too long to", 3_500_000, "would take"],
	])("that %s is an error", (_, upBitsPerSecond, verdict) => {
		const [problem, ...others] = plan(makeFleet({ classes: can, link: { upBitsPerSecond } }), roomy).problems;
		expect(others).toEqual([]);
		expect(problem?.path).toEqual(["classes", "can", "rate"]);
		expect(problem?.message).toContain(`the link of group all ${verdict}`);
		expect(problem?.message).toContain("for can at 2,000/s");
		expect(problem?.remedy).toMatch(/or state a link with up: \d+[kM]bit\/s or more/);
	});

	it("is enough when it is as fast as the remedy says", () => {
		const slow = { upBitsPerSecond: 1_000_000 };
		const [problem] = plan(makeFleet({ classes: can, link: slow }), roomy).problems;
		const enough = Number(/up: (\d+)Mbit/.exec(problem?.remedy ?? "")?.[1]) * 1e6;
		expect(plan(makeFleet({ classes: can, link: { upBitsPerSecond: enough } }), roomy).problems).toEqual([]);
	});

	it("is checked from the hub to the device as well", () => {
		const fleet = makeFleet({
			downlink: { firmware: downlink({ rate: 100, keepMs: 60_000 }) },
			link: { downBitsPerSecond: 300_000 },
		});
		const [problem] = plan(fleet, roomy).problems;
		expect(problem?.path).toEqual(["downlink", "firmware", "rate"]);
	});
});

describe("hub", () => {
	it("has room for what is kept, and for what arrives at once after an outage", () => {
		const { hub } = budgetsOf(makeFleet({ devices: ["edge1"], classes: { can: uplink({ rate: 10 }) } }));
		const stored = hubStoredBytes("edge1", "can", 128);
		const kept = 10 * stored * (86_400 + 1800);
		expect(hub.streams.hub_can?.maxBytes).toBeGreaterThan(kept);
		expect(hub.streams.hub_can?.maxBytes).toBeLessThan(kept * 1.3);
		const { hub: patient } = budgetsOf(
			makeFleet({ devices: ["edge1"], classes: { can: uplink({ rate: 10 }) }, link: { outageMs: 86_400_000 } }),
		);
		expect(patient.streams.hub_can?.maxBytes).toBeGreaterThan(10 * stored * 2 * 86_400);
	});

	it("counts every replica on every node", () => {
		const one = budgetsOf(makeFleet());
		const three = budgetsOf(makeFleet(), makeSettings({ hub: { nodes: 3 } }));
		expect(three.hub.neededBytes).toBe(3 * one.hub.neededBytes);
		expect(three.hub.availableBytes).toBeCloseTo(3 * one.hub.availableBytes, -1);
		expect(Object.values(three.hub.streams).every(({ replicas }) => replicas === 3)).toBe(true);
	});

	it("says which class fills the disks: 500 trucks with 2,000 messages a second, 7 days and three copies", () => {
		const devices = Array.from({ length: 500 }, (_, i) => `truck-${i + 1}`);
		const classes = { can: uplink({ rate: 2000, hub: { keepMs: 7 * 86_400_000 } }) };
		const settings = makeSettings({ hub: { kind: "aws", nodes: 3, fileBytes: 10 * 1024 * GIB } });
		const [disk, rate, ...others] = plan(makeFleet({ devices, classes }), settings).problems;
		expect(others).toEqual([]);
		expect(disk?.path).toEqual(["classes", "can", "hub", "keep"]);
		expect(disk?.message).toMatch(/1,000,000\/s of can kept for 7d in 3 copies need [\d.]+TiB/);
		expect(disk?.message).toContain("of 3 × 10TiB streams may take 27TiB");
		expect(rate).toMatchObject({ document: "fleet", path: ["classes", "can", "rate"] });
		expect(rate?.message).toMatch(
			/^the hub takes \d\d,\d{3}\/s of this kind on this machine, and the fleet sends 1,000,000\/s, 1,000,000\/s of it as can; /,
		);
		expect(rate?.remedy).toBe(
			"put several readings into one message, lower rate or size, or spread the fleet over several stacks",
		);
	});

	it("has no more replicas than nodes, and says so once for a class of many shards", () => {
		const classes = { can: uplink({ rate: 1, hub: { keepMs: 60_000, replicas: 3 } }) };
		const problems = plan(makeFleet({ classes, devices: ["a1", "a65"] }), makeSettings()).problems;
		expect(problems).toEqual([
			{
				document: "fleet",
				path: ["classes", "can", "hub", "replicas"],
				message: "3 replicas need 3 nodes, and the hub has 1",
				remedy: "leave replicas out, or set leafline:hub.nodes to 3",
			},
		]);
	});
});
