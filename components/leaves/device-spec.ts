import type { DeviceSpec, MemoryStream, StreamSpec, WantedStream } from "../../device/spec";
import { expandEdge } from "../../topology/edge";
import type { EdgeGroup, EdgeStream, Topology } from "../../topology/model";
import { fillerSubject } from "../../topology/names";
import type { PowerCutLoss } from "../../topology/power-cut";
import { hubSyncMs } from "../../topology/trim";

/**
 * What the device program of one device is told about its server's store. Streams in memory are not in it, and have
 * nothing that could be used a second time after a start: `ownStreams` has them.
 * @param files where the server's store, its configuration behind closed doors and the program's key are
 */
export function deviceSpec(
	topology: Topology,
	device: string,
	files: Pick<DeviceSpec, "storeDir" | "gateConf" | "key">,
): DeviceSpec {
	const group = edgeGroupOf(topology, device);
	const planned = topology.budgets.buffer[topology.fleet.devices[device]?.group ?? ""]?.classes ?? {};
	const syncMs = hubSyncMs(topology.settings.hub.sync);
	return { device, ...files, hubSyncMs: syncMs, streams: group ? streamSpecs(group, device, planned) : [] };
}

/**
 * The streams of `device.json`.
 * @param planned by class, what a power cut may take of it
 * @throws Error when the device is not in the group
 */
export function streamSpecs(
	group: EdgeGroup,
	device: string,
	planned: Readonly<Record<string, { readonly powerCut?: PowerCutLoss | undefined }>>,
): StreamSpec[] {
	return expandEdge(group, device)
		.filter(({ stream, class: name }) => group.classes[name]?.direction === "uplink" && stream.storage === "file")
		.map(({ class: name, ...each }) => ({
			name: each.stream.name,
			filler: fillerSubject(device, name),
			trim: isTrimmed(each),
			...(planned[name]?.powerCut && { powerCut: planned[name].powerCut }),
		}));
}

/**
 * The streams that a device's own program makes where there is none, as an update makes them: `files` before the server
 * takes anybody, `memory` behind each of its starts.
 * @param metadata whose they are
 * @throws Error when the device is not in the group
 */
export function ownStreams(
	group: EdgeGroup,
	device: string,
	metadata: Readonly<Record<string, string>>,
): { readonly files: readonly WantedStream[]; readonly memory: readonly MemoryStream[] } {
	const files: WantedStream[] = [];
	const memory: MemoryStream[] = [];
	for (const { stream: plain, consumer } of expandEdge(group, device)) {
		const stream = { ...plain, metadata: { ...plain.metadata, ...metadata } };
		const wanted = { stream, ...(consumer && { consumer }) };
		if (stream.storage === "file") files.push(wanted);
		else memory.push({ ...wanted, trim: isTrimmed(wanted) });
	}
	return { files, memory };
}

export function edgeGroupOf(topology: Topology, device: string): EdgeGroup | undefined {
	return Object.values(topology.edgeGroups).find(({ devices }) => Object.hasOwn(devices, device));
}

/** What the hub has is known by its consumer alone. */
function isTrimmed({ stream, consumer }: Pick<EdgeStream, "stream" | "consumer">): boolean {
	return consumer !== undefined && stream.discard === "new";
}
