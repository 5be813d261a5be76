import { describe, expect, it } from "vitest";
import { parseFleet } from "../../config/fleet";
import { COMPLIANT, complaintOf } from "./compliant";

const KEY = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
const GROUP = 'groups: { all: { devices: "a" } }\n';
const HEAD = "apiVersion: leafline/v1\nfleet: small\n";

describe("a fleet file without mistakes", () => {
	it("becomes a fleet in base units, with every default", () => {
		const { fleet, problems } = parseFleet(COMPLIANT, "x.yaml");
		expect(problems).toEqual([]);
		const board = {
			programsBytes: 0,
			storeDir: "/var/lib/nats/edge",
			memoryBytes: 64 * 1024 ** 2,
			clientPort: 4222,
			sync: 250,
			syncsPerSecond: 200,
		};
		const link = { downBitsPerSecond: 20e6, rttMs: 80, outageMs: 1_800_000, compression: "s2_fast" };
		expect(fleet).toEqual({
			name: "quarry",
			hardware: {
				board: { ...board, arch: "arm64", bufferBytes: 32 * 1024 ** 3 },
				laptop: { ...board, arch: "amd64", bufferBytes: 5 * 1024 ** 3 },
			},
			classes: {
				can: {
					rate: 20,
					sizeBytes: 1600,
					accepts: ["vehicle.>"],
					priority: "normal",
					whenFull: "refuse",
					storage: "file",
					delayMs: 500,
					hub: { keepMs: 43_200_000 },
				},
				debug: {
					rate: 5,
					sizeBytes: 256,
					accepts: [],
					priority: "normal",
					whenFull: "drop-oldest",
					storage: "file",
					maxAgeMs: 86_400_000,
					delayMs: 500,
					hub: { keepMs: 604_800_000 },
				},
			},
			downlink: { commands: { keepMs: 86_400_000, sizeBytes: 1024, rate: 1 } },
			consumers: { lake: { class: "can", deliver: "all", ackWaitMs: 30_000, maxAckPending: 1000 } },
			groups: {
				north: {
					hardware: "board",
					link: { ...link, upBitsPerSecond: 20e6 },
					devices: ["truck-001", "truck-002", "truck-003", "edge1"],
				},
				south: {
					hardware: "laptop",
					link: { ...link, upBitsPerSecond: 2e6, downBitsPerSecond: 2e6 },
					devices: ["truck-004", "truck-005", "truck-006", "edge2"],
				},
			},
			devices: {
				"truck-001": { name: "truck-001", group: "north" },
				"truck-002": { name: "truck-002", group: "north", retired: "drain" },
				"truck-003": { name: "truck-003", group: "north" },
				edge1: { name: "edge1", group: "north" },
				"truck-004": { name: "truck-004", group: "south" },
				"truck-005": { name: "truck-005", group: "south" },
				"truck-006": { name: "truck-006", group: "south" },
				edge2: { name: "edge2", group: "south" },
			},
		});
		expect(Object.keys(fleet?.devices ?? {}).slice(3, 5)).toEqual(["edge1", "truck-004"]);
	});

	it("may leave out hardware and link", () => {
		const { fleet } = parseFleet(`${HEAD}classes: {}\n${GROUP}`, "x.yaml");
		expect(fleet?.hardware).toEqual({
			default: {
				arch: "arm64",
				bufferBytes: 5 * 1024 ** 3,
				programsBytes: 0,
				sync: 250,
				syncsPerSecond: 200,
				storeDir: "/var/lib/nats/edge",
				memoryBytes: 64 * 1024 ** 2,
				clientPort: 4222,
			},
		});
		expect(fleet?.groups.all?.hardware).toBe("default");
		expect(fleet?.groups.all?.link).toEqual({
			upBitsPerSecond: 20e6,
			downBitsPerSecond: 20e6,
			rttMs: 80,
			outageMs: 1_800_000,
			compression: "s2_fast",
		});
	});

	it("gives the only hardware to groups that name none", () => {
		const text = `${HEAD}hardware: { pi: { buffer: 1GiB } }\nclasses: {}\n${GROUP}`;
		expect(parseFleet(text, "x.yaml").fleet?.groups.all?.hardware).toBe("pi");
	});

	it("keeps a stated speed down for groups that differ in their speed up", () => {
		const text = `${HEAD}link: { up: 20Mbit/s, down: 8Mbit/s }\nclasses: {}
groups: { all: { devices: "a", link: { up: 1Mbit/s } } }`;
		expect(parseFleet(text, "x.yaml").fleet?.groups.all?.link).toMatchObject({
			upBitsPerSecond: 1e6,
			downBitsPerSecond: 8e6,
		});
	});

	it("states what is optional only where the file does", () => {
		const text = `${HEAD}hardware: { pi: { sync: always } }
classes: { a: { rate: 1/s, size: 1B, whenFull: refuse, shards: 2, accepts: [x.*], hub: { replicas: 3 } } }
downlink: { b: { replicas: 1 } }
consumers:
  c: { class: a, deliver: by-start-time, startTime: 2026-01-31T00:00:00+01:00, filter: "*.a.>", ackWait: 1m, maxAckPending: 5 }
groups: { all: { devices: "a" } }
devices: { a: { publicKey: ${KEY} } }`;
		const { fleet, problems } = parseFleet(text, "x.yaml");
		expect(problems).toEqual([]);
		expect(fleet?.hardware.pi?.sync).toBe("always");
		expect(fleet?.classes.a).toMatchObject({ shards: 2, accepts: ["x.*"], hub: { replicas: 3 } });
		expect(fleet?.downlink.b?.replicas).toBe(1);
		expect(fleet?.consumers.c).toEqual({
			class: "a",
			deliver: "by-start-time",
			startTime: "2026-01-31T00:00:00+01:00",
			filter: "*.a.>",
			ackWaitMs: 60_000,
			maxAckPending: 5,
		});
		expect(fleet?.devices.a).toEqual({ name: "a", group: "all", publicKey: KEY });
	});

	it("may share parts by aliases, and takes keys as they are written", () => {
		const text = `${HEAD}classes:
  one: &one { rate: 1/s, size: 1B, whenFull: refuse }
  two: *one
groups: { all: { devices: "[001-002]" } }
devices: { 001: { retired: lost } }`;
		const { fleet, problems } = parseFleet(text, "x.yaml");
		expect(problems).toEqual([]);
		expect(fleet?.classes.two).toEqual(fleet?.classes.one);
		expect(fleet?.devices["001"]).toEqual({ name: "001", group: "all", retired: "lost" });
	});
});

describe("a fleet file with many mistakes", () => {
	it("has all of them reported at once, each with its place, the value and the remedy", () => {
		const text = `apiVersion: leafline/v1
fleet: Mine
hardware: { rk: { buffer: 32, colour: red } }
link: { outage: 30 }
classes:
  can: { rate: 2000, size: 128, accepts: "$SYS.>", whenful: refuse }
  debug: { rate: 1/s, size: 1B, whenFull: drop-oldest, maxAge: 7 }
downlink: { can: { keep: never } }
consumers: { lake: { class: cam } }
groups:
  north: { devices: "hub, truck-[001-010]", hardware: rx }
  south: { devices: "truck-[010-020]" }
devices: { truck-99: { retired: yes } }
`;
		expect(complaintOf(text).split("\n")).toEqual([
			'x.yaml:2:8  fleet: "Mine" is not a name; write for example mine-north',
			"x.yaml:3:27  hardware.rk.buffer: 32 has no unit; write 32B, 32KiB, 32MiB or 32GiB",
			"x.yaml:3:31  hardware.rk.colour: unknown key; known here: arch, buffer, disk, programs, sync, syncs, endurance, storeDir, memory, clientPort",
			"x.yaml:4:17  link.outage: 30 has no unit; write 30ms, 30s, 30m or 30h",
			"x.yaml:6:16  classes.can.rate: 2000 has no unit; write 2000/s",
			"x.yaml:6:28  classes.can.size: 128 has no unit; write 128B, 128KiB, 128MiB or 128GiB",
			'x.yaml:6:42  classes.can.accepts: "$SYS.>" belongs to NATS itself; accept subjects that start with a word',
			"x.yaml:6:52  classes.can.whenful: unknown key; did you mean whenFull?",
			"x.yaml:7:64  classes.debug.maxAge: 7 has no unit; write 7ms, 7s, 7m or 7h",
			'x.yaml:8:13  downlink.can: "can" is the name of a class in classes as well; choose another name, for both make stream hub_<class>',
			'x.yaml:8:26  downlink.can.keep: "never" is not a duration; write a number and ms, s, m, h, d or w, for example 1d',
			"x.yaml:9:14  consumers.lake.deliver: is missing; write all, new, last, last-per-subject or by-start-time",
			'x.yaml:9:29  consumers.lake.class: "cam" is no class of this fleet; did you mean can?',
			'x.yaml:11:21  groups.north.devices: "hub" is reserved for the hub\'s domain; choose another name',
			'x.yaml:11:55  groups.north.hardware: "rx" is not in hardware; did you mean rk?',
			'x.yaml:12:21  groups.south.devices: truck-010 is in "truck-[010-020]" and in "truck-[001-010]" of group north (line 11); name each device once',
			'x.yaml:13:33  devices.truck-99.retired: "yes" is not known; write drain or lost',
		]);
	});

	it("has the first 50 shown, and the others counted", () => {
		const keys = Array.from({ length: 70 }, (_, index) => `odd${index}: 1`).join("\n");
		const lines = complaintOf(`${COMPLIANT}${keys}\n`).split("\n");
		expect(lines).toHaveLength(51);
		expect(lines[0]).toContain("x.yaml:48:1  odd0: unknown key; known here: apiVersion, ");
		expect(lines[49]).toContain("x.yaml:97:1  odd49: ");
		expect(lines[50]).toBe("and 20 more");
	});
});
