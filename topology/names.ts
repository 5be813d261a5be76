import { isLiteral } from "./subjects";

/**
 * Every name that is a contract: devices, programs and readers rely on these strings, so they are built here and
 * nowhere else. A device may also be a placeholder such as `{{name()}}`, for the template of the device's permissions.
 */

/** JetStream domain and cluster name of the hub. */
export const HUB_DOMAIN = "hub";

/** Durable consumer on every edge stream that the hub sources through. */
export const HUB_CONSUMER = "hub";

/** Names that no device may have: they are the first token of subjects, or would clash with the hub's streams. */
export const RESERVED_DEVICES: readonly string[] = ["hub", "down", "deliver", "dl", "control"];

/** Stream on the hub that keeps what was done to it. Streams of classes are called `hub_…`. */
export const JOURNAL = "leafline_journal";

/** Key in a stream's metadata: `<project>/<stack>` that made it. */
export const OWNER = "leafline.owner";

/** Most tokens a subject may have. */
export const MAX_TOKENS = 16;

/** One token, as it stands in subjects, stream names and domains: no dot, no wildcard, no capital. */
export function isDeviceName(name: string): boolean {
	return /^[a-z0-9-]+$/.test(name) && !RESERVED_DEVICES.includes(name);
}

/** No digit-only suffix after `_`, so that a class can never be the name of a shard. */
export function isClassName(name: string): boolean {
	return /^[a-z][a-z0-9]*$/.test(name);
}

/** JetStream domain and `server_name` of a device. */
export function deviceDomain(device: string): string {
	return device;
}

/**
 * Account of a device's own programs and of its streams. A configuration cannot name the server's default account, `$G`,
 * and an account without a name of its own takes no limits (nats-server #4138). An account's store is the folder of its
 * name, and the folder of `$G/` is that of `$G`: what a device holds stays in view with this configuration and with one
 * that has no accounts, in both directions. A change from one to the other needs a restart; the server refuses to reload
 * it, because the default user changes.
 */
export const EDGE_ACCOUNT = "$G/";

/** Prefix of the JetStream API of a domain, as `external.api` takes it. */
export function apiPrefix(domain: string): string {
	return `$JS.${domain}.API`;
}

/** Stream on the device, for an uplink and for a downlink. */
export function edgeStreamName(device: string, className: string): string {
	return `${device}_${className}`;
}

/** All subjects of a class on a device; also what the hub stores them under. */
export function edgeSubjects(device: string, className: string): string {
	return `${edgePrefix(device, className)}.>`;
}

/** Where messages lie that only move a stream's sequence on; they are gone before the hub or a program can see them. */
export function fillerSubject(device: string, className: string): string {
	return `${edgePrefix(device, className)}._leafline_filler`;
}

/** The two tokens that stand before everything a device stores. */
export function edgePrefix(device: string, className: string): string {
	return `${device}.${className}`;
}

/**
 * Where the hub keeps what a device stored under two tokens, as none of its own programs does. One token is no device's:
 * what is under it passes for nobody's.
 */
export const STRAY_SUBJECT = "stray";

/**
 * The device that a subject on the hub is of; `undefined` for what no device of a fleet stores there by itself. That
 * is a subject of one or two tokens, and one that is no literal: nats-server (2.15.2, `subjectTransform.Match`) leaves
 * a subject with an empty token, or with a wildcard for a token, as it came, whatever the transforms say, so that
 * `edge2.can.*` may be of any device. Who wrote it, only the header `Nats-Stream-Source` says.
 */
export function deviceOfSubject(subject: string): string | undefined {
	const [device, , ...rest] = subject.split(".");
	return rest.length > 0 && isLiteral(subject) ? device : undefined;
}

/** Stream on the hub. The first shard has no suffix, so that a class that grows keeps its first stream. */
export function hubStreamName(className: string, shard = 1): string {
	return shard === 1 ? `hub_${className}` : `hub_${className}_${pad(shard)}`;
}

/** Key of the resource that holds a chunk of a group's devices. `_` cannot stand in a group's name: no clash. */
export function edgeGroupKey(group: string, chunk = 1): string {
	return chunk === 1 ? group : `${group}_${pad(chunk)}`;
}

/** Prefix of everything a device delivers to the hub. It lies under no edge stream's subjects. */
export function deliverPrefix(device: string): string {
	return `deliver.${device}`;
}

/** `deliver_subject` of the hub's consumer on an edge stream. */
export function deliverSubject(device: string, className: string): string {
	return `${deliverPrefix(device)}.${className}`;
}

/** Subjects of a downlink's hub stream, for all devices. */
export function downSubjects(className: string): string {
	return downFilter("*", className);
}

/** What one device gets of a downlink. */
export function downFilter(device: string, className: string): string {
	return `down.${device}.${className}.>`;
}

/** Durable consumer of a device on a downlink's hub stream. */
export function downConsumerName(device: string): string {
	return device;
}

/** Prefix of everything the hub delivers to a device. */
export function downDeliverPrefix(device: string): string {
	return `dl.${device}`;
}

/** `deliver_subject` of a device's consumer on a downlink's hub stream. */
export function downDeliverSubject(device: string, className: string): string {
	return `${downDeliverPrefix(device)}.${className}`;
}

/** Whom a `deliver_subject` of a downlink's consumer is for; undefined if it is none. */
export function downDelivery(subject: string): { readonly device: string; readonly class: string } | undefined {
	const [first, device, className, ...more] = subject.split(".");
	if (`${first}.${device}` !== downDeliverPrefix(device ?? "") || !className || more.length > 0) return undefined;
	return { device: device ?? "", class: className };
}

function pad(shard: number): string {
	return String(shard).padStart(2, "0");
}
