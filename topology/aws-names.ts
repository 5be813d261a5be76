import { createHash } from "node:crypto";

/**
 * What things of an environment are called in AWS, so that a policy can name what belongs to one environment and nothing
 * of another. Components make things by these names and `render/iam` grants by them; nobody else spells them.
 */

/** The tag that everything carries which can carry one; its value is the environment. */
export const ENVIRONMENT_TAG = "leafline:environment";

/** The tag by which snapshots find the data volumes; its value is the environment. */
export const SNAPSHOT_TAG = "leafline:data";

/** The tag of a snapshot; its value is the environment. */
export const SNAPSHOT_MARK = "leafline:snapshot";

/** AWS appends 26 characters to a bucket's prefix, and a bucket's name has 63 at most. */
const LONGEST = 37 - "leafline-".length - "--".length;

/**
 * How names begin that have no folders: buckets, topics, alarms, documents. For example `leafline-prod--`.
 *
 * No environment's prefix is the beginning of another one's, so that `leafline-prod--*` means prod and not prod-eu:
 * letters in lower case and digits stand for themselves, and everything else is a dash and its two hexadecimal digits
 * (`prod-eu` is `leafline-prod-2deu--`), so that two dashes in a row end the environment and nothing else. A name that
 * becomes too long for a bucket's stands there by its hash.
 */
export function namePrefix(environment: string): string {
	const own = environment.replace(/[^a-z0-9]/g, (sign) => `-${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
	const short = own.length <= LONGEST ? own : createHash("sha256").update(environment).digest("hex").slice(0, LONGEST);
	return `leafline-${short}--`;
}

/** Where roles, instance profiles and the boundary of an environment are. */
export function iamPath(environment: string): string {
	return `${environmentPath(environment)}/`;
}

/** Path below which parameters and log groups of an environment are. Names of environments have no slash. */
export function environmentPath(environment: string): string {
	return `/leafline/${environment}`;
}

/** Names of the nodes, as devices use them: of one node the hub's own name. @param keys of the nodes */
export function nodeNames({ name }: { readonly name: string }, keys: readonly string[]): string[] {
	return keys.length === 1 ? [name] : keys.map((key) => `${key}.${name}`);
}

/** Name of the policy below `iamPath` that no role of the environment goes beyond. */
export const BOUNDARY = "boundary";

/** What AWS's own policies give to the roles of a stack: Run Command and sessions, and snapshots. */
export const MANAGED_POLICIES = {
	agent: "AmazonSSMManagedInstanceCore",
	snapshots: "service-role/AWSDataLifecycleManagerServiceRole",
} as const;
