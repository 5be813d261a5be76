import { createHmac } from "node:crypto";

/**
 * How the stack tells its own changes from those of others in the hub's journal. Whoever holds the administrator's
 * credentials can make a mark, and nobody else: a device that has the hub send something cannot pass for the stack.
 */

/** Header of a request that is the stack's own. */
export const MARK = "Leafline-Mark";

/**
 * @param creds credentials file of the administrator
 * @param call without the API's prefix, for example `STREAM.PURGE.hub_can`
 * @param body of the request as it is sent
 */
export function markOf(creds: string, call: string, body: string): string {
	return createHmac("sha256", seedOf(creds)).update(`${call}\n${body}`).digest("base64url");
}

function seedOf(creds: string): string {
	return /-----BEGIN USER NKEY SEED-----\s+(\S+)/.exec(creds)?.[1] ?? creds;
}
