import { plural } from "../format";
import type { Snapshot } from "./snapshot";

/** Devices of a group that are drawn one by one; a bigger group is one node. */
const MOST_DEVICES = 6;
/** Names in a node that stands for several changes. */
const MOST_NAMES = 5;
/** More would not be readable, and GitHub draws 500 at most. */
const MOST_ARROWS = 120;

export type Mark = "added" | "removed" | "broken";

export interface Node {
	readonly key: string;
	/** As it is, whatever the picture's language makes of it. */
	readonly label: string;
	/** A device or a group of them, a stream of the hub, a reader, or a device of no group. */
	readonly kind: "device" | "hub" | "reader" | "other";
	readonly mark?: Mark;
}

export interface Arrow {
	/** Key of a node. */
	readonly from: string;
	readonly to: string;
	/** The class; empty where there is none. */
	readonly label: string;
	readonly mark?: Mark;
}

export interface Picture {
	readonly nodes: readonly Node[];
	readonly arrows: readonly Arrow[];
}

interface Parts {
	/** Label by key. */
	readonly nodes: Map<string, string>;
	/** By `from`, `to` and label. */
	readonly arrows: Map<string, Arrow>;
}

/**
 * The topology as nodes and arrows, with what a change adds, removes and breaks.
 *
 * @param before absent where nothing is compared, then nothing counts as added
 * @param broken names of what breaks a rule: devices, groups, streams; others are ignored
 */
export function pictureOf(after: Snapshot, before?: Snapshot, broken: ReadonlySet<string> = new Set()): Picture {
	const keyOf = keys(after, before ?? after);
	const now = partsOf(after, keyOf);
	const then = before ? partsOf(before, keyOf) : now;
	for (const [group, { devices }] of Object.entries({ ...before?.groups, ...after.groups })) {
		if (before && devices.length > 0 && keyOf(devices[0] ?? "").startsWith("group ")) {
			addChanges(now, then, group, after, before);
		}
	}
	const bad = brokenKeys(broken, keyOf, after, before);
	const markOf = (key: string, part: "nodes" | "arrows"): { readonly mark?: Mark } => {
		if (part === "nodes" && bad.has(key)) return { mark: "broken" };
		if (!now[part].has(key)) return { mark: "removed" };
		return then[part].has(key) ? {} : { mark: "added" };
	};
	return {
		nodes: [...new Map([...then.nodes, ...now.nodes])].map(([key, label]) => ({
			key,
			label,
			kind: kindOf(key),
			...markOf(key, "nodes"),
		})),
		arrows: [...new Map([...then.arrows, ...now.arrows])]
			.slice(0, MOST_ARROWS)
			.map(([key, arrow]) => ({ ...arrow, ...markOf(key, "arrows") })),
	};
}

function kindOf(key: string): Node["kind"] {
	const [kind = ""] = key.split(" ", 1);
	return kind === "hub" || kind === "reader" || kind === "other" ? kind : "device";
}

/** Where a device is drawn: as itself, in its group's node, or, in no group, as a stranger. */
function keys(...snapshots: readonly Snapshot[]): (device: string) => string {
	const members = new Map<string, Set<string>>();
	const groupOf = new Map<string, string>();
	for (const { groups } of snapshots) {
		for (const [group, { devices }] of Object.entries(groups)) {
			const all = members.get(group) ?? new Set();
			members.set(group, all);
			for (const device of devices) {
				all.add(device);
				groupOf.set(device, group);
			}
		}
	}
	return (device) => {
		const group = groupOf.get(device);
		if (group === undefined) return `other ${device}`;
		return (members.get(group)?.size ?? 0) > MOST_DEVICES ? `group ${group}` : `device ${device}`;
	};
}

/** In an order of its own, for that of the engine's events is another one each time. */
function partsOf(snapshot: Snapshot, keyOf: (device: string) => string): Parts {
	const [groups, hub] = [sorted(snapshot.groups), sorted(snapshot.hub)];
	const nodes: Parts["nodes"] = new Map();
	const arrows: Parts["arrows"] = new Map();
	const connect = (from: string, to: string, label: string) =>
		arrows.set(`${from}>${to}>${label}`, { from, to, label });
	for (const [group, { devices }] of Object.entries(groups)) {
		for (const device of devices) {
			const key = keyOf(device);
			nodes.set(key, key.startsWith("group ") ? `${group} · ${plural(devices.length, "device")}` : device);
		}
	}
	const shards = new Map<string, string[]>();
	for (const [name, part] of Object.entries(hub)) shards.set(part.class, [...(shards.get(part.class) ?? []), name]);
	for (const [name, { class: kind, sources, feeds, readers }] of Object.entries(hub)) {
		const own = `hub ${kind}`;
		const all = shards.get(kind) ?? [];
		nodes.set(own, all.length > 1 ? `${all[0]} · ${plural(all.length, "stream")}` : name);
		for (const source of sources) {
			const key = keyOf(source);
			if (!nodes.has(key)) nodes.set(key, source);
			connect(key, own, kind);
		}
		for (const device of feeds) {
			const key = keyOf(device);
			if (!nodes.has(key)) nodes.set(key, device);
			connect(own, key, kind);
		}
		for (const reader of readers) {
			nodes.set(`reader ${reader}`, reader);
			connect(own, `reader ${reader}`, "");
		}
	}
	return { nodes, arrows };
}

function sorted<T>(parts: Readonly<Record<string, T>>): Record<string, T> {
	return Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Devices that come to or leave a group which is one node, as a node of their own beside it. */
function addChanges(now: Parts, then: Parts, group: string, after: Snapshot, before: Snapshot): void {
	const old = before.groups[group]?.devices ?? [];
	const current = after.groups[group]?.devices ?? [];
	if (old.length === 0 || current.length === 0) return;
	const put = (target: Parts, names: readonly string[], sign: string) => {
		if (names.length === 0) return;
		const key = `change ${sign} ${group}`;
		const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
		target.nodes.set(key, `${sign} ${names.slice(0, MOST_NAMES).join(", ")}${rest}`);
		target.arrows.set(key, { from: key, to: `group ${group}`, label: "" });
	};
	const had = new Set(old);
	const has = new Set(current);
	const added = current.filter((device) => !had.has(device));
	const removed = old.filter((device) => !has.has(device));
	put(now, added, "+");
	put(then, removed, "−");
}

/** `truck-001_can` and `truck-001` are drawn as the device, `hub_can_02` as its class, a group as itself or its devices. */
function brokenKeys(
	broken: ReadonlySet<string>,
	keyOf: (device: string) => string,
	after: Snapshot,
	before?: Snapshot,
): Set<string> {
	const groups = { ...before?.groups, ...after.groups };
	const hub = { ...before?.hub, ...after.hub };
	const keysOfDevices = [...broken]
		.map((name) => keyOf(name.split("_")[0] ?? ""))
		.filter((key) => !key.startsWith("other "));
	const keysOfHub = [...broken].flatMap((name) => (hub[name] ? [`hub ${hub[name].class}`] : []));
	const named = [...keysOfDevices, ...keysOfHub, ...[...broken].map((name) => keyOf(name))];
	if (keysOfDevices.length > 0) return new Set(named);
	const keysOfGroups = [...broken].flatMap((name) => groups[name]?.devices.map(keyOf) ?? []);
	return new Set([...named, ...keysOfGroups]);
}
