import { downDeliverPrefix, HUB_DOMAIN } from "../names";

/**
 * Names of a rollout: how a release travels from the hub to devices that accept nothing inbound. The hub holds two key-value
 * buckets; `leafline rollout` writes, devices fetch.
 *
 * ```
 * leafline_releases   part.<sha256>.<n>           of what several devices have the same of: server, runtime, program, units
 *                     own.<device>.<sha256>.<n>   of what no two have the same of, the manifest included
 * leafline_rollout    want.<device>               what the device is to run: an order, signed as bundles are
 *                     have.<device>               what it says of itself; nothing else here is written by a device
 *                     ready.<device>              the order that the current rollout will give it
 *                     rollout.plan, .current      what the command is about
 * ```
 *
 * A key for each chunk, and not an object store: a request for the last message of one subject names that subject, so the
 * server itself keeps each device to its own. The chunks of an object share a subject, and asking for them takes a body,
 * which permissions do not see: any device could read the `leaf.conf` of all. A chunk that is written twice is the same
 * chunk, so an upload that was interrupted, or is made by two at once, is simply made again.
 *
 * **An account of its own, RELEASES.** A server answers on whatever subject a request names for its reply, and the answer to
 * a question for what is not there is an empty message, which is all that `STREAM.DELETE` takes. In DEVICES any device
 * could have every other one's streams deleted so. In RELEASES nobody has an API; there are the subjects below, and inboxes.
 * A device shows the hub its own key there, with another token (`etc/releases.jwt`, not secret), over a link of its own that
 * is there only while it asks (`device/releases/`); so fleets that are idle cost nothing.
 *
 * Which of the two a file of a manifest lies under, `OWN` of `render/bundle/layout.ts` says. Manifests of a rollout list no
 * credentials. Secrets never come here. Credentials stay on the device; a new token travels as `etc/releases.jwt` does, its seed not.
 */

/** Buckets; the streams are called `KV_<bucket>`. */
export const RELEASES_BUCKET = "leafline_releases";
export const ROLLOUT_BUCKET = "leafline_rollout";
export const RELEASES_STREAM = `KV_${RELEASES_BUCKET}`;
export const ROLLOUT_STREAM = `KV_${ROLLOUT_BUCKET}`;

/** Subject of a bucket's key, in the account HUB. */
export function keySubject(bucket: string, key: string): string {
	return `$KV.${bucket}.${key}`;
}

/**
 * The same in the account ADMIN, to write it. Not `$KV.…`, which no leaf connection lets pass where both ends have JetStream
 * (nats-server 2.15.2, `denyAllJs`), and administrators come over one.
 */
export function adminKeySubject(bucket: string, key: string): string {
	return `$ADMIN.${HUB_DOMAIN}.KV.${bucket}.${key}`;
}

/** Bytes of a file in one chunk; the last one is shorter. Each is stored as gzip of these bytes (RFC 1952). */
export const CHUNK_BYTES = 32 * 1024;

/** Chunks that a file of so many bytes has: an empty one has none. */
export function chunksOf(bytes: number): number {
	return Math.ceil(bytes / CHUNK_BYTES);
}

/** Keys in `leafline_releases`. @param sha256 of the whole file, hexadecimal @param n from 0 */
export function partKey(sha256: string, n: number | string): string {
	return `part.${sha256}.${n}`;
}
export function ownKey(device: string, sha256: string, n: number | string): string {
	return `own.${device}.${sha256}.${n}`;
}

/** Keys in `leafline_rollout`. */
export const wantKey = (device: string) => `want.${device}`;
export const haveKey = (device: string) => `have.${device}`;
export const readyKey = (device: string) => `ready.${device}`;
export const PLAN_KEY = "rollout.plan";
export const CURRENT_KEY = "rollout.current";

/**
 * What a device asks for in the account RELEASES, with no body and a reply below `releasesInbox()`: one message, the
 * value, with the header `Nats-Sequence`; or one with the status 404 and no value.
 */
export const askWant = (device: string) => `releases.want.${device}`;
export const askPart = (sha256: string, n: number | string) => `releases.part.${sha256}.${n}`;
export const askOwn = (device: string, sha256: string, n: number | string) => `releases.own.${device}.${sha256}.${n}`;

/** Where it publishes its `Have` there; the stream's acknowledgement comes to the reply. */
export const tellHave = (device: string) => `releases.have.${device}`;

/** Prefix of the subjects that a device may hear in RELEASES. */
export function releasesInbox(device: string): string {
	return `_INBOX.${device}`;
}

/**
 * What a device hears on its ordinary link when its `want` was written: an empty message, as soon as it is, if it is there.
 * It need not be believed, and says no more than "ask now": a device that was away asks when its link comes up.
 */
export function nudgeSubject(device: string): string {
	return `${downDeliverPrefix(device)}._want`;
}
