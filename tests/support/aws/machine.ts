import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PARAMETER } from "../../../render/node/files";
import { generationOf } from "../../../render/node/parameters";
import type { Server, Servers } from "../servers";
import { NodeError, type Places, writeNodeFiles } from "./machine-files";

/** One EC2 instance that runs a real nats-server, as the node script makes it do. */
export interface Machine {
	readonly id: string;
	readonly places: Places;
	/** Whether its server runs. */
	running(): boolean;
	/**
	 * What the node script does at boot and when it is applied. @returns the lines it says
	 * @param onRestart called before a server that runs is ended @throws NodeError
	 */
	apply(parameters: Readonly<Record<string, string>>, onRestart: () => void): Promise<string[]>;
	/** Ends the server: in good order, or as when the host dies. */
	stop(how: "shutdown" | "lost"): Promise<void>;
	/** Answer of the server's monitoring, for example `healthz`; undefined if there is none. */
	monitor(path: string): Promise<{ status: number; body: Record<string, unknown> } | undefined>;
	/** Everything its server ever wrote. */
	log(): string;
}

/** How long a node has to become healthy. */
const HEALTHY_WITHIN = 60_000;

export function makeMachine(id: string, places: Places, servers: Servers): Machine {
	let server: Server | undefined;
	let runs: { generation: string; release: string | undefined; unit: string | undefined } | undefined;
	const monitor: Machine["monitor"] = async (path) => {
		try {
			const response = await fetch(`http://${places.ownAddress}:8222/${path}`, { signal: AbortSignal.timeout(5000) });
			return { status: response.status, body: (await response.json()) as Record<string, unknown> };
		} catch {
			return undefined;
		}
	};
	const others = async () =>
		((await monitor("varz"))?.body.cluster as { urls?: string[] } | undefined)?.urls?.length ?? 0;
	const routes = async () => {
		const found = ((await monitor("routez"))?.body.routes ?? []) as { remote_name?: string }[];
		return new Set(found.map(({ remote_name }) => remote_name)).size;
	};

	const install = (conf: string) => {
		const text = readFileSync(conf, "utf8");
		server ??= servers.add(id, {}, text);
		server.configure(text);
		return server;
	};
	const end = async (signal: NodeJS.Signals) => {
		await server?.kill(signal);
		runs = undefined;
	};

	/** `reloaded` says no where the server could not take the change without a restart. */
	const reloaded = async (conf: string, digest: string): Promise<boolean> => {
		install(conf);
		const before = (await monitor("varz"))?.body.config_load_time;
		const pid = Number(readFileSync(join(places.root, "run", "nats-server.pid"), "utf8"));
		process.kill(pid, "SIGHUP");
		const deadline = Date.now() + 5_000;
		while (Date.now() < deadline) {
			await sleep(100);
			const { config_load_time, config_digest } = (await monitor("varz"))?.body ?? {};
			if (config_load_time !== before && config_digest === digest) return true;
		}
		return false;
	};

	const restart = async (conf: string, why: string, onRestart: () => void) => {
		const all = (await others()) - 1;
		const up = await routes();
		if (all > 0 && hasStreams(places.data) && up <= all / 2) {
			throw new NodeError(`only ${up} of the ${all} other nodes are connected: not restarted`);
		}
		onRestart();
		await end("SIGUSR2");
		await install(conf).start();
		return `restarting: ${why}`;
	};

	const healthy = async (): Promise<string> => {
		const deadline = Date.now() + HEALTHY_WITHIN;
		let alone = 0;
		let answer: unknown;
		while (Date.now() < deadline) {
			const health = await monitor("healthz");
			if (health?.status === 200) return "healthy";
			answer = health?.body ?? "no answer";
			const all = (await others()) - 1;
			// Servers that have stored nothing elect nobody before all of them are there.
			const waits = all > 0 && (await routes()) < all && !hasStreams(places.data);
			alone = waits ? alone + 1 : 0;
			if (alone >= 5) return "started; waits for the other nodes";
			await sleep(200);
		}
		throw new NodeError(`the hub is not healthy: ${JSON.stringify(answer)}`);
	};

	return {
		id,
		places,
		monitor,
		running: () => runs !== undefined,
		log: () => server?.log() ?? "",
		stop: (how) => end(how === "lost" ? "SIGKILL" : "SIGTERM"),
		async apply(parameters, onRestart) {
			const conf = writeNodeFiles(parameters, places);
			const digest = judge(conf);
			const generation = generationOf(parameters);
			const wanted = { generation, release: parameters[PARAMETER.release], unit: parameters[PARAMETER.unit] };
			const lines: string[] = [];
			const old = runs;
			if (old === undefined) {
				await install(conf).start();
				lines.push("starting nats-hub.service");
			} else if (old.release !== wanted.release) lines.push(await restart(conf, "another server", onRestart));
			else if (old.unit !== wanted.unit) lines.push(await restart(conf, "another unit", onRestart));
			else if (old.generation === generation) lines.push("nothing to do");
			else if (await reloaded(conf, digest)) lines.push("reloaded");
			else lines.push(await restart(conf, "the change cannot be reloaded", onRestart));
			runs = wanted;
			return [...lines, await healthy()];
		},
	};
}

/** The server itself judges its configuration. @returns its digest @throws NodeError */
function judge(conf: string): string {
	const { stdout, stderr } = spawnSync("nats-server", ["-t", "-c", conf], { encoding: "utf8" });
	const digest = /\((sha256:[^)]+)\)/.exec(`${stdout}${stderr}`)?.[1];
	if (digest !== undefined) return digest;
	throw new NodeError(`nats-server refuses parameter hub.conf: ${`${stdout}${stderr}`.trim().split("\n").pop()}`);
}

/** Whether anything is stored besides the server's own. */
function hasStreams(data: string): boolean {
	const accounts = join(data, "hub", "jetstream");
	if (!existsSync(accounts)) return false;
	return readdirSync(accounts).some((account) => {
		const streams = join(accounts, account, "streams");
		return existsSync(streams) && readdirSync(streams).length > 0;
	});
}

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
