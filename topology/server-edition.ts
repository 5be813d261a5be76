import type { ServerEdition } from "../config/model";

/**
 * Which nats-server says that it has this version: leafline's ends in `+leafline.<number of its change>`, as in
 * `2.15.2+leafline.4` (toolchain/server-change.js).
 */
export function editionOf(version: string): ServerEdition {
	return /\+leafline\.\d+$/.test(version) ? "leafline" : "official";
}

/** Number of the change of leafline's server since which it knows `floor` in `reserved.json` of a device. */
const KNOWS_FLOORS = 3;

/** Whether such a server moves a stream on that stands before its floor (`floorAfter()`), however far that is. */
export function movesToFloors(version: string): boolean {
	const [, change] = /\+leafline\.(\d+)$/.exec(version.trim()) ?? [];
	return change !== undefined && Number(change) >= KNOWS_FLOORS;
}
