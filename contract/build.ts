import { linkPorts, type NodePorts, nodePorts } from "../topology/local-ports";
import type { HubStream, Topology } from "../topology/model";
import { deviceDomain, HUB_DOMAIN, JOURNAL } from "../topology/names";
import { ADMIN_API } from "../topology/permissions";
import { editionOf } from "../topology/server-edition";
import { hubSyncMs } from "../topology/trim";
import { CLIENTS } from "./clients";
import { type LeaflineOutput, SCHEMA_VERSION } from "./outputs";

/** What only the created resources know. */
export interface LiveFacts {
	/** PEM of the CA that signs the hub's certificate. */
	readonly ca: string;
	/** Where devices connect; every node's. @default made from the settings' addresses */
	readonly urls?: readonly string[];
	/** Of the hub's nats-server. @default not told */
	readonly serverVersion?: string;
	/** Oldest nats-server that may take part. */
	readonly versionFloor: string;
	/** Public key of who signs the devices' bundles. @default not told */
	readonly bundleKey?: string;
	/** Whose the streams are, `<project>/<stack>`. @default not told */
	readonly owner?: string;
	/** Devices that could not be reached, and why. */
	readonly pending: Readonly<Record<string, string>>;
	/** Folder of the local processes, from the project's folder. @default ".leafline/local" */
	readonly localRoot?: string;
}

const by = <T, R>(record: Readonly<Record<string, T>>, value: (item: T, key: string) => R): Record<string, R> =>
	Object.fromEntries(Object.entries(record).map(([key, item]) => [key, value(item, key)]));

/** The output `leafline` of a stack. Pure, and without a single `undefined`, which the engine would refuse. */
export function buildOutputs(topology: Topology, live: LiveFacts): LeaflineOutput {
	const { settings, fleet } = topology;
	const isLocal = settings.hub.kind === "local";
	return {
		schemaVersion: SCHEMA_VERSION,
		environment: settings.environment,
		fleet: fleet.name,
		hub: {
			kind: settings.hub.kind,
			domain: HUB_DOMAIN,
			apiPrefix: ADMIN_API,
			urls: [...(live.urls ?? settings.hub.addresses.map((host) => `tls://${host}:${settings.hub.leafPort}`))],
			...(isLocal && {
				clientUrl: ofEachNode(settings.hub, ({ client }) => `nats://127.0.0.1:${client}`),
				monitorUrl: ofEachNode(settings.hub, ({ monitor }) => `http://127.0.0.1:${monitor}`),
			}),
			nodes: settings.hub.nodes,
			syncMs: hubSyncMs(settings.hub.sync),
			journal: JOURNAL,
			...(live.serverVersion !== undefined && {
				server: editionOf(live.serverVersion),
				serverVersion: live.serverVersion,
			}),
			versionFloor: live.versionFloor,
		},
		ca: live.ca,
		classes: classes(topology),
		devices: devices(topology),
		streams: by(topology.hubStreams, streamOutput),
		shards: shards(topology),
		groups: by(fleet.groups, (group) => [...group.devices]),
		edge: edge(topology),
		...(live.bundleKey !== undefined && { bundleKey: live.bundleKey }),
		...(live.owner !== undefined && { owner: live.owner }),
		budgets: {
			buffer: by(topology.budgets.buffer, ({ neededBytes, availableBytes, classes, wear }) => ({
				neededBytes,
				availableBytes,
				wear: { ...wear },
				classes: by(classes, ({ maxBytes, holdsMs, powerCut }) => ({ maxBytes, holdsMs, powerCut: { ...powerCut } })),
			})),
			link: by(topology.budgets.link, ({ neededBitsPerSecond, availableBitsPerSecond, catchUpMs, windows }) => ({
				neededBitsPerSecond,
				availableBitsPerSecond,
				catchUpMs,
				windows: { ...windows },
			})),
			hub: hubBudget(topology),
		},
		pending: { ...live.pending },
		clients: { ...CLIENTS },
		...(settings.leaves.local && { local: local(topology, live) }),
	};
}

/** URLs as NATS programs take those of several servers: with commas between them. */
function ofEachNode(hub: Topology["settings"]["hub"], url: (ports: NodePorts) => string): string {
	return Array.from({ length: hub.nodes }, (_, node) => url(nodePorts(hub, node))).join(",");
}

function classes({ fleet }: Topology): LeaflineOutput["classes"] {
	return {
		...by(fleet.classes, ({ rate, sizeBytes, accepts, whenFull, priority }) => ({
			direction: "uplink" as const,
			rate,
			sizeBytes,
			accepts: [...accepts],
			whenFull,
			priority,
		})),
		...by(fleet.downlink, ({ rate, sizeBytes }) => ({
			direction: "downlink" as const,
			rate,
			sizeBytes,
			accepts: [],
			whenFull: "refuse" as const,
			priority: "normal" as const,
		})),
	};
}

/** All chunks of a group are made of the same. A group whose devices are all lost has none. */
function edge({ edgeGroups, fleet }: Topology): NonNullable<LeaflineOutput["edge"]> {
	const result: NonNullable<LeaflineOutput["edge"]> = {};
	for (const { group, classes } of Object.values(edgeGroups)) {
		const hardware = fleet.groups[group]?.hardware ?? "";
		const arch = fleet.hardware[hardware]?.arch;
		if (arch === undefined || Object.hasOwn(result, group)) continue;
		result[group] = {
			arch,
			hardware,
			...(fleet.groups[group]?.mqtt && { topics: { ...fleet.groups[group].mqtt.topics } }),
			classes: by(classes, (settings) => ({ ...settings, accepts: [...settings.accepts] })),
		};
	}
	return result;
}

/** A lost device is managed by nobody; one that is drained is there as before until the hub has everything. */
function devices(topology: Topology): LeaflineOutput["devices"] {
	return by(topology.fleet.devices, ({ name, group, label, retired }) => {
		const planned = topology.devices[name];
		return {
			domain: deviceDomain(name),
			serverName: name,
			group,
			...(label !== undefined && { label }),
			...(planned && { edgeGroup: planned.edgeGroup, clientPort: planned.clientPort }),
			...(planned?.mqttPort !== undefined && { mqttPort: planned.mqttPort }),
			hubStreams: hubStreamsOf(topology, name),
			...(retired && { retired }),
		};
	});
}

function hubStreamsOf(topology: Topology, device: string): Record<string, string> {
	const sourcing = Object.entries(topology.hubStreams).filter(
		([, stream]) => stream.direction === "uplink" && stream.devices.includes(device),
	);
	return Object.fromEntries(sourcing.map(([name, stream]) => [stream.class, name]));
}

function streamOutput(stream: HubStream): LeaflineOutput["streams"][string] {
	const replicas = stream.config.num_replicas;
	return {
		class: stream.class,
		direction: stream.direction,
		devices: [...stream.devices],
		maxBytes: stream.config.max_bytes,
		replicas: replicas === 3 || replicas === 5 ? replicas : 1,
		consumers: Object.keys(stream.consumers),
	};
}

function shards(topology: Topology): LeaflineOutput["shards"] {
	const result: LeaflineOutput["shards"] = {};
	for (const [name, stream] of Object.entries(topology.hubStreams)) {
		if (stream.direction !== "uplink") continue;
		result[stream.class] = { ...result[stream.class], [name]: [...stream.devices] };
	}
	return result;
}

function hubBudget({ budgets: { hub } }: Topology): LeaflineOutput["budgets"]["hub"] {
	return {
		messagesPerSecond: hub.messagesPerSecond,
		messagesPerSecondLimit: hub.messagesPerSecondLimit,
		neededBytes: hub.neededBytes,
		availableBytes: hub.availableBytes,
		streams: by(hub.streams, ({ maxBytes, replicas }) => ({ maxBytes, replicas })),
		powerCut: { ...hub.powerCut },
	};
}

function local(topology: Topology, live: LiveFacts): NonNullable<LeaflineOutput["local"]> {
	// In the order of the fleet file.
	const here = Object.keys(topology.fleet.devices).filter((name) => topology.devices[name]);
	const links = here.map((name) => [name, linkPorts(topology, name)[0] ?? 0] as const);
	return { root: live.localRoot ?? ".leafline/local", links: Object.fromEntries(links) };
}
