import type { HubSettings } from "../../config/model";
import { ROUTE_PORT } from "../hub";

/** Who may reach a TCP port of the hub's nodes. */
export interface Access {
	/** Unique, for names of resources. */
	readonly key: string;
	readonly port: number;
	/** Everybody, the other nodes, or the members of a security group. */
	readonly from: "internet" | "nodes" | { readonly group: string };
	/** Why it is open. */
	readonly reason: string;
}

/** The address block of everybody. The network has no IPv6. */
export const INTERNET = "0.0.0.0/0";

/** Everything that reaches the nodes: of a hub that nobody else may read, the leaf port and nothing more. */
export function accessTo({ leafPort, clientPort, nodes, aws }: HubSettings): Access[] {
	const leaves: Access = {
		key: "leaves",
		port: leafPort,
		from: "internet",
		reason: "Devices and administrators: leaf nodes, TLS",
	};
	const routes: Access = {
		key: "routes-in",
		port: ROUTE_PORT,
		from: "nodes",
		reason: "Routes between the nodes, mutual TLS",
	};
	const readers = (aws?.readers ?? []).map((group): Access => {
		return {
			key: `reader-${group}`,
			port: clientPort,
			from: { group },
			reason: "Readers in this network: clients, TLS",
		};
	});
	return [leaves, ...(nodes > 1 ? [routes] : []), ...readers];
}
