import type { LeaflineOutput } from "../../contract/outputs";
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
	const streams = Object.entries(hubStreams).map(([name, stream]): [string, HubStreamNames] => {
		return [name, { ...stream, consumers: Object.keys(stream.consumers) }];
	});
	return { groups, hub: hubParts(Object.fromEntries(streams)) };
}

/** A stack that is up, as its outputs tell. A device that is lost is in none of its streams any more. */
export function snapshotOfOutputs({ groups, devices, streams }: LeaflineOutput): Snapshot {
	const there = Object.entries(groups).map(([name, all]) => {
		return [name, { devices: all.filter((device) => devices[device]?.retired !== "lost") }] as const;
	});
	return { groups: Object.fromEntries(there), hub: hubParts(streams) };
}

interface HubStreamNames {
	readonly class: string;
	readonly direction: "uplink" | "downlink";
	readonly devices: readonly string[];
	readonly consumers: readonly string[];
}

/** The consumers of a downlink's stream are its devices'. */
function hubParts(streams: Readonly<Record<string, HubStreamNames>>): Record<string, HubPart> {
	const parts = Object.entries(streams).map(([name, { class: kind, direction, devices, consumers }]) => {
		const uplink = direction === "uplink";
		const part = { sources: uplink ? devices : [], feeds: uplink ? [] : devices, readers: uplink ? consumers : [] };
		return [name, { class: kind, ...part }] as const;
	});
	return Object.fromEntries(parts);
}

/** `hub_can` and `hub_can_02` are of class `can`. */
export function classOf(hubStream: string): string {
	return /^hub_([a-z][a-z0-9]*)(?:_\d+)?$/.exec(hubStream)?.[1] ?? hubStream;
}
