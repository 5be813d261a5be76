import type { ConnectionType, User } from "@nats-io/jwt";
import { adminRole, type Role, readerRole, systemRole } from "../../topology/permissions";
import { encodeUser } from "./jwt";
import { accountSeeds, type DeviceSigning, deviceSeed, type Keys, staffSeed } from "./keys";
import { publicKey } from "./nkey";

/**
 * The credentials file (`.creds`) of a device. Its permissions are not in it: the account's template holds them.
 * A device that made its key itself gets a file without the seed, which it must append.
 * @param ownKey public key (`U…`) of a device that made its key itself
 * @param tags marks of the authorities that its bundle holds (`authorityTags()`). @default none
 */
export function deviceCreds(
	signing: DeviceSigning,
	device: string,
	ownKey?: string,
	tags: readonly string[] = [],
): string {
	const seed = ownKey === undefined ? seedOf(signing, device) : undefined;
	return formatCreds(deviceToken(signing, device, ownKey, tags), seed);
}

function deviceToken(
	signing: DeviceSigning,
	device: string,
	ownKey: string | undefined,
	tags: readonly string[] = [],
): string {
	const subject = devicePublicKey(signing, device, ownKey);
	const signature = { seed: signing.deviceSigningSeed, issuedAt: signing.createdAt };
	const claims = { issuer_account: signing.devicesAccount, ...(tags.length > 0 && { tags: [...tags] }) };
	return encodeUser({ name: device, subject, claims }, signature);
}

/**
 * The token by which a device asks for releases, with the key that it has anyway. Not secret: nobody else can show it.
 * @param ownKey as in `deviceCreds()`
 * @returns undefined where the outputs are older than the account
 */
export function releasesToken(signing: DeviceSigning, device: string, ownKey?: string): string | undefined {
	if (signing.releasesAccount === undefined) return undefined;
	return deviceToken({ ...signing, devicesAccount: signing.releasesAccount }, device, ownKey);
}

/** Public key of a device's user, as revocations name it. */
export function devicePublicKey(signing: DeviceSigning, device: string, ownKey?: string): string {
	return ownKey ?? publicKey(seedOf(signing, device));
}

function seedOf({ fleetSecret, generations = {} }: DeviceSigning, device: string): string {
	return deviceSeed(fleetSecret, device, Object.hasOwn(generations, device) ? generations[device] : 1);
}

/** Credentials file of the administrator. `direct`: usable on the hub's client port as well. */
export function adminCreds(keys: Keys, options: { readonly direct: boolean }): string {
	return staffCreds(keys, "admin", accountSeeds(keys).admin, adminRole(options));
}

/** Public key of an administrator's user, as it was when it was one of the account of the streams. */
export function formerAdminKey(keys: Pick<Keys, "fleetSecret">): string {
	return publicKey(staffSeed(keys.fleetSecret, "admin"));
}

/** Credentials file of the user that pushes accounts. `direct`: usable on the hub's client port as well. */
export function systemCreds(keys: Keys, options: { readonly direct: boolean }): string {
	return staffCreds(keys, "system", keys.system, systemRole(options));
}

/**
 * Credentials file of a reader: the durable consumer of that name on those streams of the hub, nothing else.
 * @param generation which of its name's keys it has, from 1
 */
export function readerCreds(keys: Keys, consumer: string, streams: readonly string[], generation = 1): string {
	return staffCreds(keys, readerUser(consumer), accountSeeds(keys).readers, readerRole(consumer, streams), generation);
}

/** Public key of a reader's user, as revocations name it. */
export function readerPublicKey(keys: Pick<Keys, "fleetSecret">, consumer: string, generation: number): string {
	return publicKey(staffSeed(keys.fleetSecret, readerUser(consumer), generation));
}

const readerUser = (consumer: string) => `reader ${consumer}`;

function staffCreds(keys: Keys, name: string, accountSeed: string, role: Role, generation = 1): string {
	const seed = staffSeed(keys.fleetSecret, name, generation);
	const token = encodeUser(
		{ name, subject: publicKey(seed), claims: roleClaims(role) },
		{ seed: accountSeed, issuedAt: keys.createdAt },
	);
	return formatCreds(token, seed);
}

/** A role as a user's JWT, or the template of a scoped signing key, states it. */
export function roleClaims(role: Role): Partial<User> {
	return {
		pub: { allow: [...role.publish] },
		sub: { allow: [...role.subscribe] },
		subs: -1,
		data: -1,
		payload: -1,
		allowed_connection_types: [...role.connections] as ConnectionType[],
	};
}

function formatCreds(token: string, seed: string | undefined): string {
	const jwt = `-----BEGIN NATS USER JWT-----\n${token}\n------END NATS USER JWT------\n`;
	if (seed === undefined) return jwt;
	return `${jwt}\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
}
