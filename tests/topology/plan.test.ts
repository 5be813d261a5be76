import { describe, expect, it } from "vitest";
import { openFleet } from "../../config/fleet";
import type { Fleet, Settings } from "../../config/model";
import { expandEdge } from "../../topology/edge";
import type { EdgeGroup, Topology } from "../../topology/model";
import { plan } from "../../topology/plan";
import { downlink, makeFleet, makeSettings, uplink } from "./fixtures";

const MINUTE = 60_000_000_000;

function planned(fleet: Fleet, settings: Settings = makeSettings()): Topology {
	const { topology, problems } = plan(fleet, settings);
	if (!topology) throw new Error(JSON.stringify(problems));
	return topology;
}

function groupOf(topology: Topology, key = "all"): EdgeGroup {
	const group = topology.edgeGroups[key];
	if (!group) throw new Error(`there is no ${key}`);
	return group;
}

describe("the example fleets", () => {
	it("demo fits on a laptop", () => {
		const topology = planned(openFleet("fleets/demo.yaml").fleet);
		expect(Object.keys(topology.hubStreams)).toEqual(["hub_platformworker", "hub_alarm"]);
		expect(Object.keys(topology.edgeGroups)).toEqual(["demo"]);
		expect(topology.devices.edge2).toEqual({
			name: "edge2",
			group: "demo",
			edgeGroup: "demo",
			clientPort: 14_223,
			hubStreams: { platformworker: "hub_platformworker", alarm: "hub_alarm" },
		});
	});

	it("mine fits on three nodes, in eight shards and in groups of at most 64", () => {
		const hub = { kind: "aws", nodes: 3, fileBytes: 4 * 1024 ** 4 } as const;
		const fleet = openFleet("fleets/mine.yaml").fleet;
		const topology = planned(fleet, makeSettings({ hub, leaves: { local: false } }));
		const shards = Object.values(topology.hubStreams).filter((stream) => stream.class === "can");
		expect(shards.map(({ devices }) => devices.length)).toEqual([64, 64, 64, 64, 64, 64, 64, 52]);
		const sizes = Object.values(topology.edgeGroups).map(({ devices }) => Object.keys(devices).length);
		expect(sizes.reduce((a, b) => a + b)).toBe(500);
		expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
		expect(topology.devices["truck-500"]?.clientPort).toBe(4222);
	});
});

describe("edge streams", () => {
	it("are, with their consumer, what the server is sent", () => {
		const classes = { can: uplink({ accepts: ["vehicle.>"] }) };
		const [first, ...others] = expandEdge(groupOf(planned(makeFleet({ classes }))), "edge1");
		expect(others).toEqual([]);
		expect(first).toEqual({
			device: "edge1",
			class: "can",
			stream: {
				name: "edge1_can",
				subjects: ["edge1.can.>", "vehicle.>"],
				subject_transform: { src: "vehicle.>", dest: "edge1.can.vehicle.>" },
				retention: "limits",
				storage: "file",
				discard: "new",
				num_replicas: 1,
				max_msgs: -1,
				max_bytes: expect.any(Number),
				max_age: 0,
				duplicate_window: 2 * MINUTE,
				compression: "none",
				allow_direct: true,
			},
			consumer: {
				durable_name: "hub",
				deliver_subject: "deliver.edge1.can",
				ack_policy: "flow_control",
				flow_control: true,
				idle_heartbeat: 1_000_000_000,
				deliver_policy: "all",
				replay_policy: "instant",
				max_ack_pending: expect.any(Number),
			},
		});
	});

	it("that may drop their oldest age out after the longer of the hub's keep and the outage", () => {
		const aged = (keepMs: number, outageMs: number) => {
			const classes = { debug: uplink({ rate: 1, whenFull: "drop-oldest", hub: { keepMs } }) };
			return expandEdge(groupOf(planned(makeFleet({ classes, link: { outageMs } }))), "edge1")[0]?.stream.max_age;
		};
		expect(aged(60_000, 1_800_000)).toBe(30 * MINUTE);
		expect(aged(3_600_000, 1_800_000)).toBe(60 * MINUTE);
	});

	it("drop the oldest, age and live in memory only where the fleet file says so", () => {
		const classes = { debug: uplink({ rate: 1, whenFull: "drop-oldest", storage: "memory", maxAgeMs: 60_000 }) };
		const [debug] = expandEdge(groupOf(planned(makeFleet({ classes }))), "edge1");
		expect(debug?.stream).toMatchObject({
			discard: "old",
			storage: "memory",
			max_age: MINUTE,
			duplicate_window: MINUTE,
		});
	});

	it("have no consumer with ephemeral sourcing, and the hub starts at the first message", () => {
		const dropping = uplink({ whenFull: "drop-oldest" });
		const fleet = makeFleet({ classes: { can: dropping, log: dropping } });
		const topology = planned(fleet, makeSettings({ sourcing: "ephemeral" }));
		expect(expandEdge(groupOf(topology), "edge1").map(({ consumer }) => consumer)).toEqual([undefined, undefined]);
		expect(topology.hubStreams.hub_can?.config.sources?.[0]).toMatchObject({
			opt_start_seq: 1,
			external: { api: "$JS.edge1.API", deliver: "deliver.edge1" },
		});
	});

	it("say which device is not in the group", () => {
		const group = groupOf(planned(makeFleet()));
		expect(() => expandEdge(group, "edge9")).toThrow("edge9 is no device of group all");
		expect(() => expandEdge(group, "toString")).toThrow("toString is no device of group all");
	});
});

describe("hub streams", () => {
	it("are, with their sources, what the server is sent", () => {
		const topology = planned(makeFleet({ devices: ["edge1"], classes: { can: uplink() } }));
		expect(topology.hubStreams.hub_can).toEqual({
			class: "can",
			direction: "uplink",
			devices: ["edge1"],
			config: {
				name: "hub_can",
				retention: "limits",
				storage: "file",
				discard: "new",
				num_replicas: 1,
				max_msgs: -1,
				max_bytes: expect.any(Number),
				max_age: 24 * 60 * MINUTE,
				duplicate_window: 0,
				compression: "none",
				allow_direct: true,
				metadata: { "leafline.begin": "first" },
				subject_transform: { src: "*.*", dest: "stray" },
				sources: [
					{
						name: "edge1_can",
						external: { api: "$JS.edge1.API", deliver: "" },
						consumer: { name: "hub", deliver_subject: "deliver.edge1.can" },
						subject_transforms: [{ src: "*.*.>", dest: "edge1.can.>" }],
					},
				],
			},
			consumers: {},
		});
	});

	it("name their sources in the same order, whatever the order in the file", () => {
		const forwards = planned(makeFleet({ devices: ["b", "a", "c"] }));
		const backwards = planned(makeFleet({ devices: ["c", "b", "a"] }));
		expect(forwards.hubStreams).toEqual(backwards.hubStreams);
		expect(forwards.hubStreams.hub_can?.config.sources?.map(({ name }) => name)).toEqual(["a_can", "b_can", "c_can"]);
	});

	it("have the fleet file's readers on every shard, and no others", () => {
		const consumers = {
			lake: { class: "can", deliver: "last-per-subject", ackWaitMs: 30_000, maxAckPending: 7 },
		} as const;
		const topology = planned(makeFleet({ devices: ["a1", "a65"], consumers }));
		const lake = {
			durable_name: "lake",
			deliver_policy: "last_per_subject",
			ack_policy: "explicit",
			ack_wait: 30_000_000_000,
			max_deliver: -1,
			replay_policy: "instant",
			max_ack_pending: 7,
		};
		expect(topology.hubStreams.hub_can?.consumers).toEqual({ lake });
		expect(topology.hubStreams.hub_can_02?.consumers).toEqual({ lake });
		expect(topology.hubStreams.hub_alarm?.consumers).toEqual({});
	});

	it("feed each device of a downlink through a consumer of its own", () => {
		const topology = planned(makeFleet({ devices: ["edge1", "edge2"], downlink: { commands: downlink() } }));
		const { config, consumers = {} } = topology.hubStreams.hub_commands ?? {};
		expect(config?.subjects).toEqual(["down.*.commands.>"]);
		expect(config?.metadata).toEqual({ "leafline.reserve": "64" });
		expect(Object.keys(consumers)).toEqual(["edge1", "edge2"]);
		expect(consumers.edge2).toMatchObject({
			durable_name: "edge2",
			deliver_subject: "dl.edge2.commands",
			filter_subject: "down.edge2.commands.>",
			ack_policy: "flow_control",
		});
		const [, , commands] = expandEdge(groupOf(topology), "edge2");
		expect(commands?.stream).toMatchObject({
			name: "edge2_commands",
			sources: [
				{
					name: "hub_commands",
					external: { api: "$DOWN.hub.API", deliver: "" },
					consumer: { name: "edge2", deliver_subject: "dl.edge2.commands" },
				},
			],
		});
		expect(commands?.stream.subjects).toBeUndefined();
		expect(commands?.consumer).toBeUndefined();
	});
});

describe("a change to the fleet", () => {
	const names = (count: number) => Array.from({ length: count }, (_, i) => `truck-${i + 1}`);

	it("that adds a device in the middle touches nothing on the other devices", () => {
		const some = names(100).filter((name) => name !== "truck-50");
		const before = planned(makeFleet({ devices: some }), makeSettings({ hub: { fileBytes: 1024 ** 4 } }));
		const after = planned(makeFleet({ devices: names(100) }), makeSettings({ hub: { fileBytes: 1024 ** 4 } }));
		for (const device of some) {
			const key = before.devices[device]?.edgeGroup;
			expect(after.devices[device]?.edgeGroup).toBe(key);
			expect(expandEdge(groupOf(after, key), device)).toEqual(expandEdge(groupOf(before, key), device));
		}
		expect(after.edgeGroups.all_02).toEqual(before.edgeGroups.all_02);
	});

	it("that drains a device keeps its streams and its sources", () => {
		const topology = planned(makeFleet({ retired: { edge2: "drain" } }));
		expect(groupOf(topology).devices).toEqual({ edge1: {}, edge2: { retired: "drain" }, edge3: {} });
		expect(topology.hubStreams.hub_can?.devices).toEqual(["edge1", "edge2", "edge3"]);
		expect(Object.keys(topology.retired)).toEqual(["edge2"]);
	});

	it("that loses a device takes it out, keeps the ports of the others, and the room for what the hub has of it", () => {
		const before = planned(makeFleet());
		const after = planned(makeFleet({ retired: { edge2: "lost" } }));
		expect(Object.keys(groupOf(after).devices)).toEqual(["edge1", "edge3"]);
		expect(after.hubStreams.hub_can?.devices).toEqual(["edge1", "edge3"]);
		expect(after.hubStreams.hub_can?.config.max_bytes).toBe(before.hubStreams.hub_can?.config.max_bytes);
		expect(after.devices.edge3).toEqual(before.devices.edge3);
		expect(after.devices.edge2).toBeUndefined();
		expect(after.retired.edge2?.retired).toBe("lost");
	});

	it("that loses the last device of a shard keeps the stream with what it holds", () => {
		const topology = planned(makeFleet({ devices: ["a1", "a65"], retired: { a65: "lost" } }));
		expect(topology.hubStreams.hub_can_02?.config).not.toHaveProperty("sources");
		expect(topology.hubStreams.hub_can_02?.config).not.toHaveProperty("subjects");
	});
});

describe("plan", () => {
	it("gives the same for the same, and leaves its input alone", () => {
		const fleet = deepFrozen(makeFleet({ downlink: { commands: downlink() } }));
		const settings = deepFrozen(makeSettings());
		expect(JSON.stringify(plan(fleet, settings))).toBe(JSON.stringify(plan(fleet, settings)));
	});

	it("holds nothing that is undefined, which the engine would refuse", () => {
		const topology = planned(makeFleet({ downlink: { commands: downlink() }, retired: { edge1: "lost" } }));
		expect(JSON.parse(JSON.stringify(topology))).toStrictEqual(topology);
	});
});

function deepFrozen<T>(value: T): T {
	if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFrozen);
	return value;
}
