import { hubServerName, hubTree } from "../render/hub";
import { leafTree } from "../render/leaf";
import { expandEdge } from "../topology/edge";
import type { Topology } from "../topology/model";
import { HUB_DOMAIN } from "../topology/names";
import { adminRole, deviceRole, downlinkStreams, type Role, readerRole, systemRole } from "../topology/permissions";
import type { Design, DesignRole, DesignStream, Origin } from "./model";

/**
 * What the rules judge, for a topology that was planned without an engine. It has the same streams, servers and roles
 * as the resources would have; what only a cloud's resources say (instances, volumes) is not in it.
 */
export function fromTopology(topology: Topology): Design {
	return {
		streams: [...hubStreams(topology), ...edgeStreams(topology)],
		servers: [...hubServers(topology), ...leafServers(topology)],
		ingress: ingress(topology),
		instances: [],
		volumes: [],
		devices: Object.values(topology.devices).map(({ name, group }) => ({
			origin: { label: name, place: inFleet("groups", group, "devices") },
			name,
			domain: name,
			serverName: name,
		})),
		roles: roles(topology),
	};
}

function hubStreams({ hubStreams, settings, fleet }: Topology): DesignStream[] {
	return Object.values(hubStreams).map((stream) => ({
		origin: {
			label: stream.config.name,
			place:
				stream.direction === "uplink" ? inFleet("classes", stream.class, "hub") : inFleet("downlink", stream.class),
		},
		domain: HUB_DOMAIN,
		side: "hub",
		class: stream.class,
		critical: fleet.classes[stream.class]?.whenFull === "refuse",
		config: { ...stream.config },
		consumers: stream.consumers,
		nodes: settings.hub.nodes,
		maxFile: settings.hub.fileBytes,
	}));
}

function edgeStreams({ edgeGroups, fleet }: Topology): DesignStream[] {
	return Object.values(edgeGroups).flatMap((group) => {
		const hardware = fleet.hardware[fleet.groups[group.group]?.hardware ?? ""];
		return Object.keys(group.devices).flatMap((device) =>
			expandEdge(group, device).map(({ class: name, stream, consumer }): DesignStream => {
				const uplink = fleet.classes[name];
				return {
					origin: {
						label: `${stream.name} on ${device}`,
						place: inFleet(uplink === undefined ? "downlink" : "classes", name),
					},
					domain: device,
					side: "edge",
					class: name,
					critical: uplink?.whenFull === "refuse",
					config: { ...stream },
					consumers: consumer === undefined ? {} : { [consumer.durable_name]: consumer },
					nodes: 1,
					...(hardware !== undefined && { maxFile: hardware.bufferBytes }),
				};
			}),
		);
	});
}

/** Keys, certificates and addresses exist only in a deployment; their places in the configurations do already. */
function hubServers(topology: Topology): Design["servers"] {
	const { hub } = topology.settings;
	const names = Array.from({ length: hub.nodes }, (_, node) => hubServerName(topology, node));
	return names.map((name, node) => ({
		origin: { label: name, place: inSettings("hub") },
		role: "hub",
		conf: hubTree(topology, {
			node,
			operatorJwt: "operator.jwt",
			systemAccount: "SYS",
			preload: {},
			tls: { cert: "tls.crt", key: "tls.key" },
			...(hub.nodes > 1 && {
				cluster: {
					routes: names.map((other) => `nats-route://${other}:6222`),
					tls: { cert: "route.crt", key: "route.key", ca: "ca.crt" },
				},
			}),
		}),
	}));
}

function leafServers(topology: Topology): Design["servers"] {
	const { addresses, leafPort } = topology.settings.hub;
	const urls = (addresses.length > 0 ? addresses : [HUB_DOMAIN]).map((address) => `tls://${address}:${leafPort}`);
	return Object.values(topology.devices).map(({ name, group }) => ({
		origin: { label: name, place: inFleet("groups", group) },
		role: "leaf",
		conf: leafTree(topology, name, { urls, credentials: "device.creds", ca: "ca.crt" }),
	}));
}

/** A hub on this machine lets nobody in from elsewhere. */
function ingress({ settings: { hub } }: Topology): Design["ingress"] {
	if (hub.kind === "local") {
		return [];
	}
	const tcp = (label: string, port: number, setting: string) => ({
		origin: { label, place: inSettings("hub", setting) },
		protocol: "tcp",
		fromPort: port,
		toPort: port,
		prefixLists: [],
	});
	const leaf = { ...tcp("leaf port of the hub", hub.leafPort, "leafPort"), cidrs: ["0.0.0.0/0", "::/0"], groups: [] };
	const routes = { ...tcp("routes of the hub", 6222, "nodes"), cidrs: [], groups: [HUB_DOMAIN] };
	return hub.nodes > 1 ? [leaf, routes] : [leaf];
}

function roles(topology: Topology): DesignRole[] {
	const role = (kind: DesignRole["role"], origin: Origin, { publish, subscribe }: Role): DesignRole => {
		return { origin, role: kind, publish, subscribe, exact: { publish, subscribe } };
	};
	const readers = Object.entries(topology.fleet.consumers).map(([name, consumer]) => {
		const streams = Object.values(topology.hubStreams).filter((stream) => stream.class === consumer.class);
		const permissions = readerRole(
			name,
			streams.map(({ config }) => config.name),
		);
		return role("reader", { label: `role of reader ${name}`, place: inFleet("consumers", name) }, permissions);
	});
	return [
		role("device", { label: "role of devices" }, deviceRole(downlinkStreams(topology))),
		role("admin", { label: "role of administrators" }, adminRole({ direct: false })),
		role("system", { label: "role of the system user" }, systemRole({ direct: false })),
		...readers,
	];
}

function inFleet(...path: (string | number)[]): NonNullable<Origin["place"]> {
	return { document: "fleet", path };
}

function inSettings(...path: (string | number)[]): NonNullable<Origin["place"]> {
	return { document: "settings", path };
}
