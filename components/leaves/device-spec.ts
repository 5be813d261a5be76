import type { DeviceSpec, StreamSpec } from "../../device/spec";
import { expandEdge } from "../../topology/edge";
import type { Topology } from "../../topology/model";
import { fillerSubject } from "../../topology/names";

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
	return { device, ...files, streams: streams(topology, device) };
}

function streams(topology: Topology, device: string): StreamSpec[] {
	const group = Object.values(topology.edgeGroups).find(({ devices }) => Object.hasOwn(devices, device));
	if (!group) return [];
	const planned = topology.budgets.buffer[topology.fleet.devices[device]?.group ?? ""]?.classes ?? {};
	return expandEdge(group, device)
		.filter(({ stream, class: name }) => group.classes[name]?.direction === "uplink" && stream.storage === "file")
		.map(({ stream, class: name, consumer }) => ({
			name: stream.name,
			filler: fillerSubject(device, name),
			trim: consumer !== undefined && stream.discard === "new",
			...(planned[name] && { powerCut: planned[name].powerCut }),
		}));
}
