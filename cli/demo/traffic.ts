import type { LeaflineOutput } from "../../contract/outputs";
import { UserError } from "../errors";
import type { Arrival } from "./verdict";

/** What the demo sends: which class, on what subject, and payloads that name their run, device and number. Pure. */

export interface Traffic {
	readonly class: string;
	/** Subject for a device's program; the device's own name is in it only where the class accepts nothing else. */
	readonly subject: (device: string) => string;
	readonly sizeBytes: number;
}

/** The class with the most traffic among those that take what programs publish anyway. Throws if there is none. */
export function chooseTraffic({ classes }: LeaflineOutput): Traffic {
	const uplinks = Object.entries(classes).filter(([, { direction }]) => direction === "uplink");
	const byRate = uplinks.sort(([, a], [, b]) => b.rate - a.rate);
	const [name, chosen] = byRate.find(([, { accepts }]) => accepts.length > 0) ?? byRate[0] ?? [];
	if (name === undefined || !chosen) throw new UserError("the fleet has no class from the devices to the hub");
	const pattern = chosen.accepts[0];
	return {
		class: name,
		subject: (device) => (pattern === undefined ? `${device}.${name}.sensor` : concrete(pattern)),
		sizeBytes: chosen.sizeBytes,
	};
}

/** A subject that a pattern takes: `vehicle.>` -> `vehicle.sensor`. */
function concrete(pattern: string): string {
	return pattern
		.split(".")
		.map((token) => (token === "*" || token === ">" ? "sensor" : token))
		.join(".");
}

/** `run device counter`, padded to the class's size. */
export function encodePayload(run: string, device: string, counter: number, sizeBytes: number): Uint8Array {
	return Buffer.from(`${run} ${device} ${counter} `.padEnd(sizeBytes, "."));
}

/** What was published by a message of this run; undefined for any other message. */
export function decodePayload(run: string, data: Uint8Array): Pick<Arrival, "device" | "counter"> | undefined {
	const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
	if (!text.startsWith(`${run} `)) return undefined;
	const [, device, counter] = text.split(" ", 3);
	return device === undefined || counter === undefined ? undefined : { device, counter: Number(counter) };
}
