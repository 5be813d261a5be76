import type { Fleet, Settings } from "../config/model";
import { longest } from "./buffer";
import { enoughBytes, formatBytes, formatDuration, formatRate } from "./format";
import type { HubBudget, Problem } from "./model";
import { downStoredBytes, hubStoredBytes } from "./sizes";

/** The third budget: disk and message rate of the hub. */

/** Part of each node's `max_file` that streams may reserve; the rest is for the metadata and Raft logs of a cluster. */
const USABLE = 0.9;

/** Beyond rate × size × keep, because rates are not exact. */
const HEADROOM = 1.1;

/** No hub stream is smaller: a message larger than its stream would stop its source for ever. */
const SMALLEST = 64 * 1024 ** 2;

/**
 * Messages a second that a hub takes, by replicas. Measured on 2.15.2, 2 cores, loopback: 260,000 with one replica,
 * 154,000 with three. A hub must also take what comes in after an outage while the rest goes on, so less is promised.
 */
const RATE_LIMIT: Readonly<Record<number, number>> = { 1: 180_000, 3: 100_000 };

/** What a hub stream is planned for. */
export interface HubShard {
	readonly stream: string;
	readonly class: string;
	readonly direction: "uplink" | "downlink";
	/** Devices that feed it or are fed by it, those included that were lost. */
	readonly devices: readonly string[];
}

export function replicasOf(stated: number | undefined, settings: Settings): number {
	return stated ?? settings.hub.nodes;
}

export function hubBudget(
	fleet: Fleet,
	settings: Settings,
	shards: readonly HubShard[],
): { budget: HubBudget; problems: Problem[] } {
	const { nodes, fileBytes } = settings.hub;
	const planned = shards.map((shard) => plannedShard(fleet, settings, shard));
	const neededBytes = planned.reduce((sum, { maxBytes, replicas }) => sum + maxBytes * replicas, 0);
	const availableBytes = Math.floor(nodes * fileBytes * USABLE);
	const messagesPerSecond = planned.reduce((sum, { rate }) => sum + rate, 0);
	const bytesPerSecond = planned.reduce((sum, { rate, size, replicas }) => sum + rate * size * replicas, 0);
	const share = planned.reduce((sum, { rate, replicas }) => sum + rate / limitOf(replicas), 0);
	const messagesPerSecondLimit = share > 0 ? Math.round(messagesPerSecond / share) : limitOf(nodes);
	const problems = [
		...planned.flatMap((shard) => tooManyReplicas(shard, nodes)),
		...diskProblem(planned, { neededBytes, availableBytes, settings }),
		...rateProblem(planned, { messagesPerSecond, messagesPerSecondLimit }),
	];
	const streams = Object.fromEntries(planned.map(({ stream, maxBytes, replicas }) => [stream, { maxBytes, replicas }]));
	const load = { messagesPerSecond, messagesPerSecondLimit, bytesPerSecond };
	return { budget: { ...load, neededBytes, availableBytes, streams }, problems };
}

interface Planned extends HubShard {
	readonly maxBytes: number;
	readonly replicas: number;
	/** Messages a second. */
	readonly rate: number;
	/** Bytes of one message in the stream. */
	readonly size: number;
	readonly keepMs: number;
}

/**
 * Sourced messages get the hub's time, so a stream holds what arrived within `keep`; after an outage that is what was
 * sent within `keep` and the outage.
 */
function plannedShard(fleet: Fleet, settings: Settings, shard: HubShard): Planned {
	const device = longest(shard.devices);
	const uplink = fleet.classes[shard.class];
	if (shard.direction === "uplink" && uplink !== undefined) {
		const { keepMs } = uplink.hub;
		const outageMs = Math.max(0, ...shard.devices.map((name) => outageOf(fleet, name)));
		const rate = uplink.rate * shard.devices.length;
		const size = hubStoredBytes(device, shard.class, uplink.sizeBytes);
		const replicas = replicasOf(uplink.hub.replicas, settings);
		return { ...shard, keepMs, rate, size, replicas, maxBytes: limit(rate, size, keepMs + outageMs) };
	}
	const downlink = fleet.downlink[shard.class];
	if (downlink === undefined) {
		throw new Error(`there is no class ${shard.class}`);
	}
	const { keepMs, sizeBytes } = downlink;
	const rate = downlink.rate * shard.devices.length;
	const size = downStoredBytes(device, shard.class, sizeBytes);
	const replicas = replicasOf(downlink.replicas, settings);
	return { ...shard, keepMs, rate, size, replicas, maxBytes: limit(rate, size, keepMs) };
}

function limit(rate: number, size: number, ms: number): number {
	return Math.max(SMALLEST, Math.ceil((rate * size * (ms / 1000) * HEADROOM) / SMALLEST) * SMALLEST);
}

function outageOf(fleet: Fleet, device: string): number {
	return fleet.groups[fleet.devices[device]?.group ?? ""]?.link.outageMs ?? 0;
}

function limitOf(replicas: number): number {
	return RATE_LIMIT[replicas] ?? RATE_LIMIT[3] ?? 0;
}

function tooManyReplicas({ class: name, direction, replicas, stream }: Planned, nodes: number): Problem[] {
	// Once a class, not once a shard.
	if (replicas <= nodes || /_\d+$/.test(stream)) {
		return [];
	}
	return [
		{
			document: "fleet",
			path: direction === "uplink" ? ["classes", name, "hub", "replicas"] : ["downlink", name, "replicas"],
			message: `${replicas} replicas need ${replicas} nodes, and the hub has ${nodes}`,
			remedy: nodes === 1 ? "leave replicas out, or set leafline:hub.nodes to 3" : `state at most ${nodes}`,
		},
	];
}

function diskProblem(
	planned: readonly Planned[],
	{ neededBytes, availableBytes, settings }: { neededBytes: number; availableBytes: number; settings: Settings },
): Problem[] {
	const { nodes, fileBytes } = settings.hub;
	const [largest] = byClass(planned);
	if (neededBytes <= availableBytes || largest === undefined) {
		return [];
	}
	const { name, direction, keepMs, rate, replicas } = largest;
	const perNode = enoughBytes(Math.ceil(neededBytes / nodes / USABLE));
	return [
		{
			document: "fleet",
			path: direction === "uplink" ? ["classes", name, "hub", "keep"] : ["downlink", name, "keep"],
			message:
				`the hub's disks do not hold it: ${formatRate(rate)} of ${name} kept for ${formatDuration(keepMs)} ` +
				`in ${replicas} ${replicas === 1 ? "copy" : "copies"} need ${formatBytes(largest.bytes)}; all classes need ` +
				`${formatBytes(neededBytes)}, and of ${nodes} × ${formatBytes(fileBytes)} streams may take ${formatBytes(availableBytes)}`,
			remedy:
				`keep it for a shorter time, lower rate or size, put several readings into one message, ` +
				`or give each node ${perNode} (leafline:hub.file)`,
		},
	];
}

function rateProblem(
	planned: readonly Planned[],
	{ messagesPerSecond, messagesPerSecondLimit }: Pick<HubBudget, "messagesPerSecond" | "messagesPerSecondLimit">,
): Problem[] {
	const [largest] = byClass(planned).sort((a, b) => b.rate - a.rate);
	if (messagesPerSecond <= messagesPerSecondLimit || largest === undefined) {
		return [];
	}
	return [
		{
			document: "fleet",
			path: [largest.direction === "uplink" ? "classes" : "downlink", largest.name, "rate"],
			message:
				`the hub takes ${formatRate(messagesPerSecondLimit)} in all, and the fleet sends ` +
				`${formatRate(messagesPerSecond)}, ${formatRate(largest.rate)} of it as ${largest.name}`,
			remedy: "put several readings into one message, or spread the fleet over several stacks",
		},
	];
}

/** Shards of a class together, the largest class first. */
function byClass(planned: readonly Planned[]) {
	const classes = new Map<string, Planned & { name: string; bytes: number; rate: number }>();
	for (const shard of planned) {
		const before = classes.get(shard.class);
		classes.set(shard.class, {
			...shard,
			name: shard.class,
			bytes: (before?.bytes ?? 0) + shard.maxBytes * shard.replicas,
			rate: (before?.rate ?? 0) + shard.rate,
		});
	}
	return [...classes.values()].sort((a, b) => b.bytes - a.bytes);
}
