import type { Fleet, Settings } from "../config/model";
import { longest } from "./buffer";
import { tooManyConsumers } from "./consumers";
import { enoughBytes, formatBytes, formatDuration, formatRate } from "./format";
import { MOST_FILE_BYTES } from "./gp3";
import {
	CATCH_UP,
	longerInterval,
	type NodeLoad,
	nodeLoad,
	partOf,
	type StreamLoad,
	type Use,
	usesOf,
} from "./hub-load";
import { betterMachine, formatSync, hubMachine, LESS, whyNot } from "./hub-machine";
import { JOURNAL_BYTES } from "./journal";
import type { Machine } from "./machines";
import type { HubBudget, Problem } from "./model";
import { powerCutLoss } from "./power-cut";
import { rolloutBytes } from "./rollout/streams";
import { downStoredBytes, hubStoredBytes } from "./sizes";

/** The third budget: disks of the hub, and what its machines sustain. */

/** Part of each node's `max_file` that streams may reserve; the rest is for the journal, and the metadata and Raft logs of a cluster. */
const USABLE = 0.9;

/** Beyond rate × size × keep, because rates are not exact. */
const HEADROOM = 1.1;

/** No hub stream is smaller: a message larger than its stream would stop its source for ever. */
const SMALLEST = 64 * 1024 ** 2;

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
	const usable = Math.min(fileBytes * USABLE, fileBytes - JOURNAL_BYTES) - rolloutBytes(settings);
	const availableBytes = Math.max(0, Math.floor(nodes * usable));
	const messagesPerSecond = planned.reduce((sum, { rate }) => sum + rate, 0);
	const bytesPerSecond = planned.reduce((sum, { rate, size, replicas }) => sum + rate * size * replicas, 0);
	const readers = Object.values(fleet.consumers);
	const traffic = planned.map(({ class: name, rate, payload, size: stored, replicas }): StreamLoad => {
		return { rate, payload, stored, replicas, readers: readers.filter((reader) => reader.class === name).length };
	});
	const load = nodeLoad(traffic, nodes, settings.hub.sync);
	const { machine, problem } = hubMachine(settings, load);
	const [scarcest] = usesOf(load, machine);
	const messagesPerSecondLimit = Math.floor(messagesPerSecond / partOf(scarcest));
	const limits = Object.fromEntries(planned.map(({ stream, maxBytes, replicas }) => [stream, { maxBytes, replicas }]));
	const problems = [
		...planned.flatMap((shard) => tooManyReplicas(shard, nodes)),
		...tooManyConsumers(fleet, planned, (stream) => limits[stream]?.replicas ?? 1),
		...diskProblem(planned, { neededBytes, availableBytes, settings }),
		...(problem ? [problem] : rateProblem(planned, settings, { machine, scarcest, messagesPerSecond, load, traffic })),
	];
	const powerCut = powerCutLoss(settings.hub, { rate: messagesPerSecond, storage: "file" }, 0);
	const rates = { messagesPerSecond, messagesPerSecondLimit, bytesPerSecond };
	const budget = {
		...rates,
		load,
		traffic,
		machine: machine.name,
		neededBytes,
		availableBytes,
		streams: limits,
		powerCut,
	};
	return { budget, problems };
}

interface Planned extends HubShard {
	readonly maxBytes: number;
	readonly replicas: number;
	/** Messages a second. */
	readonly rate: number;
	/** Bytes of one message, as it is published and in the stream. */
	readonly payload: number;
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
		const maxBytes = limit(rate, size, keepMs + outageMs);
		return { ...shard, keepMs, rate, payload: uplink.sizeBytes, size, replicas, maxBytes };
	}
	const downlink = fleet.downlink[shard.class];
	if (downlink === undefined) {
		throw new Error(`there is no class ${shard.class}`);
	}
	const { keepMs, sizeBytes } = downlink;
	const rate = downlink.rate * shard.devices.length;
	const size = downStoredBytes(device, shard.class, sizeBytes);
	const replicas = replicasOf(downlink.replicas, settings);
	return { ...shard, keepMs, rate, payload: sizeBytes, size, replicas, maxBytes: limit(rate, size, keepMs) };
}

function limit(rate: number, size: number, ms: number): number {
	return Math.max(SMALLEST, Math.ceil((rate * size * (ms / 1000) * HEADROOM) / SMALLEST) * SMALLEST);
}

function outageOf(fleet: Fleet, device: string): number {
	return fleet.groups[fleet.devices[device]?.group ?? ""]?.link.outageMs ?? 0;
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
	const needed = neededBytes / nodes + rolloutBytes(settings);
	const perNode = Math.ceil(Math.max(needed / USABLE, needed + JOURNAL_BYTES));
	// More than a volume holds is no remedy.
	const sold = settings.hub.aws === undefined || perNode <= MOST_FILE_BYTES;
	return [
		{
			document: "fleet",
			path: direction === "uplink" ? ["classes", name, "hub", "keep"] : ["downlink", name, "keep"],
			message:
				`the hub's disks do not hold it: ${formatRate(rate)} of ${name} kept for ${formatDuration(keepMs)} ` +
				`in ${replicas} ${replicas === 1 ? "copy" : "copies"} need ${formatBytes(largest.bytes)}; all classes need ` +
				`${formatBytes(neededBytes)}, and of ${nodes} × ${formatBytes(fileBytes)} streams may take ${formatBytes(availableBytes)}`,
			remedy:
				"keep it for a shorter time, lower rate or size, put several readings into one message, or " +
				(sold ? `give each node ${enoughBytes(perNode)} (leafline:hub.file)` : "spread the fleet over several stacks"),
		},
	];
}

/** More than the machine sustains: another one, where one would do, else less. */
function rateProblem(
	planned: readonly Planned[],
	settings: Settings,
	found: { machine: Machine; scarcest: Use; messagesPerSecond: number; load: NodeLoad; traffic: StreamLoad[] },
): Problem[] {
	const { machine, scarcest, messagesPerSecond, load, traffic } = found;
	const [largest] = byClass(planned).sort((a, b) => b.rate - a.rate);
	if (partOf(scarcest) <= 1 || largest === undefined) {
		return [];
	}
	const limit = Math.floor(messagesPerSecond / partOf(scarcest));
	const message =
		`the hub takes ${formatRate(limit)} of this kind on ${machine.name}, and the fleet sends ` +
		`${formatRate(messagesPerSecond)}, ${formatRate(largest.rate)} of it as ${largest.name}; ${whyNot(scarcest, machine)}`;
	const { aws, nodes, sync } = settings.hub;
	const [, next] = usesOf(load, machine);
	if (scarcest.what === "streamMessagesPerSecond" && largest.direction === "uplink" && next && partOf(next) <= 1) {
		// A hash spreads devices over them, not evenly.
		const shards = Math.ceil((largest.rate * CATCH_UP) / (0.8 * scarcest.has));
		const path = ["classes", largest.name, "shards"];
		return [{ document: "fleet", path, message, remedy: `write shards: ${shards}, or ${LESS}` }];
	}
	const interval =
		scarcest.what === "volumeOperationsPerSecond" ? longerInterval(traffic, nodes, sync, scarcest.has) : undefined;
	if (interval !== undefined) {
		const remedy = `write a longer interval than ${formatSync(sync)}, for example ${interval}ms`;
		return [{ document: "settings", path: ["hub", "sync"], message, remedy }];
	}
	const better = aws?.instanceType === undefined ? undefined : betterMachine(aws, load);
	if (better !== undefined) {
		const remedy = `choose ${better.name}, the smallest of its kind that does, or ${LESS}`;
		return [{ document: "settings", path: ["hub", "aws", "instanceType"], message, remedy }];
	}
	const path = [largest.direction === "uplink" ? "classes" : "downlink", largest.name, "rate"];
	return [{ document: "fleet", path, message, remedy: LESS }];
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
