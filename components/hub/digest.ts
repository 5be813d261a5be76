import { createHash } from "node:crypto";

/** A short text that is another one when any of the parts is; it tells nothing of them. */
export function digest(parts: readonly unknown[]): string {
	return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
