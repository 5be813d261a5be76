import {
	createPrivateKey,
	createPublicKey,
	type KeyObject,
	randomBytes,
	sign as signBytes,
	verify as verifyBytes,
} from "node:crypto";

/*
 * nkeys: ed25519 keys in the text form that NATS uses. `nkeys.js` does the same in plain JavaScript, some 40 ms for
 * each credential; with Node's own ed25519 it is less than one, which counts for 500 devices.
 */

/** Operator, account, user. */
export type KeyType = "O" | "A" | "U";

const TYPE: Readonly<Record<KeyType, number>> = { O: 14 << 3, A: 0, U: 20 << 3 };
const SEED = 18 << 3;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** What stands before the 32 bytes of an ed25519 key in PKCS #8. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
/** And of a public one, in its SubjectPublicKeyInfo. */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** A new seed, for example `SU…` for a user. */
export function createSeed(type: KeyType): string {
	return encodeSeed(type, randomBytes(32));
}

/** @param raw 32 bytes. @returns 58 characters */
export function encodeSeed(type: KeyType, raw: Uint8Array): string {
	if (raw.length !== 32) throw new Error(`a seed has 32 bytes, not ${raw.length}`);
	const prefix = TYPE[type];
	return withChecksum(Buffer.from([SEED | (prefix >> 5), (prefix & 31) << 3, ...raw]));
}

/** The public key of a seed, for example `U…`. @throws on anything but a seed */
export function publicKey(seed: string): string {
	const known = decodeSeed(seed);
	known.publicKey ??= withChecksum(Buffer.from([known.prefix, ...rawPublicKey(known.key)]));
	return known.publicKey;
}

/** ed25519 signature, 64 bytes. @throws on anything but a seed */
export function sign(seed: string, data: Uint8Array): Buffer {
	return signBytes(null, data, decodeSeed(seed).key);
}

/** Whether a signature of `sign()` is by the holder of this public key. @throws on anything but a public key */
export function verify(key: string, data: Uint8Array, signature: Uint8Array): boolean {
	const bytes = fromBase32(key);
	const body = bytes.subarray(0, -2);
	if (bytes.length !== 35 || withChecksum(body) !== key) throw new Error(`${JSON.stringify(key)} is no public nkey`);
	const der = Buffer.concat([SPKI, body.subarray(1)]);
	return verifyBytes(null, data, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
}

interface Decoded {
	readonly prefix: number;
	readonly key: KeyObject;
	publicKey?: string;
}

/** The newest few: who signs for thousands of devices does it with the same keys, and making one costs more than to sign. */
const decoded = new Map<string, Decoded>();
const MOST_DECODED = 8;

function decodeSeed(seed: string): Decoded {
	const known = decoded.get(seed) ?? decode(seed);
	decoded.delete(seed);
	decoded.set(seed, known);
	const [oldest = ""] = decoded.keys();
	if (decoded.size > MOST_DECODED) decoded.delete(oldest);
	return known;
}

function decode(seed: string): Decoded {
	const bytes = fromBase32(seed.trim());
	const [first = 0, second = 0] = bytes;
	const body = bytes.subarray(0, -2);
	const isSeed = bytes.length === 36 && (first & 0xf8) === SEED && withChecksum(body) === seed.trim();
	// Never the text itself: it may be most of a secret.
	if (!isSeed) throw new Error("not an nkey seed: it must be 58 characters that begin with S");
	return { prefix: ((first & 7) << 5) | (second >> 3), key: privateKey(body.subarray(2)) };
}

/** @param raw 32 bytes */
function privateKey(raw: Uint8Array): KeyObject {
	return takesBareJwk() ? fromBareJwk(raw) : fromPkcs8(raw);
}

function fromPkcs8(raw: Uint8Array): KeyObject {
	return createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: "der", type: "pkcs8" });
}

/**
 * A JWK says the public key as well, which Node does not look at and makes anew (20 to 24). OpenSSL takes 300 µs to read
 * PKCS #8 and 10 to take the bare key, which is a third of the time that thousands of bundles take.
 */
function fromBareJwk(raw: Uint8Array): KeyObject {
	const d = Buffer.from(raw).toString("base64url");
	return createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", d, x: NO_PUBLIC_KEY }, format: "jwk" });
}

const NO_PUBLIC_KEY = Buffer.alloc(32).toString("base64url");

let bareJwk: boolean | undefined;

/** Whether this Node does so: asked once, with a key whose public one is known by the slow way. */
function takesBareJwk(): boolean {
	if (bareJwk !== undefined) return bareJwk;
	const raw = Buffer.alloc(32, 1);
	try {
		bareJwk = rawPublicKey(fromBareJwk(raw)).equals(
			// The last 32 bytes of the key's SubjectPublicKeyInfo.
			createPublicKey(fromPkcs8(raw)).export({ format: "der", type: "spki" }).subarray(-32),
		);
	} catch {
		bareJwk = false;
	}
	return bareJwk;
}

function rawPublicKey(key: KeyObject): Buffer {
	return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

function withChecksum(body: Uint8Array): string {
	const check = crc16(body);
	return toBase32(Buffer.from([...body, check & 0xff, check >> 8]));
}

function toBase32(bytes: Uint8Array): string {
	let text = "";
	let buffer = 0;
	let bits = 0;
	for (const byte of bytes) {
		buffer = (buffer << 8) | byte;
		bits += 8;
		for (; bits >= 5; bits -= 5) text += ALPHABET[(buffer >> (bits - 5)) & 31];
		buffer &= (1 << bits) - 1;
	}
	return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Buffer {
	const bytes: number[] = [];
	let buffer = 0;
	let bits = 0;
	for (const character of text) {
		const value = ALPHABET.indexOf(character);
		if (value < 0) return Buffer.alloc(0);
		buffer = (buffer << 5) | value;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			bytes.push((buffer >> bits) & 0xff);
			buffer &= (1 << bits) - 1;
		}
	}
	return Buffer.from(bytes);
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
	let crc = 0;
	for (const byte of bytes) {
		crc ^= byte << 8;
		for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
	}
	return crc;
}
