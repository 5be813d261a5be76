import type { HubSettings } from "../../config/model";
import { type ClusterOptions, type HubConfOptions, ROUTE_PORT } from "../hub";
import { confPath, NODE, PARAMETER } from "./files";

/** What a node's configuration says of itself and the others. */
export interface NodeConf {
	/** From 0. */
	readonly index: number;
	/** By what devices reach it. */
	readonly host: string;
	/** On this address it listens for routes, and for readers. */
	readonly privateAddress: string;
	/** Of all nodes, in their order. */
	readonly routes: readonly string[];
}

/** Where a node's server listens, and where its files are; who it is comes from the environment's identity. */
export function nodeOptions(
	{ clientPort, leafPort, aws }: HubSettings,
	{ index, host, privateAddress, routes }: NodeConf,
): Omit<HubConfOptions, "operatorJwt" | "systemAccount" | "preload"> {
	const tls = { cert: confPath(PARAMETER.leafCert), key: confPath(PARAMETER.leafKey) };
	const cluster: ClusterOptions = {
		listen: `${privateAddress}:${ROUTE_PORT}`,
		advertise: `${privateAddress}:${ROUTE_PORT}`,
		routes,
		// Between zones every byte is paid for, and there are three times as many as devices send.
		compression: "s2_fast",
		tls: {
			cert: confPath(PARAMETER.routeCert),
			key: confPath(PARAMETER.routeKey),
			ca: confPath(PARAMETER.routeCa),
		},
	};
	return {
		node: index,
		address: host,
		tls,
		leafListen: `0.0.0.0:${leafPort}`,
		// Readers come from this network; the firewall lets in those that are named.
		...(aws !== undefined &&
			aws.readers.length > 0 && { clientListen: `${privateAddress}:${clientPort}`, clientTls: tls }),
		...(routes.length > 0 && { cluster }),
		pidFile: NODE.pidFile,
	};
}

/** Where the nodes find each other; a node that is alone has no routes. @param addresses private ones, of all nodes */
export function routesBetween(addresses: readonly string[]): string[] {
	return addresses.length > 1 ? addresses.map((address) => `nats-route://${address}:${ROUTE_PORT}`) : [];
}
