import type { Connection } from "../../../control/connection";
import { UserError } from "../../../system/user-error";
import { UNKNOWN } from "./handler";

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

function hasUnknown(value: unknown): boolean {
	if (value === UNKNOWN) return true;
	return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}
