import type { AccessOutput, StackOutputs } from "../../contract/outputs";

export const CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

export interface FixtureOptions {
	readonly devices?: Readonly<Record<string, { readonly clientPort: number; readonly linkPort: number }>>;
	readonly ports?: { readonly leaf: number; readonly client: number; readonly monitor: number };
	readonly ca?: string;
	readonly access?: AccessOutput;
}

/** Outputs of a local stack with one class `sensor`, that comply; tests then change one thing. */
export function stackFixture(options: FixtureOptions = {}): StackOutputs {
	const devices = options.devices ?? {
		edge1: { clientPort: 14222, linkPort: 17422 },
		edge2: { clientPort: 14223, linkPort: 17423 },
		edge3: { clientPort: 14224, linkPort: 17424 },
	};
	const { leaf, client, monitor } = options.ports ?? { leaf: 7422, client: 4222, monitor: 8222 };
	const names = Object.keys(devices);
	return {
		leafline: {
			schemaVersion: 5,
			environment: "local",
			fleet: "demo",
			hub: {
				kind: "local",
				domain: "hub",
				apiPrefix: "$ADMIN.hub.API",
				urls: [`tls://127.0.0.1:${leaf}`],
				clientUrl: `nats://127.0.0.1:${client}`,
				monitorUrl: `http://127.0.0.1:${monitor}`,
				nodes: 1,
				versionFloor: "2.15.0",
			},
			ca: options.ca ?? CA,
			classes: {
				sensor: {
					direction: "uplink",
					rate: 2000,
					sizeBytes: 128,
					accepts: ["vehicle.>"],
					whenFull: "refuse",
					priority: "normal",
				},
			},
			devices: Object.fromEntries(
				Object.entries(devices).map(([name, { clientPort }]) => [
					name,
					{
						domain: name,
						serverName: name,
						group: "all",
						edgeGroup: "all",
						clientPort,
						hubStreams: { sensor: "hub_sensor" },
					},
				]),
			),
			streams: {
				hub_sensor: {
					class: "sensor",
					direction: "uplink",
					devices: names,
					maxBytes: 10_000_000_000,
					replicas: 1,
					consumers: ["lake"],
				},
			},
			shards: { sensor: { hub_sensor: names } },
			groups: { all: names },
			budgets: {
				buffer: {
					all: {
						neededBytes: 1_000_000_000,
						availableBytes: 5_000_000_000,
						classes: {
							sensor: { maxBytes: 1_000_000_000, holdsMs: 4 * 3_600_000, powerCut: { ms: 250, messages: 500 } },
						},
					},
				},
				link: {
					all: {
						neededBitsPerSecond: 4_400_000,
						availableBitsPerSecond: 20_000_000,
						catchUpMs: 480_000,
						windows: { sensor: 1000 },
					},
				},
				hub: {
					messagesPerSecond: 6000,
					messagesPerSecondLimit: 150_000,
					neededBytes: 10_000_000_000,
					availableBytes: 100_000_000_000,
					streams: { hub_sensor: { maxBytes: 10_000_000_000, replicas: 1 } },
				},
			},
			pending: {},
			local: {
				root: ".leafline/local",
				links: Object.fromEntries(Object.entries(devices).map(([name, { linkPort }]) => [name, linkPort])),
			},
		},
		leafConfigs: Object.fromEntries(names.map((name) => [name, `server_name: "${name}"\n`])),
		...(options.access && { access: options.access }),
	};
}
