import { MOST_LOCAL } from "../config/limits";
import type { HubSettings } from "../config/model";
import type { Problem, Topology } from "./model";

/** Listeners of one server of the hub. */
export interface NodePorts {
	readonly leaf: number;
	readonly client: number;
	readonly monitor: number;
	readonly route: number;
}

/** Ports of a node, from 0: the settings', which count up where all nodes are on this machine. */
export function nodePorts(hub: HubSettings, node: number): NodePorts {
	const step = hub.kind === "aws" ? 0 : node;
	return {
		leaf: hub.leafPort + step,
		client: hub.clientPort + step,
		monitor: hub.monitorPort + step,
		route: hub.routePort + step,
	};
}

/**
 * Loopback ports of a device's link, one for each node of the hub, where devices run on this machine. Ports count in
 * the order of the fleet file, retired devices included: to retire one moves nobody's port. The links to the second
 * node come after all that the settings allow to the first, so that a device's first port never moves.
 */
export function linkPorts(
	{ fleet, settings: { hub, leaves } }: Pick<Topology, "fleet" | "settings">,
	device: string,
): number[] {
	const first = leaves.linkPort + Object.keys(fleet.devices).indexOf(device);
	return Array.from({ length: hub.nodes }, (_, node) => first + node * leaves.limit);
}

/** Each device on this machine is a process with ports of its own. */
export function tooManyLocal({ fleet, settings: { leaves } }: Pick<Topology, "fleet" | "settings">): Problem[] {
	const count = Object.keys(fleet.devices).length;
	if (!leaves.local || count <= leaves.limit) return [];
	const message = `the fleet has ${count} devices, and at most ${leaves.limit} are run on this machine`;
	const less = "set leaves.local to false";
	const remedy = count <= MOST_LOCAL ? `write ${count}, or ${less}` : `${less}, or name fewer devices`;
	return [{ document: "settings", path: ["leaves", "limit"], message, remedy }];
}
