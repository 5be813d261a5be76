import { readdirSync, readFileSync } from "node:fs";
import type { NatsConnection } from "nats";
import type { Connection } from "../../control/connection";
import { type BenchOptions, type Edge, startBench as startServers } from "../support/bench";
import { eventually } from "../support/eventually";

/** A real hub with leaf nodes behind it, of which the provider is told the connection only. */
export interface Bench {
	readonly connection: Connection;
	/** Of the hub's client port, for those who do not come through the leaf port. */
	readonly directUrl: string;
	/** Starts a device's server, or starts it again with its old store. */
	startDevice(name: string): Promise<void>;
	/** Starts a server of the hub again: `hub`, or with three nodes `hub_1` to `hub_3`. @param program in place of nats-server */
	start(name: string, program?: string): Promise<void>;
	/** With -9. */
	kill(name: string): Promise<void>;
	/** Lets a server hang, with its connections open, until it is resumed. */
	pause(name: string): void;
	resume(name: string): void;
	/** A file or folder of the servers; that of a server's name holds its streams. */
	path(name: string): string;
	/** A program on a device. */
	device(name: string): NatsConnection;
	/** Whoever has the key of a device's own program, and may do anything there. */
	owner(name: string): NatsConnection;
	stop(): Promise<void>;
}

export async function startBench(options?: BenchOptions): Promise<Bench> {
	const servers = await startServers(options);
	const edges = new Map<string, Edge>();
	const [hub] = servers.hubs;
	const server = (name: string) => {
		const found = servers.hubs.find((node) => node.name === name) ?? edges.get(name)?.server;
		if (!found)
			throw new Error(`no server ${name}, but ${servers.hubs.map((node) => node.name)} and ${[...edges.keys()]}`);
		return found;
	};
	const edge = (name: string) => {
		const found = edges.get(name);
		if (!found) throw new Error(`${name} was not started`);
		return found;
	};
	return {
		connection: servers.connection,
		directUrl: `nats://127.0.0.1:${hub?.ports.client}`,
		startDevice: async (name) => {
			const known = edges.get(name);
			if (known) await known.server.start();
			else edges.set(name, await servers.startEdge(name));
		},
		start: async (name, program) => server(name).start(program === undefined ? {} : { program }),
		kill: async (name) => server(name).kill(),
		pause: (name) => process.kill(pidOf(servers.path(`${name}.conf`)), "SIGSTOP"),
		resume: (name) => process.kill(pidOf(servers.path(`${name}.conf`)), "SIGCONT"),
		path: (name) => servers.path(name),
		device: (name) => edge(name).client,
		owner: (name) => edge(name).owner,
		stop: () => servers.close(),
	};
}

/** The server that runs on this configuration. */
function pidOf(configuration: string): number {
	const pid = readdirSync("/proc").find((entry) => {
		if (!/^\d+$/.test(entry)) return false;
		try {
			const [program = "", ...args] = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
			return program.endsWith("nats-server") && args.includes(configuration);
		} catch {
			return false;
		}
	});
	if (!pid) throw new Error(`no server runs on ${configuration}`);
	return Number(pid);
}

/** Waits until `condition` holds. @throws after `within` ms, naming what was waited for */
export async function until(condition: () => boolean | Promise<boolean>, what: string, within = 15_000): Promise<void> {
	await eventually(async () => condition(), { what, within });
}
