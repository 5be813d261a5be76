import {
	createCipheriv,
	createDecipheriv,
	createPrivateKey,
	createPublicKey,
	diffieHellman,
	generateKeyPairSync,
	hkdfSync,
	type KeyObject,
	randomBytes,
} from "node:crypto";

/** A secret for one device, which whoever carries it cannot read: X25519, HKDF-SHA-256, AES-256-GCM. */
export interface Sealed {
	/** Public key of who sealed it, made for this once; base64 of 32 bytes. */
	readonly box: string;
	/** Base64 of nonce (12 bytes), what is sealed, and its tag (16 bytes). */
	readonly text: string;
}

const INFO = "leafline enrol";
const SPKI = Buffer.from("302a300506032b656e032100", "hex");
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");

/** A new pair, both base64 of 32 bytes. */
export function createBox(): { readonly box: string; readonly opener: string } {
	const { publicKey, privateKey } = generateKeyPairSync("x25519");
	const raw = (key: KeyObject, type: "spki" | "pkcs8") =>
		key.export({ format: "der", type } as never) as unknown as Buffer;
	return {
		box: raw(publicKey, "spki").subarray(-32).toString("base64"),
		opener: raw(privateKey, "pkcs8").subarray(-32).toString("base64"),
	};
}

/** @param box of the device */
export function seal(secret: string, box: string): Sealed {
	const own = createBox();
	const nonce = randomBytes(12);
	const cipher = createCipheriv("aes-256-gcm", keyOf(own.opener, box, own.box, box), nonce);
	const text = Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
	return { box: own.box, text: text.toString("base64") };
}

/** @param opener of the device, with the `box` that belongs to it. @throws Error where it was sealed for another one, or changed */
export function open({ box: from, text }: Sealed, own: { readonly box: string; readonly opener: string }): string {
	try {
		const bytes = Buffer.from(text, "base64");
		const decipher = createDecipheriv("aes-256-gcm", keyOf(own.opener, from, from, own.box), bytes.subarray(0, 12));
		decipher.setAuthTag(bytes.subarray(-16));
		return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("utf8");
	} catch {
		throw new Error("what is sealed in the answer is for another key than this device has, or was changed");
	}
}

function keyOf(opener: string, other: string, from: string, to: string): Buffer {
	const privateKey = createPrivateKey({
		key: Buffer.concat([PKCS8, Buffer.from(opener, "base64")]),
		format: "der",
		type: "pkcs8",
	});
	const publicKey = createPublicKey({
		key: Buffer.concat([SPKI, Buffer.from(other, "base64")]),
		format: "der",
		type: "spki",
	});
	const shared = diffieHellman({ privateKey, publicKey });
	return Buffer.from(hkdfSync("sha256", shared, Buffer.alloc(0), `${INFO} ${from} ${to}`, 32));
}
