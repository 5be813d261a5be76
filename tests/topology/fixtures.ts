import type { DownlinkClass, Fleet, Link, Settings, UplinkClass } from "../../config/model";

/** A fleet that complies, for tests that then change one thing. */
export function makeFleet(changes: Partial<FleetChanges> = {}): Fleet {
	const {
		devices = ["edge1", "edge2", "edge3"],
		retired = {},
		link,
		bufferBytes,
		programsBytes,
		memoryBytes,
		sync = 250,
	} = changes;
	const classes = changes.classes ?? { can: uplink(), alarm: uplink({ rate: 1, sizeBytes: 256, priority: "high" }) };
	return {
		name: "test",
		hardware: {
			board: {
				arch: "arm64",
				bufferBytes: bufferBytes ?? 5 * 1024 ** 3,
				programsBytes: programsBytes ?? 0,
				sync,
				syncsPerSecond: changes.syncsPerSecond ?? 200,
				...(changes.enduranceBytes !== undefined && { enduranceBytes: changes.enduranceBytes }),
				storeDir: "/var/lib/nats/edge",
				memoryBytes: memoryBytes ?? 64 * 1024 ** 2,
				clientPort: 4222,
			},
		},
		classes,
		downlink: changes.downlink ?? {},
		consumers: changes.consumers ?? {},
		groups: { all: { hardware: "board", link: { ...LINK, ...link }, devices } },
		devices: Object.fromEntries(
			devices.map((name) => {
				const state = retired[name];
				return [name, { name, group: "all", ...(state !== undefined && { retired: state }) }];
			}),
		),
	};
}

interface FleetChanges {
	readonly sync: number | "always";
	readonly syncsPerSecond: number;
	readonly enduranceBytes: number;
	readonly devices: readonly string[];
	readonly retired: Readonly<Record<string, "drain" | "lost">>;
	readonly classes: Fleet["classes"];
	readonly downlink: Fleet["downlink"];
	readonly consumers: Fleet["consumers"];
	readonly link: Partial<Link>;
	readonly bufferBytes: number;
	readonly programsBytes: number;
	readonly memoryBytes: number;
}

export const LINK: Link = {
	upBitsPerSecond: 20_000_000,
	downBitsPerSecond: 20_000_000,
	rttMs: 80,
	outageMs: 30 * 60_000,
	compression: "s2_fast",
};

export function uplink(changes: Partial<UplinkClass> = {}): UplinkClass {
	return {
		rate: 100,
		sizeBytes: 128,
		accepts: [],
		priority: "normal",
		whenFull: "refuse",
		storage: "file",
		delayMs: 500,
		hub: { keepMs: 86_400_000 },
		...changes,
	};
}

export function downlink(changes: Partial<DownlinkClass> = {}): DownlinkClass {
	return { keepMs: 86_400_000, sizeBytes: 1024, rate: 0.1, ...changes };
}

export function makeSettings(
	changes: Partial<Omit<Settings, "hub" | "leaves">> & {
		hub?: Partial<Settings["hub"]>;
		leaves?: Partial<Settings["leaves"]>;
	} = {},
): Settings {
	return {
		environment: "local",
		fleet: "fleets/demo.yaml",
		sourcing: "durable",
		allowDataLoss: true,
		ignorePending: false,
		adopt: [],
		controlUrls: [],
		...changes,
		hub: {
			kind: "local",
			nodes: 1,
			server: "leafline",
			leafPort: 7422,
			clientPort: 4222,
			monitorPort: 8222,
			routePort: 6222,
			addresses: ["127.0.0.1"],
			storeDir: "/data/nats/hub",
			memoryBytes: 1024 ** 3,
			fileBytes: 100 * 1024 ** 3,
			sync: 250,
			...changes.hub,
		},
		leaves: { local: true, clientPort: 14_222, linkPort: 17_422, mqttPort: 11_883, limit: 32, ...changes.leaves },
	};
}
