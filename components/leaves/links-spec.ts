import type { Topology } from "../../topology/model";
import type { LinkSpec, LinksSpec } from "../links/model";

/** A link for each local device, to the hub's leaf port. `shaped` gives it the physics of the fleet file. */
export function linksSpec(topology: Topology, options: { readonly shaped: boolean }): LinksSpec {
	const { hub } = topology.settings;
	const links: Record<string, LinkSpec> = {};
	for (const device of Object.values(topology.devices)) {
		const link = topology.fleet.groups[device.group]?.link;
		links[device.name] = {
			listen: linkPort(topology, device.name),
			target: { host: "127.0.0.1", port: hub.leafPort },
			...(options.shaped &&
				link && {
					shape: {
						upBytesPerSecond: link.upBitsPerSecond / 8,
						downBytesPerSecond: link.downBitsPerSecond / 8,
						rttMs: link.rttMs,
					},
				}),
		};
	}
	return { links };
}

/** Loopback port of a device's link: ports count in the order of the fleet file, retired devices included. */
export function linkPort(topology: Topology, device: string): number {
	return topology.settings.leaves.linkPort + Object.keys(topology.fleet.devices).indexOf(device);
}
