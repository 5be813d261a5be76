import { hkdfSync, randomBytes } from "node:crypto";
import { type Signing, signerGeneration } from "../../topology/signing";
import { createSeed, encodeSeed, type KeyType, publicKey } from "./nkey";

/** Everything secret that an environment's identity is made of. Made once; whoever has it, has the fleet. */
export interface Keys {
	/** Seconds since 1970: the `iat` of all that is signed once and for all, so that the same keys give the same text. */
	readonly createdAt: number;
	/** Seed of the operator, who signs the accounts. */
	readonly operator: string;
	/** Seed of the system account. */
	readonly system: string;
	/** Seed of the account DEVICES. */
	readonly devices: string;
	/** Seed of the account HUB. */
	readonly hub: string;
	/** Seed of the key that signs devices' users, scoped to their role. */
	readonly deviceSigner: string;
	/** 32 bytes in base64; the users of devices, administrators and readers are derived from it. No account: `DeviceSigning`. */
	readonly fleetSecret: string;
}

/** New keys. @param now milliseconds since 1970 */
export function createKeys(now: number = Date.now()): Keys {
	return {
		createdAt: Math.floor(now / 1000),
		operator: createSeed("O"),
		system: createSeed("A"),
		devices: createSeed("A"),
		hub: createSeed("A"),
		deviceSigner: createSeed("A"),
		fleetSecret: randomBytes(32).toString("base64"),
	};
}

/** Seeds of the accounts that change over time, and of the operator, who signs them. */
export interface AccountSeeds {
	readonly operator: string;
	readonly devices: string;
	readonly hub: string;
	readonly admin: string;
	readonly readers: string;
	readonly releases: string;
}

/**
 * ADMIN, READERS and RELEASES came later than the keys of older environments, so they are derived: of the operator's seed, which
 * signs the accounts in any case, and not of the fleet's secret, for whoever makes devices' credentials has that.
 */
export function accountSeeds({ operator, devices, hub }: Keys): AccountSeeds {
	const derived = (name: string) => seedFrom("A", Buffer.from(operator), `leafline account ${name}`);
	return {
		operator,
		devices,
		hub,
		admin: derived("admin"),
		readers: derived("readers"),
		releases: derived("releases"),
	};
}

/**
 * Seed of the account's signing key, scoped to the devices' role. Later ones are derived of the operator's seed, for none of
 * them may follow from what the output `signing` held before.
 * @param generation from 1
 */
export function signerSeed({ deviceSigner, operator }: Keys, generation: number): string {
	if (generation === 1) return deviceSigner;
	return seedFrom("A", Buffer.from(operator), `leafline device signer ${generation}`);
}

/** Public keys of the account's signing keys, oldest first, the one that signs now last. */
export function signers(keys: Keys, signing?: Signing): readonly string[] {
	return Array.from({ length: signerGeneration(signing) }, (_, i) => publicKey(signerSeed(keys, i + 1)));
}

/** What makes the credentials of devices, and of nobody else. */
export interface DeviceSigning {
	readonly deviceSigningSeed: string;
	/** Public key of the account DEVICES. */
	readonly devicesAccount: string;
	/** Public key of the account RELEASES. Absent in outputs of a release without it. */
	readonly releasesAccount?: string;
	readonly fleetSecret: string;
	/** Seconds since 1970. */
	readonly createdAt: number;
	/** By device: which of its name's keys it has. @default 1, the first one */
	readonly generations?: Readonly<Record<string, number>>;
}

/**
 * @param generations of devices whose first key was revoked
 * @param signing of the account's signing key. @default never replaced
 */
export function deviceSigning(
	keys: Keys,
	generations: Readonly<Record<string, number>> = {},
	signing?: Signing,
): DeviceSigning {
	return {
		deviceSigningSeed: signerSeed(keys, signerGeneration(signing)),
		devicesAccount: publicKey(keys.devices),
		releasesAccount: publicKey(accountSeeds(keys).releases),
		fleetSecret: keys.fleetSecret,
		createdAt: keys.createdAt,
		generations,
	};
}

/**
 * The user seed of a device, derived from its name: no device needs state of its own. The same name and generation give
 * the same seed for ever; what was revoked stays so, and the name gets the next generation.
 * @param generation from 1
 */
export function deviceSeed(fleetSecret: string, device: string, generation = 1): string {
	return derivedSeed("U", fleetSecret, `leafline device ${ofGeneration(device, generation)}`);
}

/**
 * The user seed of a device's own program, which may do on its server what other programs there may not. It is known to
 * nobody but that server, and is not the device's: who took the server's port could have it sign for the hub.
 */
export function deviceProgramSeed(fleetSecret: string, device: string): string {
	return derivedSeed("U", fleetSecret, `leafline program ${device}`);
}

/**
 * The seed that signs devices' bundles. Whoever can make a device's credentials can sign its bundle, and nobody else: what
 * goes onto a device is not more than its credentials are.
 */
export function bundleSeed(fleetSecret: string): string {
	return derivedSeed("U", fleetSecret, "leafline bundles");
}

/** The user seed of an administrator or a reader. @param generation from 1 */
export function staffSeed(fleetSecret: string, name: string, generation = 1): string {
	return derivedSeed("U", fleetSecret, `leafline user ${ofGeneration(name, generation)}`);
}

/** No name has a blank. The first generation is the name alone, as it was before there were others. */
function ofGeneration(name: string, generation: number): string {
	return generation === 1 ? name : `${name} ${generation}`;
}

function derivedSeed(type: KeyType, fleetSecret: string, info: string): string {
	const secret = Buffer.from(fleetSecret, "base64");
	if (secret.length !== 32) throw new Error("the fleet secret must be 32 bytes in base64");
	return seedFrom(type, secret, info);
}

function seedFrom(type: KeyType, secret: Buffer, info: string): string {
	return encodeSeed(type, new Uint8Array(hkdfSync("sha256", secret, Buffer.alloc(0), info, 32)));
}

export { publicKey };
