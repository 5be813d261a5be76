import type { Topology } from "./model";

/**
 * Loopback port of a device's link to the hub, where devices run on this machine. Ports count in the order of the fleet
 * file, retired devices included: to retire one moves nobody's port.
 */
export function linkPort({ fleet, settings }: Pick<Topology, "fleet" | "settings">, device: string): number {
	return settings.leaves.linkPort + Object.keys(fleet.devices).indexOf(device);
}
