import * as fs from "node:fs";
import { type Authenticator, type ConnectionOptions, connect, type NatsConnection } from "nats";
import { publicKey, sign } from "../components/identity/nkey";

/** What `keep` calls itself at its server. */
export const KEEP_NAME = "leafline-device";

/**
 * To the device's own server, as the device program's user.
 * @param key file of its seed
 */
export function connectTo(url: string, key: string, options: ConnectionOptions): Promise<NatsConnection> {
	return connect({ servers: url, authenticator: signer(fs.readFileSync(key, "utf8").trim()), ...options });
}

/**
 * As the client library's `nkeyAuthenticator()`, with OpenSSL: that one computes in JavaScript, some 60 ms where nothing is
 * compiled, and on a slow or busy processor longer than a server waits for whoever connects.
 */
function signer(seed: string): Authenticator {
	return (nonce = "") => ({ nkey: publicKey(seed), sig: sign(seed, Buffer.from(nonce)).toString("base64url") });
}
