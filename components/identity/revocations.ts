import type { Account } from "@nats-io/jwt";
import type { KeyRef, Roll } from "../../topology/roll";
import type { Roster } from "../../topology/roster";
import type { AccountClaims } from "./accounts";
import { readerPublicKey } from "./credentials";
import { accountOf } from "./jwt";
import { deviceSeed, type Keys, publicKey } from "./keys";

/** Users by public key, and until when what was issued to them is void, in seconds since 1970. */
export type Revocations = Readonly<Record<string, number>>;

/**
 * Revocations hold for credentials that were issued up to then. Credentials of a device are issued once and never
 * again, so any later time does: the year 2100.
 */
const FOR_EVER = 4_102_444_800;

/** Public keys that are revoked, by the account that must say so. */
export type RevokedUsers = Readonly<Record<keyof AccountClaims, readonly string[]>>;

/** Everybody's who was revoked, sorted. */
export function revokedUsers(keys: Pick<Keys, "fleetSecret">, roster: Roster): RevokedUsers {
	const all = (roll: Roll, key: (name: string, ref: KeyRef) => string) =>
		Object.entries(roll.revoked)
			.flatMap(([name, refs]) => refs.map((ref) => key(name, ref)))
			.sort();
	const readers = all(roster.readers, (name, ref) => readerPublicKey(keys, name, Number(ref)));
	const devices = all(roster.devices, (name, ref) => deviceKey(keys, name, ref));
	// Readers with credentials from before READERS was are in the account of the streams.
	return { devices, releases: devices, hub: readers, readers, admin: [] };
}

/** Those of the devices that the fleet file calls lost, sorted: they are thrown out before anything else is done. */
export function lostDevices(
	keys: Pick<Keys, "fleetSecret">,
	{ devices }: Roster,
	lost: readonly string[],
): readonly string[] {
	const refs = (name: string) => (Object.hasOwn(devices.revoked, name) ? (devices.revoked[name] ?? []) : []);
	return lost.flatMap((name) => refs(name).map((ref) => deviceKey(keys, name, ref))).sort();
}

/** Of devices that were rotated, or that left and came back, their public keys, oldest first and the one in use last. */
export function rotatedKeys(
	keys: Pick<Keys, "fleetSecret">,
	{ keys: current, former = {}, left = {} }: Roll,
): Record<string, string[]> {
	const refs = ([device, ref]: [string, KeyRef]) => [...refsOf(left, device), ...refsOf(former, device), ref];
	const all = Object.entries(current).flatMap((entry): [string, string[]][] => {
		const [device] = entry;
		const had = refs(entry);
		return had.length > 1 ? [[device, had.map((ref) => deviceKey(keys, device, ref))]] : [];
	});
	return Object.fromEntries(all);
}

/** Public keys of devices that left the fleet, by device: of a device that the hub did not let go they are valid. */
export function leftKeys(keys: Pick<Keys, "fleetSecret">, { left = {} }: Roll): Record<string, string[]> {
	const all = Object.entries(left).map(([device, refs]): [string, string[]] => {
		return [device, refs.map((ref) => deviceKey(keys, device, ref))];
	});
	return Object.fromEntries(all);
}

function refsOf(all: Readonly<Record<string, readonly KeyRef[]>>, device: string): readonly KeyRef[] {
	return Object.hasOwn(all, device) ? (all[device] ?? []) : [];
}

/** Devices in service whose key is among those, sorted. */
export function devicesWithKeys(
	keys: Pick<Keys, "fleetSecret">,
	{ devices }: Roster,
	among: readonly string[],
): readonly string[] {
	if (among.length === 0) return [];
	const set = new Set(among);
	return Object.keys(devices.keys).filter((name) => set.has(deviceKey(keys, name, devices.keys[name] ?? 1)));
}

/** As an account states them. */
export function forEver(users: readonly string[]): Revocations {
	return Object.fromEntries([...users].sort().map((user) => [user, FOR_EVER]));
}

/** What an account's JWT revokes. Does not verify it. */
export function revocationsOf(jwt: string): Revocations {
	return accountOf(jwt).claims.revocations ?? {};
}

/** Of several, each user's latest, sorted: nothing that was revoked is taken back. */
export function allOf(parts: readonly Revocations[]): Revocations {
	const all = new Map<string, number>();
	for (const [user, until] of parts.flatMap((part) => Object.entries(part))) {
		all.set(user, Math.max(until, all.get(user) ?? 0));
	}
	return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The claims of an account with revocations besides its own. */
export function withRevocations(claims: Partial<Account>, more: readonly Revocations[]): Partial<Account> {
	const { revocations = {}, ...others } = claims;
	const all = allOf([revocations, ...more]);
	return Object.keys(all).length > 0 ? { ...others, revocations: all } : others;
}

function deviceKey({ fleetSecret }: Pick<Keys, "fleetSecret">, device: string, ref: KeyRef): string {
	return typeof ref === "string" ? ref : publicKey(deviceSeed(fleetSecret, device, ref));
}
