import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Publisher, startPublisher } from "../../cli/demo/publisher";
import { lastSequences, readBack } from "../../cli/demo/readback";
import { encodePayload } from "../../cli/demo/traffic";
import { judge, type Verdict } from "../../cli/demo/verdict";
import { type Hub, openHub } from "../../cli/fleet/hub";
import { readRecord } from "../../components/daemon/record";
import { type StackOutputs, stackOutputs } from "../../contract/outputs";
import type { StreamInfo } from "../../jetstream/answers";
import { eventually } from "../support/eventually";
import { type Finished, makeProject, type Project, run } from "../support/project";
import { monitoredSequence } from "../support/rig";

export const NODES = ["hub_1", "hub_2", "hub_3"] as const;
export const DEVICES = ["edge1", "edge2"] as const;
/** Messages a second of each device. */
const RATE = 500;
const STREAMS = ["hub_sensor", "hub_alarm", "hub_log", "hub_trace"] as const;

const FLEET = `apiVersion: leafline/v1
fleet: three
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: 250ms }
link: { up: 50Mbit/s, down: 50Mbit/s, rtt: 20ms, outage: 1m }
classes:
  sensor: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 128B, priority: high, whenFull: refuse, hub: { keep: 1h } }
  log: { rate: 1/s, size: 128B, whenFull: refuse, hub: { keep: 1h } }
  trace: { rate: 1/s, size: 128B, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge1, edge2", hardware: board }
`;

/** A local stack with a hub of three nodes, made by the real engine, and what goes on in it. */
export interface ClusterProject {
	readonly project: Project;
	/** Folder of a process. */
	dir(name: string): string;
	up(...args: string[]): Promise<Finished>;
	/** Known after the first `up`. */
	outputs(): Promise<StackOutputs>;
	/** The command line, in the project's folder. */
	leafline(...args: string[]): Promise<Finished>;
	/** kill -9 of a node. */
	kill(node: string): Promise<void>;
	pid(node: string): number;
	/** Whether a node has everything that it should have. */
	isHealthy(node: string): Promise<boolean>;
	/** Number of replicated streams that each node leads. */
	leaders(): Promise<Record<string, number>>;
	/** Devices that are linked to any node. */
	leaves(): Promise<string[]>;
	/** Names of the servers that a node has routes with. */
	routes(node: string): Promise<string[]>;
	/** URL of a node's routes. */
	route(node: string): string;
	/** Watches how many nodes were without their JetStream at once, until it is asked. */
	watchAway(): { most(): Promise<number> };
	/** Programs on all devices that publish until they are stopped. */
	publish(run: string): Promise<Traffic>;
	close(): Promise<void>;
}

export interface Traffic {
	/** Waits until a second's worth of messages more has arrived at the hub. */
	flows(within?: number): Promise<void>;
	/** Stops publishing, waits until the hub has everything, and reads it back. */
	verdict(): Promise<Verdict>;
	stop(): Promise<void>;
}

export async function makeCluster(): Promise<ClusterProject> {
	const project = await makeProject(FLEET, { hub: { nodes: 3, memory: "64MiB", file: "8GiB" } });
	const monitors = NODES.map((_, node) => project.ports.monitor + node);
	const index = (node: string) => NODES.indexOf(node as (typeof NODES)[number]);
	const monitor = (node: string) => monitors[index(node)] ?? 0;
	const dir = (name: string) => join(project.dir, ".leafline/local", name);
	const hubs: Hub[] = [];
	let known: StackOutputs | undefined;
	const outputs = async () => {
		known ??= stackOutputs.parse(await project.outputs());
		return known;
	};
	const hub = async () => {
		hubs[0] ??= await openHub(await outputs());
		return hubs[0];
	};
	const cluster: ClusterProject = {
		project,
		dir,
		outputs,
		up: (...args) => project.pulumi("up", "--yes", "--skip-preview", ...args),
		leafline: async (...args) => {
			const file = join(project.dir, "outputs.json");
			writeFileSync(file, JSON.stringify(await outputs()), { mode: 0o600 });
			return run(process.execPath, [resolve("bin/cli/main.js"), ...args, "--outputs", file], { cwd: project.dir });
		},
		pid: (node) => readRecord(dir(node))?.pid ?? 0,
		kill: async (node) => {
			process.kill(cluster.pid(node), "SIGKILL");
		},
		isHealthy: async (node) => (await get(monitor(node), "healthz")) !== undefined,
		leaves: async () => {
			const all = await Promise.all(NODES.map((node) => get(monitor(node), "leafz")));
			return all.flatMap((answer) => (answer?.leafs as { name: string }[] | undefined) ?? []).map(({ name }) => name);
		},
		routes: async (node) => {
			const { routes } = ((await get(monitor(node), "routez")) ?? {}) as { routes?: { remote_name: string }[] };
			return (routes ?? []).map((each) => each.remote_name);
		},
		route: (node) => `nats-route://127.0.0.1:${project.ports.route + index(node)}`,
		watchAway: () =>
			watchAway(async (node) => (await get(monitor(node), "healthz?js-enabled-only=true")) !== undefined),
		leaders: async () => {
			const counts: Record<string, number> = Object.fromEntries(NODES.map((node) => [node, 0]));
			for (const stream of STREAMS) {
				const api = (await hub()).api("hub");
				const info = await api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, 5_000).catch(() => undefined);
				const leader = info?.cluster?.leader ?? "nobody";
				counts[leader] = (counts[leader] ?? 0) + 1;
			}
			return counts;
		},
		publish: async (name) => startTraffic(name, await outputs(), await hub(), monitors),
		close: async () => {
			await Promise.all(hubs.map((each) => each.close()));
			await project.close();
		},
	};
	return cluster;
}

async function startTraffic(
	name: string,
	{ leafline }: StackOutputs,
	hub: Hub,
	monitors: readonly number[],
): Promise<Traffic> {
	const began = await lastSequences(leafline, hub, ["hub_sensor"]);
	const publishers = new Map<string, Publisher>();
	for (const device of DEVICES) {
		const publisher = await startPublisher({
			port: leafline.devices[device]?.clientPort ?? 0,
			subject: "vehicle.sensor",
			payload: (counter) => encodePayload(name, device, counter, 128),
			messages: 200_000,
			rate: RATE,
		});
		publishers.set(device, publisher);
	}
	const stop = async () => {
		await Promise.all([...publishers.values()].map((publisher) => publisher.stop()));
	};
	return {
		flows: async (within = 20_000) => {
			const have = (await monitoredSequence(monitors, "hub_sensor")) ?? 0;
			const more = async () => ((await monitoredSequence(monitors, "hub_sensor")) ?? 0) > have + RATE * DEVICES.length;
			await eventually(more, { what: "messages arrive at the hub", within });
		},
		stop,
		verdict: async () => {
			await stop();
			const acks = Object.fromEntries([...publishers].map(([device, publisher]) => [device, publisher.acks]));
			return eventually(
				async () => {
					const verdict = judge(acks, await readBack(leafline, hub, began, name));
					return verdict.total.lost === 0 && verdict;
				},
				{ what: "the hub has everything", within: 30_000 },
			);
		},
	};
}

function watchAway(isThere: (node: string) => Promise<boolean>): { most(): Promise<number> } {
	let watching = true;
	let most = 0;
	const watched = (async () => {
		while (watching) {
			const there = await Promise.all(NODES.map(isThere));
			most = Math.max(most, there.filter((each) => !each).length);
			await new Promise((done) => setTimeout(done, 50));
		}
	})();
	return {
		most: async () => {
			watching = false;
			await watched;
			return most;
		},
	};
}

/** A page of a node's monitoring; undefined if it does not answer with success. */
async function get(port: number, page: string): Promise<Record<string, unknown> | undefined> {
	try {
		const answer = await fetch(`http://127.0.0.1:${port}/${page}`, { signal: AbortSignal.timeout(5_000) });
		return answer.ok ? ((await answer.json()) as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}
