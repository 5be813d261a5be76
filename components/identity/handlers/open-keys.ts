import { control } from "../../../control/control";
import { overlapOf } from "../../../topology/overlap";
import { requireConnection } from "../../streams/provider/read-connection";
import { usedKeys } from "../logins";
import { revocationsOf } from "../revocations";
import type { RevocationsInputs } from "./revocations";

/** Keys that are to be revoked one day, and whose day has not come. */

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Which keys of before a rotation may go: those of devices that were seen with a later one. A device that was away all the
 * time comes back with what it has, however long that takes.
 */
export async function rotation(
	{ connection, rotated = {}, devicesAccount = "" }: RevocationsInputs,
	held: Readonly<Record<string, readonly string[]>>,
): Promise<{ readonly replaced: readonly string[]; readonly waiting: readonly string[] }> {
	const revoked = revokedAt(held[devicesAccount]);
	const open = Object.entries(rotated).filter(([, keys]) => !overlapOf(keys, NOBODY, revoked).done);
	if (open.length === 0) return { replaced: [], waiting: [] };
	const { hub, ready } = await control(requireConnection(connection));
	await ready();
	const used = await usedKeys(hub, devicesAccount);
	const overlaps = open.map(([device, keys]) => ({ device, ...overlapOf(keys, used, revoked) }));
	const waiting = overlaps.filter(({ over }) => !over).map(({ device }) => device);
	return { replaced: overlaps.flatMap(({ replaced }) => replaced), waiting: waiting.sort() };
}

/**
 * Keys of devices that left, which the hub does not revoke and must not yet: it did not let go of the device, or did not
 * when that left, and now it is back in the fleet and has not used its new key.
 */
export function keptKeys(
	{ left = {}, held: back = {}, rotated = {}, devicesAccount = "" }: RevocationsInputs,
	held: Readonly<Record<string, readonly string[]>>,
	replaced: readonly string[],
): ReadonlySet<string> {
	const gone = new Set([...replaced, ...revokedAt(held[devicesAccount])]);
	const stay = Object.entries(left).filter(([device]) => Object.hasOwn(back, device) || Object.hasOwn(rotated, device));
	return new Set(stay.flatMap(([, keys]) => keys.filter((key) => !gone.has(key))));
}

/** Users whom a server of the hub revokes. */
function revokedAt(jwts: readonly string[] = []): Set<string> {
	return new Set(jwts.flatMap((jwt) => Object.keys(revocationsOf(jwt))));
}
