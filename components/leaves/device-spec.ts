import type { DeviceSpec, StreamSpec } from "../../device/spec";
import { expandEdge } from "../../topology/edge";
import type { EdgeGroup, Topology } from "../../topology/model";
import { fillerSubject } from "../../topology/names";
import type { PowerCutLoss } from "../../topology/power-cut";
import { hubSyncMs } from "../../topology/trim";

/**
 * What the device program of one device is told. Streams in memory are not among them: the server makes them anew at
 * every start, and the hub sees that.
 * @param files where the server's store, its configuration behind closed doors and the program's key are
 */
export function deviceSpec(
	topology: Topology,
	device: string,
	files: Pick<DeviceSpec, "storeDir" | "gateConf" | "key">,
): DeviceSpec {
	const group = Object.values(topology.edgeGroups).find(({ devices }) => Object.hasOwn(devices, device));
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
		.map(({ stream, class: name, consumer }) => ({
			name: stream.name,
			filler: fillerSubject(device, name),
			trim: consumer !== undefined && stream.discard === "new",
			...(planned[name]?.powerCut && { powerCut: planned[name].powerCut }),
		}));
}
