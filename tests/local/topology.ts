import type { Fleet, Settings } from "../../config/model";
import type { Topology } from "../../topology/model";

/** As much of a topology as the local components read, for the devices in the order given. */
export function localTopology(
	devices: readonly string[],
	change: {
		readonly retired?: Readonly<Record<string, "drain" | "lost">>;
		readonly allowDataLoss?: boolean;
		readonly hub?: Partial<Settings["hub"]>;
		readonly leaves?: Partial<Settings["leaves"]>;
	} = {},
): Topology {
	const ports = { leafPort: 7422, clientPort: 4222, monitorPort: 8222, routePort: 6222 };
	const hub = { kind: "local", nodes: 1, ...ports, addresses: ["127.0.0.1"], ...change.hub };
	const leaves = { local: true, clientPort: 14222, linkPort: 17422, limit: 32, ...change.leaves };
	const link = { upBitsPerSecond: 8_000_000, downBitsPerSecond: 16_000_000, rttMs: 80 };
	const retired = change.retired ?? {};
	const all = devices.map((name) => ({ name, group: "all", ...(retired[name] && { retired: retired[name] }) }));
	return {
		fleet: {
			name: "small",
			hardware: { board: { bufferBytes: 1024 ** 2 } },
			groups: { all: { hardware: "board", link, devices } },
			devices: Object.fromEntries(all.map((device) => [device.name, device])),
		} as unknown as Fleet,
		edgeGroups: {},
		budgets: { buffer: {} },
		settings: { hub, leaves, allowDataLoss: change.allowDataLoss ?? true } as Settings,
		devices: Object.fromEntries(
			all.flatMap(({ name, group }, index) =>
				retired[name]
					? []
					: [[name, { name, group, edgeGroup: group, clientPort: leaves.clientPort + index, hubStreams: {} }]],
			),
		),
		retired: Object.fromEntries(all.flatMap((device) => (retired[device.name] ? [[device.name, device]] : []))),
	} as unknown as Topology;
}
