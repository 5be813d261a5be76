import type { InventoryOutput } from "../../contract/inventory";

/** Where a device's exporter listens, if nothing else is said: 7777 is the port of prometheus-nats-exporter. */
export const DEFAULT_TARGET = "{device}:7777";

interface TargetGroup {
	readonly targets: readonly string[];
	readonly labels: Readonly<Record<string, string>>;
}

/**
 * A list for Prometheus' `file_sd_configs`: a target a device, with what leafline knows of it as labels.
 * @param target with `{device}` for the device's name
 */
export function fileSd({ environment, fleet, devices }: InventoryOutput, target: string): TargetGroup[] {
	return Object.entries(devices).map(([name, { group, hardware, arch, label }]) => ({
		targets: [target.replaceAll("{device}", name)],
		labels: {
			device: name,
			environment,
			fleet,
			group,
			...(hardware !== undefined && { hardware }),
			...(arch !== undefined && { arch }),
			...(label !== undefined && { label }),
		},
	}));
}
