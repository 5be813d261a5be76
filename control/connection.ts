import { createHash } from "node:crypto";

/** How to reach a hub for administration. All of it is secret. */
export interface Connection {
	/** Leaf URLs of every node of the hub, for example `tls://hub.example.com:7422`. */
	readonly urls: readonly string[];
	/** PEM of the authority that signed the hub's certificate; empty for a hub without TLS. */
	readonly ca: string;
	/** Credentials file of a user of the account ADMIN. */
	readonly adminCreds: string;
	/** Credentials file of a user of the system account. */
	readonly systemCreds: string;
	/** Client URLs of the hub, to be used instead of a control leaf. @default none */
	readonly directUrls?: readonly string[];
}

/** Equal for equal connections, and tells nothing of their secrets. */
export function fingerprint(connection: Connection): string {
	const { urls, ca, adminCreds, systemCreds, directUrls } = connection;
	const text = JSON.stringify([urls, ca, adminCreds, systemCreds, directUrls ?? []]);
	return createHash("sha256").update(text).digest("hex");
}

/** Where the hub is, for messages. */
export function whereabouts(connection: Connection): string {
	const urls = connection.directUrls?.length ? connection.directUrls : connection.urls;
	return urls.map((url) => url.replace(/\/\/[^@/]*@/, "//")).join(", ");
}
