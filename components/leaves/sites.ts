import { linkPort } from "../../topology/local-ports";
import type { Topology } from "../../topology/model";
import type { LinkSpec, LinksSpec } from "../links/model";

/** A device that runs as a leaf node on this machine. */
export interface LocalSite {
	readonly device: string;
	/** Loopback port of its client listener. */
	readonly clientPort: number;
	/** Loopback port of its link to the hub. */
	readonly linkPort: number;
	/** Where its leaf node connects: its link. */
	readonly url: string;
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
		const port = linkPort(topology, device);
		return [{ device, clientPort, linkPort: port, url: `tls://127.0.0.1:${port}` }];
	});
}

/** A link for each local device, to the hub's leaf port. `shaped` gives it the physics of the fleet file. */
export function linksSpec(topology: Topology, options: { readonly shaped: boolean }): LinksSpec {
	const target = { host: "127.0.0.1", port: topology.settings.hub.leafPort };
	const links = localSites(topology).map(({ device, linkPort }): [string, LinkSpec] => {
		const group = topology.fleet.devices[device]?.group ?? "";
		const link = options.shaped ? topology.fleet.groups[group]?.link : undefined;
		if (!link) return [device, { listen: linkPort, target }];
		const shape = {
			upBytesPerSecond: link.upBitsPerSecond / 8,
			downBytesPerSecond: link.downBitsPerSecond / 8,
			rttMs: link.rttMs,
		};
		return [device, { listen: linkPort, target, shape }];
	});
	return { links: Object.fromEntries(links) };
}
