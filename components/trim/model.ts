import { expandEdge } from "../../topology/edge";
import type { Topology } from "../../topology/model";

/** Spec of the process `trimmer`, by device. */
export interface TrimSpec {
	readonly devices: Readonly<Record<string, TrimSpecDevice>>;
}

export interface TrimSpecDevice {
	/** Client URL on loopback. */
	readonly url: string;
	readonly streams: readonly string[];
}

/** Streams of a device that refuse when they are full; the others make room by themselves. */
export function trimmedStreams(topology: Topology, device: string): string[] {
	const group = Object.values(topology.edgeGroups).find(({ devices }) => Object.hasOwn(devices, device));
	if (!group) return [];
	return expandEdge(group, device).flatMap(({ stream, consumer }) =>
		consumer && stream.discard === "new" ? [stream.name] : [],
	);
}
