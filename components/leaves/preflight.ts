import * as fs from "node:fs";
import * as path from "node:path";
import type { HubSettings } from "../../config/model";
import { tooLargeForDisk } from "../../topology/checks";
import { nodePorts } from "../../topology/local-ports";
import type { Problem, Topology } from "../../topology/model";
import { hubDir, LOCAL_ROOT, SERVER_FILES } from "../daemon/layout";
import { busyPorts } from "../daemon/ports";
import { ServerVersionError, serverVersion } from "../hub/version";
import { localSites } from "./sites";

/** A port that a local stack needs, and the setting that moves it. */
interface PortUse {
	readonly port: number;
	readonly use: string;
	readonly setting: readonly [string, string];
}

/**
 * What this machine cannot give a local stack: every port that somebody else holds, and a nats-server that is missing
 * or too old. To be asked before any resource is registered; ports that the stack's own processes hold are no problem.
 */
export async function localProblems(topology: Topology, root: string = LOCAL_ROOT): Promise<Problem[]> {
	const uses = portUses(topology);
	const busy = await busyPorts(
		root,
		uses.map(({ port }) => port),
	);
	const ports = busy.flatMap(({ port, holder }) =>
		uses
			.filter((use) => use.port === port)
			.map(({ use, setting }) =>
				problem(setting, `port ${port} (${use}) is held by ${holder}`, "end that process, or choose another port here"),
			),
	);
	const twice = uses.flatMap((use, index) => {
		const other = uses.slice(0, index).find(({ port }) => port === use.port);
		const message = `port ${use.port} is to be ${use.use} and ${other?.use} at once`;
		return other ? [problem(use.setting, message, "choose ports that are apart")] : [];
	});
	return [...names(topology), ...version(), ...size(topology, root), ...disk(topology), ...twice, ...ports];
}

/**
 * A server that stored alone does not take its streams into a cluster, nor the other way round: a cluster deletes what
 * it finds in a store and does not know. So a hub of another size begins with nothing.
 */
function size({ settings: { hub } }: Topology, root: string): Problem[] {
	const other = hub.nodes > 1 ? "hub" : "hub_1";
	if (!fs.existsSync(path.join(hubDir(root, other), SERVER_FILES.storeDir))) return [];
	const message = `the hub of this stack has ${hub.nodes > 1 ? "1 node" : "3 nodes"}, whose messages do not move to ${hub.nodes}`;
	const remedy = `let devices and readers finish, then npm run down, which takes the messages away, and npm run up; or go back to ${hub.nodes > 1 ? 1 : 3}`;
	return [problem(["hub", "nodes"], message, remedy)];
}

/** Local devices store in the folder of the program. */
function disk({ settings, fleet }: Topology): Problem[] {
	if (!settings.leaves.local) return [];
	const { blocks, bsize } = fs.statfsSync(".");
	return Object.entries(fleet.hardware).flatMap(([name, { bufferBytes }]) =>
		tooLargeForDisk(name, bufferBytes, blocks * bsize, "this machine's disk"),
	);
}

function portUses(topology: Topology): PortUse[] {
	const { hub, leaves } = topology.settings;
	const uses = Array.from({ length: hub.nodes }, (_, node) => nodeUses(hub, node)).flat();
	if (!leaves.local) return uses;
	for (const { device, clientPort, linkPorts } of localSites(topology)) {
		uses.push({ port: clientPort, use: `the client port of ${device}`, setting: ["leaves", "clientPort"] });
		for (const port of linkPorts) uses.push({ port, use: `the link of ${device}`, setting: ["leaves", "linkPort"] });
		const mqtt = topology.devices[device]?.mqttPort;
		if (mqtt !== undefined) uses.push({ port: mqtt, use: `MQTT of ${device}`, setting: ["leaves", "mqttPort"] });
	}
	return uses;
}

function nodeUses(hub: HubSettings, node: number): PortUse[] {
	const { leaf, client, monitor, route } = nodePorts(hub, node);
	const whose = hub.nodes > 1 ? `node ${node + 1} of the hub` : "the hub";
	const uses: PortUse[] = [
		{ port: leaf, use: `${whose}'s leaf port`, setting: ["hub", "leafPort"] },
		{ port: client, use: `${whose}'s client port`, setting: ["hub", "clientPort"] },
		{ port: monitor, use: `${whose}'s monitoring`, setting: ["hub", "monitorPort"] },
	];
	const routes: PortUse = { port: route, use: `the routes of node ${node + 1}`, setting: ["hub", "routePort"] };
	return hub.nodes > 1 ? [...uses, routes] : uses;
}

/** Every process has a folder and a resource of its own name, and a device's is that of the device. */
const PROCESSES: Readonly<Record<string, string>> = {
	links: "the process that carries the links",
	keeper: "the process that runs beside the devices' servers",
};

function names({ settings, fleet }: Topology): Problem[] {
	if (!settings.leaves.local) return [];
	return Object.entries(PROCESSES).flatMap(([name, what]): Problem[] => {
		if (!fleet.devices[name]) return [];
		const message = `a device of a local stack cannot be called ${name}: that is ${what}`;
		return [{ ...problem(["devices", name], message, "choose another name"), document: "fleet" }];
	});
}

function version(): Problem[] {
	try {
		serverVersion();
		return [];
	} catch (error) {
		if (!(error instanceof ServerVersionError)) throw error;
		return [problem(["hub", "kind"], error.message, "put a newer nats-server on PATH")];
	}
}

function problem(path: readonly string[], message: string, remedy: string): Problem {
	return { path, message, remedy, document: "settings" };
}
