import type { Topology } from "../../topology/model";

/** What a picture of the topology needs: names only. */
export interface Snapshot {
	/** Groups of devices by name. */
	readonly groups: Readonly<Record<string, { readonly devices: readonly string[] }>>;
	/** Streams of the hub by name. */
	readonly hub: Readonly<Record<string, HubPart>>;
}

export interface HubPart {
	/** The class, or the name itself for a stream that is not one of leafline's. */
	readonly class: string;
	/** Devices that feed it; `domain/stream` for others. */
	readonly sources: readonly string[];
	/** Devices that are fed by it. */
	readonly feeds: readonly string[];
	/** Readers by name. */
	readonly readers: readonly string[];
}

/** A planned topology. */
export function snapshotOf({ edgeGroups, hubStreams }: Topology): Snapshot {
	const groups: Record<string, { devices: string[] }> = {};
	for (const { group, devices } of Object.values(edgeGroups)) {
		groups[group] = { devices: [...(groups[group]?.devices ?? []), ...Object.keys(devices)] };
	}
	const hub = Object.entries(hubStreams).map(([name, stream]): [string, HubPart] => {
		const uplink = stream.direction === "uplink";
		return [
			name,
			{
				class: stream.class,
				sources: uplink ? stream.devices : [],
				feeds: uplink ? [] : stream.devices,
				readers: uplink ? Object.keys(stream.consumers) : [],
			},
		];
	});
	return { groups, hub: Object.fromEntries(hub) };
}

/** `hub_can` and `hub_can_02` are of class `can`. */
export function classOf(hubStream: string): string {
	return /^hub_([a-z][a-z0-9]*)(?:_\d+)?$/.exec(hubStream)?.[1] ?? hubStream;
}
