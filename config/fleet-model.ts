import { expandDevices } from "./devices";
import type { FleetInput } from "./fleet-schema";
import { FleetFile } from "./fleet-schema";
import type { Device, DeviceGroup, DownlinkClass, Fleet, Hardware, HubConsumer, Link, UplinkClass } from "./model";

/** The hardware of a fleet file that names none: all defaults. */
const DEFAULT_HARDWARE = "default";

/**
 * Shorter wears a disk for little: at 2,000 messages a second 10 ms write five times as much. Longer saves a fifth of that
 * and risks four times the messages (docs/benchmarks.md, "Wear").
 */
const DEFAULT_SYNC_MS = 250;

/** Turns a fleet file without mistakes into the fleet that everything else computes with. */
export function fleetOf(file: FleetInput): Fleet {
	const kinds = Object.keys(file.hardware).length > 0 ? file.hardware : { [DEFAULT_HARDWARE]: defaultHardware() };
	const [firstKind = DEFAULT_HARDWARE] = Object.keys(kinds);
	const groups: Record<string, DeviceGroup> = {};
	const devices: Record<string, Device> = {};
	for (const [name, group] of Object.entries(file.groups)) {
		const names = expandDevices(group.devices).items.flatMap((item) => item.names);
		const { hardware = firstKind, mqtt } = group;
		groups[name] = { hardware, link: linkOf(file.link, group.link), devices: names, ...(mqtt && { mqtt }) };
		for (const device of names) {
			const { rotation: own = 0, ...others } = file.devices[device] ?? {};
			const rotation = (file.rotation ?? 0) + own;
			devices[device] = { name: device, group: name, ...others, ...(rotation > 0 && { rotation }) };
		}
	}
	return {
		name: file.fleet,
		hardware: mapValues(kinds, (kind) => hardwareOf(kind, syncOf(file))),
		classes: mapValues(file.classes, uplinkOf),
		downlink: mapValues(file.downlink, downlinkOf),
		consumers: mapValues(file.consumers, consumerOf),
		groups,
		devices,
		...(file.signingKey && { signingKey: file.signingKey }),
		...(file.authority && { authority: file.authority }),
	};
}

/** Of hardware that does not state it. A server has one setting for all its classes. */
function syncOf({ classes }: FleetInput): Hardware["sync"] {
	return Object.values(classes).some(({ sync }) => sync === "always") ? "always" : DEFAULT_SYNC_MS;
}

function hardwareOf(kind: FleetInput["hardware"][string], usual: Hardware["sync"]): Hardware {
	const { arch, buffer, disk, programs = 0, sync = usual, syncs, endurance, storeDir, memory, clientPort } = kind;
	const known = {
		...(disk === undefined ? {} : { diskBytes: disk }),
		...(endurance === undefined ? {} : { enduranceBytes: endurance }),
	};
	return {
		arch,
		bufferBytes: buffer,
		...known,
		programsBytes: programs,
		sync,
		syncsPerSecond: syncs,
		storeDir,
		memoryBytes: memory,
		clientPort,
	};
}

function defaultHardware(): FleetInput["hardware"][string] {
	const { hardware } = FleetFile.shape;
	const { only } = hardware.parse({ only: {} });
	if (!only) throw new Error("the schema has no default hardware");
	return only;
}

/** A group whose `up` differs does not keep a `down` that nobody wrote. */
function linkOf(fleet: FleetInput["link"], group: FleetInput["groups"][string]["link"]): Link {
	const link = { ...fleet, ...group };
	return {
		upBitsPerSecond: link.up,
		downBitsPerSecond: link.down ?? link.up,
		rttMs: link.rtt,
		outageMs: link.outage,
		compression: link.compression,
	};
}

function uplinkOf(value: FleetInput["classes"][string]): UplinkClass {
	const { rate, size, accepts, priority, whenFull, storage, sync, maxAge, delay, shards, hub } = value;
	return {
		rate,
		sizeBytes: size,
		accepts,
		priority,
		whenFull,
		storage,
		...(sync === undefined ? {} : { sync }),
		...(maxAge === undefined ? {} : { maxAgeMs: maxAge }),
		delayMs: delay,
		...(shards === undefined ? {} : { shards }),
		hub: { keepMs: hub.keep, ...(hub.replicas === undefined ? {} : { replicas: hub.replicas }) },
	};
}

function downlinkOf(value: FleetInput["downlink"][string]): DownlinkClass {
	const { keep, size, rate, replicas } = value;
	return { keepMs: keep, sizeBytes: size, rate, ...(replicas === undefined ? {} : { replicas }) };
}

function consumerOf(value: FleetInput["consumers"][string]): HubConsumer {
	const { ackWait, ...rest } = value;
	return { ...rest, ackWaitMs: ackWait };
}

function mapValues<A, B>(map: Readonly<Record<string, A>>, convert: (value: A) => B): Record<string, B> {
	return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, convert(value)]));
}
