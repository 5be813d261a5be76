import { MAX_PAYLOAD } from "../config/limits";
import { type NodePorts, nodePorts } from "../topology/local-ports";
import type { Topology } from "../topology/model";
import { HUB_DOMAIN } from "../topology/names";
import { HANDSHAKE_SECONDS, LINK_WRITE_DEADLINE, PING, syncInterval } from "./defaults";
import { type ConfMap, confDuration, renderNatsConfig } from "./nats-config";

export interface HubConfOptions {
	/** Which server of the cluster, from 0. */
	readonly node: number;
	readonly operatorJwt: string;
	/** Public key of the system account. */
	readonly systemAccount: string;
	/** Account JWTs by public key that the resolver starts with. Later ones are pushed at run time. */
	readonly preload: Readonly<Record<string, string>>;
	/** Paths of the leaf port's certificate and key, PEM. */
	readonly tls: { readonly cert: string; readonly key: string };
	/** @default the settings' */
	readonly storeDir?: string;
	/** Address of the client listener. @default loopback and the settings' port */
	readonly clientListen?: string;
	/** Paths of certificate and key for clients; without it the client port speaks in the clear, on loopback only. */
	readonly clientTls?: { readonly cert: string; readonly key: string };
	/** Address of the leaf listener. @default loopback for a local hub, else all interfaces */
	readonly leafListen?: string;
	/** Address of the monitoring. @default loopback and the settings' port */
	readonly monitorListen?: string;
	/** What devices and other servers are told about this node. @default the settings' address with the node's index */
	readonly address?: string;
	/** Needed with three nodes. */
	readonly cluster?: ClusterOptions;
	readonly pidFile?: string;
}

/** Where nodes of a hub listen for each other. */
export const ROUTE_PORT = 6222;

export interface ClusterOptions {
	/** Address of the route listener. @default loopback and the settings' port for a local hub, else "0.0.0.0:6222" */
	readonly listen?: string;
	/** Where other nodes reach this one, `host:port`. */
	readonly advertise?: string;
	/** `nats-route://host:port` of every node. */
	readonly routes: readonly string[];
	/** Of the routes; for nodes that pay for what they send each other. @default none */
	readonly compression?: "s2_fast";
	/** Paths of certificate, key and authority for mutual TLS between the nodes. */
	readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** Name of a node. `_` cannot stand in a device's name, and no two servers of a system may share one. */
export function hubServerName({ settings }: Pick<Topology, "settings">, node: number): string {
	return settings.hub.nodes === 1 ? HUB_DOMAIN : `${HUB_DOMAIN}_${node + 1}`;
}

/** hub.conf of one node; throws as `hubTree` does. */
export function renderHubConf(topology: Topology, options: HubConfOptions): string {
	const name = hubServerName(topology, options.node);
	return renderNatsConfig(hubTree(topology, options), `made by leafline for ${name}; changes are overwritten`);
}

/**
 * The configuration of one node, which policies judge as well.
 * @throws RangeError when the node is not in the cluster, or a cluster of several has no routes
 */
export function hubTree(topology: Topology, options: HubConfOptions): ConfMap {
	const { hub } = topology.settings;
	const { node, cluster } = options;
	if (!Number.isInteger(node) || node < 0 || node >= hub.nodes) {
		throw new RangeError(`a hub of ${hub.nodes} has no node ${node}`);
	}
	if (hub.nodes > 1 && cluster === undefined) {
		throw new RangeError(`a hub of ${hub.nodes} nodes needs routes between them`);
	}
	const name = hubServerName(topology, node);
	const storeDir = options.storeDir ?? hub.storeDir;
	const ports = nodePorts(hub, node);
	const routeListen = hub.kind === "local" ? `127.0.0.1:${ports.route}` : `0.0.0.0:${ROUTE_PORT}`;
	// A server that is alone asks nobody; whoever connects before its account was pushed would only wait.
	const lookup = hub.nodes > 1 ? "5s" : "500ms";
	return {
		server_name: name,
		listen: options.clientListen ?? `127.0.0.1:${ports.client}`,
		...(options.clientTls && { tls: clientTls(options.clientTls) }),
		http: options.monitorListen ?? `127.0.0.1:${ports.monitor}`,
		...(options.pidFile !== undefined && { pid_file: options.pidFile }),
		max_payload: MAX_PAYLOAD,
		...PING,
		lame_duck_duration: confDuration(30_000),
		lame_duck_grace_period: confDuration(5_000),
		operator: options.operatorJwt,
		system_account: options.systemAccount,
		// A short interval: a node that was down when a device was revoked lets it in until it has asked the others.
		resolver: { type: "full", dir: `${storeDir}/accounts`, allow_delete: false, interval: "10s", timeout: lookup },
		resolver_preload: sorted(options.preload),
		jetstream: {
			domain: HUB_DOMAIN,
			store_dir: storeDir,
			max_mem: hub.memoryBytes,
			max_file: hub.fileBytes,
			sync_interval: syncInterval(hub.sync),
		},
		feature_flags: {
			// Replies of its own for each source; without it they fan out to all devices.
			js_api_reply_v2: true,
			// A node that was replaced knows how far its sources are, also where the messages have aged out.
			js_snapshot_sources: true,
		},
		leafnodes: leafnodes(topology, options, ports),
		...(hub.nodes > 1 && cluster !== undefined && { cluster: clusterBlock(cluster, routeListen) }),
	};
}

function leafnodes({ settings: { hub } }: Topology, options: HubConfOptions, ports: NodePorts): ConfMap {
	const host = hub.kind === "local" ? "127.0.0.1" : "0.0.0.0";
	const address = options.address ?? hub.addresses[options.node] ?? hub.addresses[0] ?? "127.0.0.1";
	return {
		listen: options.leafListen ?? `${host}:${ports.leaf}`,
		// Without it, devices would be told the private addresses of all nodes.
		advertise: `${address.includes(":") ? `[${address}]` : address}:${ports.leaf}`,
		no_advertise: true,
		// Each device says how its link is compressed.
		compression: "accept",
		// No device is told what others listen to. It would learn the subject by which another one's server finds loops, and
		// a server that hears its own closes its link for 30 s (nats-server 2.15.2, `handleLeafNodeLoop`).
		isolate_leafnode_interest: true,
		write_deadline: LINK_WRITE_DEADLINE,
		authorization: { timeout: HANDSHAKE_SECONDS },
		tls: {
			cert_file: options.tls.cert,
			key_file: options.tls.key,
			// Nothing is said in the clear, and a scanner learns nothing.
			handshake_first: true,
			min_version: "1.3",
			timeout: HANDSHAKE_SECONDS,
		},
	};
}

function clientTls({ cert, key }: { cert: string; key: string }): ConfMap {
	return { cert_file: cert, key_file: key, min_version: "1.3", timeout: HANDSHAKE_SECONDS };
}

function clusterBlock({ listen, advertise, routes, compression, tls }: ClusterOptions, usualListen: string): ConfMap {
	return {
		name: HUB_DOMAIN,
		listen: listen ?? usualListen,
		...(advertise !== undefined && { cluster_advertise: advertise }),
		// Clients come through loopback or the leaf port, never to an address that a node gossips.
		no_advertise: true,
		routes: [...routes],
		...(compression !== undefined && { compression }),
		...(tls !== undefined && {
			tls: { cert_file: tls.cert, key_file: tls.key, ca_file: tls.ca, verify: true, min_version: "1.3", timeout: 5 },
		}),
	};
}

function sorted(map: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
