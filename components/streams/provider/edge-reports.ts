import { some } from "../../../topology/format";
import type { EdgeStreamsProps } from "./edge-streams";

/** What a user is told of an update of one group's streams. */
export interface Reports {
	readonly warnings: readonly string[];
	readonly infos: readonly string[];
}

/**
 * @param pending devices that are not as asked, and why
 *
 * A device that left the group is no warning: it may be in another one, whose resource manages it from now on, and this
 * one cannot know. That a device left the fleet, and nobody manages it, the hub's streams tell, which lose its source.
 */
export function reports(
	wanted: EdgeStreamsProps,
	old: EdgeStreamsProps | undefined,
	pending: Readonly<Record<string, string>>,
): Reports {
	const warnings = grouped(pending, " pending");
	const classes = Object.keys(old?.classes ?? {}).filter((name) => !wanted.classes[name]);
	if (classes.length > 0 && !wanted.allowDataLoss) {
		warnings.push(`streams of ${classes.join(", ")} are no longer managed and stay on the devices`);
	}
	const left = Object.keys(old?.devices ?? {}).filter((device) => !wanted.devices[device]);
	const infos =
		left.length > 0 ? [`${counted(left.length)} left this group, the streams as they are: ${some(left)}`] : [];
	return { warnings, infos };
}

/** One text for each reason, with the devices of which it holds. @example "2 devices pending: edge1, edge2 (offline)" */
export function grouped(reasons: Readonly<Record<string, string>>, what = ""): string[] {
	const byReason = new Map<string, string[]>();
	for (const [device, reason] of Object.entries(reasons)) {
		byReason.set(reason, [...(byReason.get(reason) ?? []), device]);
	}
	return [...byReason].map(([reason, devices]) => `${counted(devices.length)}${what}: ${some(devices)} (${reason})`);
}

/** @example "1 device", "12 devices" */
export function counted(devices: number): string {
	return devices === 1 ? "1 device" : `${devices} devices`;
}

const SHOWN = 5;

/** A line for each of the first five devices by name, and how many more there are. @example "edge1: offline\nedge2: …" */
export function listed(reasons: Readonly<Record<string, string>>): string {
	const inOrder = Object.entries(reasons).sort(([a], [b]) => (a < b ? -1 : 1));
	const lines = inOrder.map(([device, reason]) => `${device}: ${reason}`);
	const more = lines.length > SHOWN ? [`and ${lines.length - SHOWN} more`] : [];
	return [...lines.slice(0, SHOWN), ...more].join("\n");
}
