import { describe, expect, it } from "vitest";
import type { Fleet } from "../../config/model";
import { plan } from "../../topology/plan";
import { downlink, makeFleet, makeSettings, uplink } from "./fixtures";

/** What is wrong, as `path: message`. */
function problemsOf(fleet: Fleet, sourcing: "durable" | "ephemeral" = "durable"): string[] {
	const { topology, problems } = plan(fleet, makeSettings({ sourcing }));
	expect(topology === undefined).toBe(problems.length > 0);
	for (const { remedy } of problems) expect(remedy).not.toBe("");
	return problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function accepting(...accepts: string[][]): Fleet {
	return makeFleet({
		classes: Object.fromEntries(accepts.map((each, i) => [`class${i}`, uplink({ rate: 1, accepts: each })])),
	});
}

const reader = { class: "can", deliver: "all", ackWaitMs: 1000, maxAckPending: 10 } as const;

describe("a device's disk", () => {
	const GIB = 1024 ** 3;
	const withDisk = (bufferBytes: number, diskBytes?: number): Fleet => {
		const fleet = makeFleet({ bufferBytes });
		const { board } = fleet.hardware;
		if (!board) throw new Error("no hardware");
		return { ...fleet, hardware: { board: { ...board, ...(diskBytes !== undefined && { diskBytes }) } } };
	};

	it("holds its buffer and a tenth more, where it is known", () => {
		expect(problemsOf(withDisk(32 * GIB))).toEqual([]);
		expect(problemsOf(withDisk(32 * GIB, 36 * GIB))).toEqual([]);
		expect(problemsOf(withDisk(32 * GIB, 32 * GIB))).toEqual([
			"hardware.board.buffer: 32GiB is too much for a disk of 32GiB, of which JetStream may have nine tenths: on a " +
				"full disk publishing ends until the server is restarted",
		]);
	});

	it("that is too small is told of with figures that do", () => {
		const [problem] = plan(withDisk(32 * GIB, 32 * GIB), makeSettings()).problems;
		expect(problem?.remedy).toBe("write at most 29491MiB, or use a disk of at least 36GiB");
		expect(problemsOf(withDisk(29491 * 1024 ** 2, 32 * GIB))).toEqual([]);
	});
});

describe("a fleet that complies", () => {
	it("has no problem", () => {
		const fleet = makeFleet({
			classes: { can: uplink({ accepts: ["vehicle.>"] }), alarm: uplink({ accepts: ["alarms.*.now"] }) },
			downlink: { commands: downlink() },
			consumers: { lake: { ...reader, filter: "edge1.can.>" } },
			retired: { edge2: "drain", edge3: "lost" },
		});
		expect(problemsOf(fleet)).toEqual([]);
	});
});

describe("names", () => {
	it.each([
		["hub", "devices.hub: the name hub is reserved"],
		["dl", "devices.dl: the name dl is reserved"],
		["Truck", 'devices.Truck: "Truck" is no name for a device'],
		["a.b", 'devices.a.b: "a.b" is no name for a device'],
	])("of device %s", (device, problem) => {
		expect(problemsOf(makeFleet({ devices: [device] }))).toEqual([problem]);
	});

	it("of a class that could be a shard", () => {
		const fleet = makeFleet({ classes: { can_02: uplink() } });
		expect(problemsOf(fleet)).toEqual(['classes.can_02: "can_02" is no name for a class']);
	});

	it("of a class in both directions", () => {
		const fleet = makeFleet({ downlink: { can: downlink() } });
		expect(problemsOf(fleet)).toEqual(["downlink.can: can is a class of both directions"]);
	});
});

describe("subjects that a class accepts", () => {
	it.each<[string, string[][], string]>([
		[
			"overlap another class's",
			[["vehicle.>"], ["vehicle.*.speed"]],
			"vehicle.*.speed overlaps vehicle.> of class class0: a message would belong to both",
		],
		["are everything", [[], [">"]], "> takes in deliver.>, which NATS or leafline uses"],
		["are the hub's deliveries", [[], ["deliver.>"]], "deliver.> takes in deliver.>, which NATS or leafline uses"],
		["are NATS's own", [[], ["$JS.API.>"]], "$JS.API.> takes in $JS.>, which NATS or leafline uses"],
		[
			"are a device's",
			[[], ["edge2.class0.>"]],
			"edge2.class0.> overlaps the subjects of device edge2 (edge2.<class>.>)",
		],
		["are two patterns", [[], ["a.>", "b.>"]], "a class can accept one pattern, and class1 has 2: a.>, b.>"],
		["have an empty token", [[], ["a..b"]], '"a..b" is no subject'],
	])("and that %s", (_, accepts, message) => {
		expect(problemsOf(accepting(...accepts))).toEqual([`classes.class1.accepts: ${message}`]);
	});

	it("have at most 16 tokens, device and class included", () => {
		const pattern = (tokens: number) => Array.from({ length: tokens }, (_, i) => `t${i}`).join(".");
		expect(problemsOf(accepting([pattern(14)]))).toEqual([]);
		expect(problemsOf(accepting([pattern(15)]))).toEqual([
			`classes.class0.accepts: ${pattern(15)} is stored with 17 tokens, device and class included`,
		]);
	});
});

describe("readers", () => {
	it("read a class that exists", () => {
		const fleet = makeFleet({ consumers: { lake: { ...reader, class: "cam" } } });
		expect(problemsOf(fleet)).toEqual(["consumers.lake.class: there is no class cam"]);
	});

	it("have a filter that matches something", () => {
		const fleet = makeFleet({ consumers: { lake: { ...reader, filter: "edge1.alarm.>" } } });
		expect(problemsOf(fleet)).toEqual(["consumers.lake.filter: edge1.alarm.> matches no message of class can"]);
	});
});

describe("messages", () => {
	it("fit into what the servers take", () => {
		const classes = { video: uplink({ rate: 0.001, sizeBytes: 1024 ** 2 }) };
		expect(problemsOf(makeFleet({ classes }))).toEqual([
			"classes.video.size: a message of 1MiB is more than the servers take",
		]);
	});
});

describe("ephemeral sourcing", () => {
	it("has no downlink, for devices may make no consumers on the hub", () => {
		const classes = { debug: uplink({ whenFull: "drop-oldest" }) };
		const fleet = makeFleet({ classes, downlink: { commands: downlink() } });
		expect(problemsOf(fleet, "ephemeral")).toEqual([
			"sourcing: with ephemeral sourcing there is no downlink, and the fleet has commands",
		]);
	});

	it("has no class that refuses, for nobody on the device would ever make room in it", () => {
		const classes = { can: uplink(), debug: uplink({ whenFull: "drop-oldest" }) };
		expect(problemsOf(makeFleet({ classes }))).toEqual([]);
		expect(problemsOf(makeFleet({ classes }), "ephemeral")).toEqual([
			"sourcing: with ephemeral sourcing a device never learns what the hub has, and class can (whenFull: refuse) " +
				"refuses for ever once what fits was published",
		]);
		const both = makeFleet({ classes: { ...classes, alarm: uplink() } });
		expect(problemsOf(both, "ephemeral")[0]).toContain("classes alarm, can (whenFull: refuse) refuse for ever");
	});
});

describe("several mistakes", () => {
	it("are reported at once", () => {
		const fleet = makeFleet({
			devices: ["hub", "edge1"],
			classes: { can: uplink({ accepts: ["edge1.>"] }), Bad: uplink() },
		});
		expect(problemsOf(fleet)).toHaveLength(3);
	});
});
