import { createHash } from "node:crypto";
import type { Account, Operator, User } from "@nats-io/jwt";
import { publicKey, sign } from "./nkey";

/*
 * Why not `encodeAccount()` and its like of `@nats-io/jwt`: they stamp the current time into every token. Here the same
 * input gives the same text, so that a configuration that holds a token does not change by itself.
 */

interface Token<T> {
	/** Friendly name; for a device the name that its role's template is filled with. */
	readonly name: string;
	/** Public key of whom it is about. */
	readonly subject: string;
	readonly claims: T;
}

/** Seed of the key that signs, and when, in seconds since 1970. */
export interface Signature {
	readonly seed: string;
	readonly issuedAt: number;
}

export function encodeOperator(token: Token<Partial<Operator>>, signature: Signature): string {
	return encode("operator", token, signature);
}

export function encodeAccount(token: Token<Partial<Account>>, signature: Signature): string {
	return encode("account", token, signature);
}

export function encodeUser(token: Token<Partial<User>>, signature: Signature): string {
	return encode("user", token, signature);
}

/** When a token was signed, in seconds since 1970. Does not verify it. @throws on anything but a token */
export function issuedAt(token: string): number {
	return decoded(token).iat;
}

/** Name and claims of an account's token. Does not verify it. @throws on anything but a token */
export function accountOf(token: string): { readonly name: string; readonly claims: Partial<Account> } {
	const { name, nats } = decoded(token);
	return { name, claims: nats };
}

/** The name that a user's token gives it, for a device that of the device, and its tags. Does not verify it. @throws on anything but a token */
export function userOf(token: string): { readonly name: string; readonly tags: readonly string[] } {
	const { name, nats } = decoded(token);
	const { tags = [] } = nats as { tags?: unknown };
	return { name: String(name), tags: Array.isArray(tags) ? tags.map(String) : [] };
}

function decoded(token: string): { iat: number; name: string; nats: Partial<Account> } {
	const [, body = ""] = token.split(".");
	return JSON.parse(Buffer.from(body, "base64url").toString());
}

function encode(type: string, { name, subject, claims }: Token<object>, { seed, issuedAt }: Signature): string {
	const body = {
		iat: issuedAt,
		iss: publicKey(seed),
		name,
		sub: subject,
		nats: { ...claims, type, version: 2 },
	};
	const jti = createHash("sha256").update(JSON.stringify(body)).digest("base64url");
	const signed = `${base64url({ typ: "JWT", alg: "ed25519-nkey" })}.${base64url({ jti, ...body })}`;
	return `${signed}.${sign(seed, Buffer.from(signed)).toString("base64url")}`;
}

function base64url(value: object): string {
	return Buffer.from(JSON.stringify(value)).toString("base64url");
}
