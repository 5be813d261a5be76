import type { Fleet, Settings } from "../config/model";
import { awsProblems } from "./aws";
import { bufferBudget } from "./buffer";
import { checkFleet } from "./checks";
import { some } from "./format";
import { buildGraph, findCycle } from "./graph";
import { hubShards, hubStream } from "./hub";
import { hubBudget } from "./hub-budget";
import { linkBudget } from "./link";
import type { Budgets, EdgeClass, EdgeDevice, EdgeGroup, PlannedDevice, Problem, Topology } from "./model";
import { edgeGroupKey, hubStreamName } from "./names";
import { blockOf, shardOf } from "./shards";

/**
 * Decides everything that follows from a fleet and a stack's settings. Pure: the same input gives the same topology.
 *
 * @returns the topology, or every problem that stands against it
 */
export function plan(fleet: Fleet, settings: Settings): { topology?: Topology; problems: Problem[] } {
	const problems = [...checkFleet(fleet), ...checkSourcing(fleet, settings)];
	if (problems.length > 0) {
		// Budgets of classes that clash would only repeat the mistakes.
		return { problems };
	}
	const groups = Object.keys(fleet.groups);
	const buffers = groups.map((group) => bufferBudget(fleet, group, settings.hub.sync));
	const links = groups.map((group) => linkBudget(fleet, group));
	const shards = hubShards(fleet);
	const hub = hubBudget(fleet, settings, shards);
	const found = [...buffers, ...links, hub].flatMap((part) => part.problems);
	if (found.length > 0) {
		return { problems: found };
	}
	const budgets: Budgets = {
		buffer: Object.fromEntries(buffers.map(({ budget }) => [budget.group, budget])),
		link: Object.fromEntries(links.map(({ budget }) => [budget.group, budget])),
		hub: hub.budget,
	};
	const hubStreams = Object.fromEntries(
		shards.map((shard) => [shard.stream, hubStream(fleet, settings, shard, budgets)]),
	);
	const edgeGroups = planEdgeGroups(fleet, settings, budgets);
	const graph = buildGraph(hubStreams, edgeGroups);
	const cycle = findCycle(graph);
	if (cycle !== undefined) {
		const message = `streams source each other: ${cycle.join(" → ")}`;
		return { problems: [{ document: "fleet", path: [], message, remedy: "let data flow one way" }] };
	}
	const devices = planDevices(fleet, settings);
	const retired = Object.fromEntries(
		Object.entries(fleet.devices).filter(([, device]) => device.retired !== undefined),
	);
	const topology: Topology = { fleet, settings, hubStreams, edgeGroups, devices, retired, budgets, graph };
	const unsold = awsProblems(topology);
	return unsold.length > 0 ? { problems: unsold } : { topology, problems: [] };
}

/** What cannot be without durable consumers. */
function checkSourcing({ classes, downlink }: Fleet, { sourcing }: Settings): Problem[] {
	if (sourcing === "durable") {
		return [];
	}
	const problem = (message: string, remedy: string): Problem => ({
		document: "settings",
		path: ["sourcing"],
		message,
		remedy,
	});
	const problems: Problem[] = [];
	// A device may reset its own consumer on the hub and make none: with ordinary sourcing it would have to.
	const [first] = Object.keys(downlink);
	if (first !== undefined) {
		const message = `with ${sourcing} sourcing there is no downlink, and the fleet has ${first}`;
		problems.push(problem(message, "use durable, or take out downlink"));
	}
	// Nobody on the device knows what the hub has, so nothing makes room there, also when the hub has all of it.
	const refusing = Object.keys(classes).filter((name) => classes[name]?.whenFull === "refuse");
	if (refusing.length > 0) {
		const [which, verb] = refusing.length === 1 ? ["class", "refuses"] : ["classes", "refuse"];
		const message =
			`with ${sourcing} sourcing a device never learns what the hub has, and ${which} ${some(refusing)} (whenFull: refuse) ` +
			`${verb} for ever once what fits was published`;
		problems.push(problem(message, "use durable, or whenFull: drop-oldest"));
	}
	return problems;
}

/** Groups in blocks of devices, so that no resource grows too big. Devices that were lost have nothing to manage. */
function planEdgeGroups(fleet: Fleet, settings: Settings, budgets: Budgets): Record<string, EdgeGroup> {
	const groups: Record<string, EdgeGroup> = {};
	for (const [group, { devices }] of Object.entries(fleet.groups)) {
		const classes = edgeClasses(fleet, settings, budgets, group);
		const blocks = new Map<string, Record<string, EdgeDevice>>();
		for (const device of [...devices].sort()) {
			const retired = fleet.devices[device]?.retired;
			if (retired !== "lost") {
				const key = edgeGroupKey(group, blockOf(device));
				blocks.set(key, { ...blocks.get(key), [device]: retired === "drain" ? { retired } : {} });
			}
		}
		for (const [key, members] of [...blocks].sort(([a], [b]) => (a < b ? -1 : 1))) {
			groups[key] = { group, classes, devices: members };
		}
	}
	return groups;
}

function edgeClasses(fleet: Fleet, settings: Settings, budgets: Budgets, group: string): Record<string, EdgeClass> {
	const { sourcing } = settings;
	const limits = (name: string) => ({
		maxBytes: budgets.buffer[group]?.classes[name]?.maxBytes ?? -1,
		window: budgets.link[group]?.windows[name] ?? 0,
		sourcing,
	});
	const outageMs = fleet.groups[group]?.link.outageMs ?? 0;
	const uplinks = Object.entries(fleet.classes).map(([name, { accepts, storage, whenFull, maxAgeMs, hub }]) => {
		const discard = whenFull === "refuse" ? "new" : "old";
		// What the hub would not keep any longer is stale; what an outage holds back is not. A class that may lose nothing
		// has no limit of age, for a clock that was wrong would empty it.
		const usual = discard === "old" ? Math.max(hub.keepMs, outageMs) : 0;
		const common = { direction: "uplink", accepts, storage, discard, maxAgeMs: maxAgeMs ?? usual } as const;
		return [name, { ...common, ...limits(name) }] as const;
	});
	const downlinks = Object.keys(fleet.downlink).map((name) => {
		// The newest word from the hub counts, also where no program has read the old ones.
		const common = { direction: "downlink", accepts: [], storage: "file", discard: "old", maxAgeMs: 0 } as const;
		return [name, { ...common, ...limits(name) }] as const;
	});
	return Object.fromEntries([...uplinks, ...downlinks]);
}

/** Devices with a server to run: all but the lost. Ports count in the file's order, so that none moves on retirement. */
function planDevices(fleet: Fleet, settings: Settings): Record<string, PlannedDevice> {
	const devices = Object.values(fleet.devices).map((device, index): [string, PlannedDevice] => {
		const { name, group } = device;
		const { hardware: kind = "", mqtt } = fleet.groups[group] ?? {};
		const hardware = fleet.hardware[kind];
		const mqttPort = mqtt && (settings.leaves.local ? settings.leaves.mqttPort + index : mqtt.port);
		const clientPort = settings.leaves.local ? settings.leaves.clientPort + index : (hardware?.clientPort ?? 4222);
		const hubStreams = Object.fromEntries(
			Object.entries(fleet.classes).map(([className, { shards }]) => [
				className,
				hubStreamName(className, shardOf(name, shards)),
			]),
		);
		const ports = { clientPort, ...(mqttPort !== undefined && { mqttPort }) };
		return [name, { name, group, edgeGroup: edgeGroupKey(group, blockOf(name)), ...ports, hubStreams }];
	});
	return Object.fromEntries(devices.filter(([name]) => fleet.devices[name]?.retired !== "lost"));
}
