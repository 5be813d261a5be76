import type { InventoryDevice, InventoryOutput } from "../../contract/inventory";
import type { LeaflineOutput } from "../../contract/outputs";

/**
 * The devices of a fleet, for programs that do something on each. Nothing here is secret: neither what makes credentials,
 * nor what one device alone may know. One that was lost is not in it, for it is to get nothing any more.
 */
export function inventoryOf(outputs: LeaflineOutput): InventoryOutput {
	const { environment, fleet, hub, devices } = outputs;
	const there = Object.entries(devices).filter(([, { retired }]) => retired !== "lost");
	return {
		schemaVersion: 1,
		environment,
		fleet,
		hubUrls: hub.urls,
		versionFloor: hub.versionFloor,
		devices: Object.fromEntries(
			there.sort(([a], [b]) => byNumber(a, b)).map(([name]) => [name, deviceOf(outputs, name)]),
		),
	};
}

/** truck-9 before truck-10. */
function byNumber(a: string, b: string): number {
	return a.localeCompare(b, "en", { numeric: true });
}

function deviceOf({ devices, edge, pending }: LeaflineOutput, name: string): InventoryDevice {
	const { group = "", label, clientPort, hubStreams = {}, retired, domain = name } = devices[name] ?? {};
	const { arch, hardware, classes } = edge?.[group] ?? {};
	const reason = pending[name];
	return {
		...(label !== undefined && { label }),
		group,
		...(hardware !== undefined && { hardware }),
		...(arch !== undefined && { arch }),
		domain,
		...(clientPort !== undefined && { clientPort }),
		// Of versions of the outputs that do not tell what is on a device, those that the hub has.
		classes: Object.keys(classes ?? hubStreams).sort(),
		hubStreams,
		...(retired === "drain" && { draining: true }),
		...(reason !== undefined && { pending: reason }),
	};
}
