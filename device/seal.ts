import * as path from "node:path";
import { fingerprint, syncFileSystem } from "./disk";
import { readReservations } from "./reservations";
import type { DeviceSpec } from "./spec";
import { beginLife } from "./this-boot";

/**
 * To be run when the server has ended: puts on disk what it left, and writes down what that looks like, so that the next
 * start need not move anything. What the gate did not let through stays unsealed.
 * @throws DeviceError
 */
export function seal(dir: string, spec: DeviceSpec): void {
	const storeDir = path.resolve(dir, spec.storeDir);
	const known = readReservations(storeDir, spec.device);
	if (!known || known.unproved) return;
	syncFileSystem(storeDir);
	const prints = spec.streams.flatMap(({ name }): [string, string][] => {
		const print = fingerprint(storeDir, name);
		return print === undefined ? [] : [[name, print]];
	});
	beginLife(storeDir, { ...known, sealed: Object.fromEntries(prints) }, "seal");
}
