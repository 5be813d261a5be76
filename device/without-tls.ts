/**
 * What the client library finds in the single file where it asks for Node's `tls` (toolchain/device-program.js): this
 * program speaks to its own server alone, on loopback and without TLS, and Node's takes 3 MB of memory.
 */

export class TLSSocket {}

export function connect(): never {
	throw new Error("the device program speaks to its own server alone, which asks for no TLS");
}
