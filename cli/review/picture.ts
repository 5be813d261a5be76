import { plural } from "../format";
import type { Snapshot } from "./snapshot";

/** Devices of a group that are drawn one by one; a bigger group is one node. */
const MOST_DEVICES = 6;
/** Names in a node that stands for several changes. */
const MOST_NAMES = 5;
/** More would not be readable, and GitHub draws 500 at most. */
const MOST_EDGES = 120;

type Mark = "added" | "removed" | "broken";

interface Nodes {
	/** Label by key. */
	readonly nodes: Map<string, string>;
	/** `from`, `to` and label, by all three. */
	readonly edges: Map<string, { from: string; to: string; label: string }>;
}

/**
 * The topology as Mermaid, with what a change adds (green), removes (red) and breaks (bold).
 *
 * @param before absent where nothing is compared, then nothing counts as added
 * @param broken names of what breaks a rule: devices, groups, streams; others are ignored
 */
export function drawTopology(after: Snapshot, before?: Snapshot, broken: ReadonlySet<string> = new Set()): string {
	const keyOf = keys(after, before ?? after);
	const now = nodesOf(after, keyOf);
	const then = before ? nodesOf(before, keyOf) : now;
	for (const [group, { devices }] of Object.entries({ ...before?.groups, ...after.groups })) {
		if (before && devices.length > 0 && keyOf(devices[0] ?? "").startsWith("group ")) {
			addChanges(now, then, group, after, before);
		}
	}
	const nodes = new Map([...then.nodes, ...now.nodes]);
	const edges = [...new Map([...then.edges, ...now.edges])].slice(0, MOST_EDGES);
	const bad = brokenKeys(broken, keyOf, after, before);
	const ids = new Map([...nodes.keys()].map((key, index) => [key, `n${index}`]));
	const markOf = (key: string, part: "nodes" | "edges"): Mark | undefined => {
		if (part === "nodes" && bad.has(key)) return "broken";
		if (!now[part].has(key)) return "removed";
		return then[part].has(key) ? undefined : "added";
	};
	const nodeLines = [...nodes].map(([key, label]) => {
		const mark = markOf(key, "nodes");
		const [open, close] = shape(key);
		return `  ${ids.get(key)}${open}"${label}"${close}${mark ? `:::${mark}` : ""}`;
	});
	const edgeLines = edges.map(([, { from, to, label }]) => {
		const text = label === "" ? "" : `|"${label}"|`;
		return `  ${ids.get(from)} -->${text} ${ids.get(to)}`;
	});
	const styles = edges.flatMap(([key], index) => {
		const mark = markOf(key, "edges");
		return mark ? [`  linkStyle ${index} ${EDGE_STYLES[mark]}`] : [];
	});
	return ["flowchart LR", ...nodeLines, ...edgeLines, ...styles, ...CLASSES].join("\n");
}

const EDGE_STYLES: Readonly<Record<Mark, string>> = {
	added: "stroke:#1a7f37,stroke-width:2px",
	removed: "stroke:#cf222e,stroke-width:2px,stroke-dasharray:4",
	broken: "stroke:#cf222e,stroke-width:4px",
};

const CLASSES = [
	"  classDef added fill:#dafbe1,stroke:#1a7f37,color:#116329",
	"  classDef removed fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-dasharray:4",
	"  classDef broken fill:#fff8c5,stroke:#cf222e,color:#82071e,stroke-width:4px,font-weight:bold",
];

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
function nodesOf(snapshot: Snapshot, keyOf: (device: string) => string): Nodes {
	const [groups, hub] = [sorted(snapshot.groups), sorted(snapshot.hub)];
	const nodes: Nodes["nodes"] = new Map();
	const edges: Nodes["edges"] = new Map();
	const connect = (from: string, to: string, label: string) => edges.set(`${from}>${to}>${label}`, { from, to, label });
	for (const [group, { devices }] of Object.entries(groups)) {
		for (const device of devices) {
			const key = keyOf(device);
			nodes.set(key, entities(key.startsWith("group ") ? `${group} · ${plural(devices.length, "device")}` : device));
		}
	}
	const shards = new Map<string, string[]>();
	for (const [name, part] of Object.entries(hub)) shards.set(part.class, [...(shards.get(part.class) ?? []), name]);
	for (const [name, { class: kind, sources, feeds, readers }] of Object.entries(hub)) {
		const own = `hub ${kind}`;
		const all = shards.get(kind) ?? [];
		nodes.set(own, entities(all.length > 1 ? `${all[0]} · ${plural(all.length, "stream")}` : name));
		for (const source of sources) {
			const key = keyOf(source);
			if (!nodes.has(key)) nodes.set(key, entities(source));
			connect(key, own, entities(kind));
		}
		for (const device of feeds) connect(own, keyOf(device), entities(kind));
		for (const reader of readers) {
			nodes.set(`reader ${reader}`, entities(reader));
			connect(own, `reader ${reader}`, "");
		}
	}
	return { nodes, edges };
}

function sorted<T>(parts: Readonly<Record<string, T>>): Record<string, T> {
	return Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Devices that come to or leave a group which is one node, as a node of their own beside it. */
function addChanges(now: Nodes, then: Nodes, group: string, after: Snapshot, before: Snapshot): void {
	const old = before.groups[group]?.devices ?? [];
	const current = after.groups[group]?.devices ?? [];
	if (old.length === 0 || current.length === 0) return;
	const put = (target: Nodes, names: readonly string[], sign: string) => {
		if (names.length === 0) return;
		const key = `change ${sign} ${group}`;
		const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
		target.nodes.set(key, entities(`${sign} ${names.slice(0, MOST_NAMES).join(", ")}${rest}`));
		target.edges.set(key, { from: key, to: `group ${group}`, label: "" });
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

function shape(key: string): readonly [string, string] {
	if (key.startsWith("hub ")) return ["[(", ")]"];
	if (key.startsWith("reader ")) return [">", "]"];
	return key.startsWith("other ") ? ["{{", "}}"] : ["[", "]"];
}

/** Mermaid's own entities, for names that leafline did not choose. */
function entities(text: string): string {
	return text
		.slice(0, 120)
		.replace(/[^\p{L}\p{N} ·+−_.,:/-]/gu, (char) => `#${char.codePointAt(0)};`)
		.replace(/\b(end|click|style|class)\b/gi, (word) => `${word}\u200b`);
}
