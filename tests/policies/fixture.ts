import type { Fleet } from "../../config/model";
import type { Design, DesignStream, PolicyConfig } from "../../policies/model";
import { expandEdge } from "../../topology/edge";
import { journalStream } from "../../topology/journal";
import type { Topology } from "../../topology/model";
import { HUB_DOMAIN } from "../../topology/names";
import { deviceRole, downlinkStreams } from "../../topology/permissions";
import { plan } from "../../topology/plan";
import { programDenials } from "../../topology/program-permissions";
import { downlink, makeFleet, makeSettings, uplink } from "../topology/fixtures";

/** A design that every rule accepts: what leafline plans for a fleet of three devices, on a hub of three nodes. */
export function compliantDesign(topology: Topology = compliantTopology()): Design {
	return {
		streams: [...hubStreams(topology), ...edgeStreams(topology)],
		servers: servers(topology),
		ingress: [
			{
				origin: { label: "leaf port of hub" },
				protocol: "tcp",
				fromPort: 7422,
				toPort: 7422,
				cidrs: ["0.0.0.0/0", "::/0"],
				prefixLists: [],
				groups: [],
			},
			{
				origin: { label: "routes of hub" },
				protocol: "tcp",
				fromPort: 6222,
				toPort: 6222,
				cidrs: [],
				prefixLists: [],
				groups: ["hub"],
			},
		],
		instances: [
			{
				origin: { label: "hub_1" },
				ami: "ami-0123456789abcdef0",
				floatingAmi: false,
				keyName: undefined,
				httpTokens: "required",
				userData: "#!/bin/sh\nexec /opt/leafline/bootstrap\n",
				rootEncrypted: true,
				disks: [],
				publicAddress: true,
				instanceStore: false,
				replicas: 3,
			},
		],
		volumes: [{ origin: { label: "data of hub_1" }, encrypted: true, protected: true }],
		parameters: [
			{ origin: { label: "leaf.key of hub_1" }, encrypted: true, secret: true, value: "-----BEGIN" },
			{ origin: { label: "hub.conf of hub_1" }, encrypted: false, secret: false, value: 'listen: "127.0.0.1:4222"\n' },
		],
		devices: Object.keys(topology.devices).map((name) => ({
			origin: { label: name },
			name,
			domain: name,
			serverName: name,
		})),
		roles: [deviceRoleOf(topology)],
	};
}

/** The pack's settings of a production stack. */
export function policyConfig(changes: Partial<PolicyConfig> = {}): PolicyConfig {
	return {
		allowedPorts: [],
		minimumServer: "2.15.0",
		maximumWindow: 10_000,
		production: true,
		severity: {},
		exemptions: [],
		today: "2026-06-01",
		...changes,
	};
}

/** A critical class, one that drops its oldest, and a downlink; and so many classes more. */
export function compliantTopology(devices: readonly string[] = ["edge1", "edge2", "edge3"], more = 0): Topology {
	const classes = {
		can: uplink({ accepts: ["vehicle.>"], rate: 1, hub: { keepMs: 3_600_000 } }),
		debug: uplink({
			rate: 1,
			whenFull: "drop-oldest",
			storage: "memory",
			maxAgeMs: 86_400_000,
			hub: { keepMs: 3_600_000 },
		}),
		...Object.fromEntries(
			Array.from({ length: more }, (_, i) => [`more${i}`, uplink({ rate: 1, hub: { keepMs: 60_000 } })]),
		),
	};
	const consumers = { lake: { class: "can", deliver: "all", ackWaitMs: 30_000, maxAckPending: 1000 } } as const;
	return planned(makeFleet({ devices, classes, consumers, downlink: { commands: downlink() } }));
}

/** Sourced as old servers have it, with one class, which drops its oldest. */
export function ephemeralTopology(devices: readonly string[] = ["edge1", "edge2"]): Topology {
	const can = uplink({
		accepts: ["vehicle.>"],
		rate: 1,
		whenFull: "drop-oldest",
		maxAgeMs: 86_400_000,
		hub: { keepMs: 3_600_000 },
	});
	return planned(makeFleet({ devices, classes: { can } }), { sourcing: "ephemeral" });
}

function planned(fleet: Fleet, settings: Parameters<typeof makeSettings>[0] = {}): Topology {
	const { topology, problems } = plan(fleet, makeSettings({ environment: "prod", hub: { nodes: 3 }, ...settings }));
	if (topology === undefined) {
		throw new Error(problems.map(({ message }) => message).join("\n"));
	}
	return topology;
}

/** The design with one stream changed, which must exist. */
export function withStream(
	design: Design,
	name: string,
	change: (stream: DesignStream) => Partial<Omit<DesignStream, "config">> & { config?: Record<string, unknown> },
): Design {
	const old = design.streams.find(({ config }) => config.name === name);
	if (old === undefined) {
		throw new Error(`the design has no stream ${name}`);
	}
	const { config, ...rest } = change(old);
	const changed: DesignStream = { ...old, ...rest, config: { ...old.config, ...config } };
	return { ...design, streams: design.streams.map((stream) => (stream === old ? changed : stream)) };
}

function hubStreams({ hubStreams, settings, fleet }: Topology): DesignStream[] {
	const common = {
		domain: HUB_DOMAIN,
		side: "hub",
		nodes: settings.hub.nodes,
		maxFile: settings.hub.fileBytes,
	} as const;
	const journal = journalStream(settings);
	const ofClasses = Object.values(hubStreams).map((stream) => ({
		...common,
		origin: { label: stream.config.name },
		class: stream.class,
		critical: fleet.classes[stream.class]?.whenFull === "refuse",
		config: { ...stream.config },
		consumers: stream.consumers,
	}));
	const itself = { origin: { label: journal.name }, critical: false, config: { ...journal }, consumers: {} };
	return [{ ...common, ...itself }, ...ofClasses];
}

function edgeStreams({ edgeGroups, fleet }: Topology): DesignStream[] {
	return Object.values(edgeGroups).flatMap((group) =>
		Object.keys(group.devices).flatMap((device) =>
			expandEdge(group, device).map(({ class: name, stream, consumer }): DesignStream => {
				const hardware = fleet.hardware[fleet.groups[group.group]?.hardware ?? ""];
				return {
					origin: { label: `${stream.name} on ${device}` },
					domain: device,
					side: "edge",
					class: name,
					critical: fleet.classes[name]?.whenFull === "refuse",
					config: { ...stream },
					consumers: consumer === undefined ? {} : { [consumer.durable_name]: consumer },
					nodes: 1,
					...(hardware !== undefined && { maxFile: hardware.bufferBytes }),
				};
			}),
		),
	);
}

/** The parts of the real configurations that rules look at. */
function servers({ settings: { hub }, devices, fleet }: Topology): Design["servers"] {
	return [
		{
			origin: { label: "hub_1" },
			role: "hub",
			conf: {
				server_name: "hub_1",
				listen: `127.0.0.1:${hub.clientPort}`,
				http: `127.0.0.1:${hub.monitorPort}`,
				operator: "operator.jwt",
				jetstream: { domain: HUB_DOMAIN, store_dir: hub.storeDir, max_mem: hub.memoryBytes, max_file: hub.fileBytes },
				leafnodes: { listen: `0.0.0.0:${hub.leafPort}`, tls: { cert_file: "tls.crt", key_file: "tls.key" } },
			},
			version: "2.15.2+leafline.4",
			diskBytes: 2 * hub.fileBytes,
		},
		...Object.values(devices).map(({ name, clientPort }): Design["servers"][number] => {
			const { bufferBytes = 0, storeDir = "" } = Object.values(fleet.hardware)[0] ?? {};
			const classes = { uplinks: Object.keys(fleet.classes), downlinks: Object.keys(fleet.downlink) };
			const { publish, subscribe } = programDenials(name, classes);
			const permissions = { publish: { deny: publish }, subscribe: { deny: subscribe } };
			return {
				origin: { label: name },
				role: "leaf",
				conf: {
					server_name: name,
					listen: `127.0.0.1:${clientPort}`,
					jetstream: { domain: name, store_dir: storeDir, max_file: bufferBytes },
					accounts: { "$G/": { jetstream: { max_bytes_required: true }, users: [{ nkey: "UD", permissions }] } },
					no_auth_user: "UD",
					leafnodes: {
						remotes: [{ urls: ["tls://hub.example:7422"], credentials: "device.creds", tls: { ca_file: "ca.pem" } }],
					},
				},
				version: "2.15.2",
				diskBytes: 2 * bufferBytes,
			};
		}),
	];
}

function deviceRoleOf(topology: Topology): Design["roles"][number] {
	const { publish, subscribe } = deviceRole(downlinkStreams(topology));
	return { origin: { label: "role of devices" }, role: "device", publish, subscribe, exact: { publish, subscribe } };
}
