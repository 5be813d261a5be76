/**
 * The text form of an nkey seed. `nkeys.js` makes seeds of random bytes only, and keeps its encoder to itself.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SEED_PREFIX = 18 << 3;
const TYPE_PREFIX = { O: 14 << 3, A: 0, U: 20 << 3 } as const;

/** @param raw 32 bytes, an ed25519 seed. @example encodeSeed("U", bytes) // "SU…", 58 characters */
export function encodeSeed(type: keyof typeof TYPE_PREFIX, raw: Uint8Array): string {
	if (raw.length !== 32) throw new Error(`a seed has 32 bytes, not ${raw.length}`);
	const prefix = TYPE_PREFIX[type];
	const body = Uint8Array.from([SEED_PREFIX | (prefix >> 5), (prefix & 31) << 3, ...raw]);
	const check = crc16(body);
	return base32(Uint8Array.from([...body, check & 0xff, check >> 8]));
}

function base32(bytes: Uint8Array): string {
	let text = "";
	let buffer = 0;
	let bits = 0;
	for (const byte of bytes) {
		buffer = (buffer << 8) | byte;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			text += ALPHABET[(buffer >> bits) & 31];
		}
		buffer &= (1 << bits) - 1;
	}
	return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
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
