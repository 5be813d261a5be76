import { createHash } from "node:crypto";
import { UserError } from "./errors";
import { UNKNOWN } from "./handler";

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

/** Reads the `connection` property of a resource. Undefined in a preview that does not know it yet. */
export function readConnection(value: unknown): Connection | undefined {
	if (value === undefined || value === null || hasUnknown(value)) return undefined;
	const candidate = value as Partial<Record<keyof Connection, unknown>>;
	const missing = (["urls", "ca", "adminCreds", "systemCreds"] as const).filter((key) => candidate[key] === undefined);
	if (missing.length > 0) throw new UserError(`connection lacks ${missing.join(", ")}`);
	return value as Connection;
}

/** As `readConnection`, where nothing can be unknown any more. */
export function requireConnection(value: unknown): Connection {
	const connection = readConnection(value);
	if (!connection) throw new UserError("connection is missing: it says how to reach the hub");
	return connection;
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

function hasUnknown(value: unknown): boolean {
	if (value === UNKNOWN) return true;
	return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}
