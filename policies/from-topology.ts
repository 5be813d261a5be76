import { hubServerName, hubTree, ROUTE_PORT } from "../render/hub";
import { leafTree } from "../render/leaf";
import { expandEdge } from "../topology/edge";
import { journalStream } from "../topology/journal";
import type { Topology } from "../topology/model";
import { HUB_DOMAIN } from "../topology/names";
import { adminRole, deviceRole, downlinkStreams, type Role, readerRole, systemRole } from "../topology/permissions";
import { rolloutStreams } from "../topology/rollout/streams";
import { awsHub } from "./from-aws";
import type { Design, DesignRole, DesignStream, Origin } from "./model";

/**
 * What the rules judge, for a topology that was planned without an engine. It has the same streams, servers, machines
 * and roles as the resources would have.
 */
export function fromTopology(topology: Topology): Design {
	const hub = topology.settings.hub.kind === "local" ? localHub(topology) : awsHub(topology);
	return {
		...hub,
		streams: [...hubStreams(topology), ...edgeStreams(topology)],
		servers: [...hub.servers, ...leafServers(topology)],
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
	const common = {
		domain: HUB_DOMAIN,
		side: "hub",
		nodes: settings.hub.nodes,
		maxFile: settings.hub.fileBytes,
	} as const;
	const journal = journalStream(settings);
	const label = { label: journal.name, place: inSettings("hub") };
	const ofClasses = Object.values(hubStreams).map((stream) => ({
		...common,
		origin: {
			label: stream.config.name,
			place:
				stream.direction === "uplink" ? inFleet("classes", stream.class, "hub") : inFleet("downlink", stream.class),
		},
		class: stream.class,
		critical: fleet.classes[stream.class]?.whenFull === "refuse",
		config: { ...stream.config },
		consumers: stream.consumers,
	}));
	const none = { critical: false, consumers: {} };
	const buckets = rolloutStreams(settings).map((config) => {
		return { ...common, ...none, origin: { label: config.name, place: inSettings("rollout") }, config: { ...config } };
	});
	return [{ ...common, ...none, origin: label, config: { ...journal } }, ...buckets, ...ofClasses];
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

/**
 * A hub on this machine lets nobody in from elsewhere. Keys and certificates exist only in a deployment; their places in
 * the configurations do already.
 */
function localHub(topology: Topology): ReturnType<typeof awsHub> {
	const { hub } = topology.settings;
	const names = Array.from({ length: hub.nodes }, (_, node) => hubServerName(topology, node));
	const conf = (node: number) =>
		hubTree(topology, {
			node,
			operatorJwt: "operator.jwt",
			systemAccount: "SYS",
			preload: {},
			tls: { cert: "tls.crt", key: "tls.key" },
			...(hub.nodes > 1 && {
				cluster: {
					listen: `127.0.0.1:${ROUTE_PORT}`,
					routes: names.map((other) => `nats-route://${other}:${ROUTE_PORT}`),
					tls: { cert: "route.crt", key: "route.key", ca: "ca.crt" },
				},
			}),
		});
	return {
		servers: names.map((name, node) => {
			return { origin: { label: name, place: inSettings("hub") }, role: "hub", conf: conf(node) };
		}),
		ingress: [],
		instances: [],
		volumes: [],
		parameters: [],
	};
}

function leafServers(topology: Topology): Design["servers"] {
	const { addresses, leafPort } = topology.settings.hub;
	const urls = (addresses.length > 0 ? addresses : [HUB_DOMAIN]).map((address) => `tls://${address}:${leafPort}`);
	return Object.values(topology.devices).map(({ name, group }) => {
		const { diskBytes } = topology.fleet.hardware[topology.fleet.groups[group]?.hardware ?? ""] ?? {};
		return {
			origin: { label: name, place: inFleet("groups", group) },
			role: "leaf",
			conf: leafTree(topology, name, { urls, cluster: "a public key", credentials: "device.creds", ca: "ca.crt" }),
			...(diskBytes !== undefined && { diskBytes }),
		};
	});
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
