import { linkPorts, nodePorts } from "../../topology/local-ports";
import type { Topology } from "../../topology/model";
import type { LinkSpec, LinksSpec } from "../links/model";

/** A device that runs as a leaf node on this machine. */
export interface LocalSite {
	readonly device: string;
	/** Loopback port of its client listener. */
	readonly clientPort: number;
	/** Loopback ports of its link, one for each node of the hub. */
	readonly linkPorts: readonly number[];
	/** Where its leaf node connects: its link. */
	readonly urls: readonly string[];
}

/**
 * Devices in service and those that are being drained, in the order of the fleet file. Ports count in that order with
 * retired devices included: to retire a device moves nobody's port.
 */
export function localSites(topology: Topology): LocalSite[] {
	const { leaves } = topology.settings;
	return Object.keys(topology.fleet.devices).flatMap((device, index) => {
		const planned = topology.devices[device];
		if (!planned && topology.retired[device]?.retired !== "drain") return [];
		const clientPort = planned?.clientPort ?? leaves.clientPort + index;
		const ports = linkPorts(topology, device);
		return [{ device, clientPort, linkPorts: ports, urls: ports.map((port) => `tls://127.0.0.1:${port}`) }];
	});
}

/**
 * A link for each local device, to the leaf port of every node, so that a cut cuts all of them. `shaped` gives it the
 * physics of the fleet file.
 */
export function linksSpec(topology: Topology, options: { readonly shaped: boolean }): LinksSpec {
	const target = (node: number) => ({ host: "127.0.0.1", port: nodePorts(topology.settings.hub, node).leaf });
	const links = localSites(topology).map(({ device, linkPorts: [first = 0, ...more] }): [string, LinkSpec] => {
		const others = more.map((listen, index) => ({ listen, target: target(index + 1) }));
		const ends = { listen: first, target: target(0), ...(others.length > 0 && { others }) };
		const group = topology.fleet.devices[device]?.group ?? "";
		const link = options.shaped ? topology.fleet.groups[group]?.link : undefined;
		if (!link) return [device, ends];
		const shape = {
			upBytesPerSecond: link.upBitsPerSecond / 8,
			downBytesPerSecond: link.downBitsPerSecond / 8,
			rttMs: link.rttMs,
		};
		return [device, { ...ends, shape }];
	});
	return { links: Object.fromEntries(links) };
}
