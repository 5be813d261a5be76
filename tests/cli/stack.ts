import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect, type NatsConnection } from "nats";
import { accountClaims, accountJwts, operatorJwt, systemAccountJwt } from "../../components/identity/accounts";
import { adminCreds, deviceCreds, systemCreds } from "../../components/identity/credentials";
import { createKeys, deviceSigning, type Keys, publicKey } from "../../components/identity/keys";
import { linkStates } from "../../components/links/control";
import type { StackOutputs } from "../../contract/outputs";
import { deviceRole, shares } from "../../topology/permissions";
import { stackFixture } from "../contract/fixture";

/**
 * A small local stack of real servers, as the outputs describe it: a hub, devices, and links that can be cut. Without
 * the engine, so that it stands in a second; one class, `sensor`, that takes `vehicle.>`.
 */
export interface Stack {
	readonly dir: string;
	readonly outputs: StackOutputs;
	/** For `--outputs`. */
	readonly outputsFile: string;
	readonly ports: { readonly leaf: number; readonly client: number; readonly monitor: number };
	/** A connection to a device's loopback port, or as administrator to the hub. */
	connect(to: string): Promise<NatsConnection>;
	start(name: string): Promise<void>;
	/** With -9. */
	kill(name: string): Promise<void>;
	stop(): Promise<void>;
}

export async function startStack(
	devices: readonly string[],
	options: { readonly maxBytes?: number; readonly clientAddress?: string } = {},
): Promise<Stack> {
	const dir = mkdtempSync(join(tmpdir(), "leafline-cli-"));
	const ports = await freePorts(3 + 2 * devices.length);
	const [leaf = 0, client = 0, monitor = 0] = ports;
	const clientPort = (device: string) => ports[3 + 2 * devices.indexOf(device)] ?? 0;
	const linkPort = (device: string) => ports[4 + 2 * devices.indexOf(device)] ?? 0;
	const keys = createKeys();
	const processes = new Map<string, ChildProcess>();
	const connections: NatsConnection[] = [];

	const write = (name: string, text: string) => writeFileSync(join(dir, name), text, { mode: 0o600 });
	write("hub.conf", hubConf({ keys, dir, leaf, client, monitor, address: options.clientAddress ?? "127.0.0.1" }));
	for (const device of devices) {
		write(`${device}.creds`, deviceCreds(deviceSigning(keys), device));
		write(`${device}.conf`, leafConf(dir, device, clientPort(device), linkPort(device)));
	}
	const linksDir = join(dir, ".leafline/local/links");
	mkdirSync(linksDir, { recursive: true, mode: 0o700 });
	const links = devices.map((device) => [
		device,
		{ listen: linkPort(device), target: { host: "127.0.0.1", port: leaf } },
	]);
	writeFileSync(join(linksDir, "spec.json"), JSON.stringify({ links: Object.fromEntries(links) }));
	write("Pulumi.yaml", "name: leafline\n");

	const outputs = stackFixture({
		devices: Object.fromEntries(devices.map((it) => [it, { clientPort: clientPort(it), linkPort: linkPort(it) }])),
		ports: { leaf, client, monitor },
		access: {
			adminCreds: adminCreds(keys, { direct: true }),
			systemCreds: systemCreds(keys, { direct: true }),
			readerCreds: {},
		},
	});
	write("outputs.json", JSON.stringify(outputs));

	const start = async (name: string) => {
		const command: [string, string[], string] =
			name === "links"
				? [process.execPath, [resolve("bin/components/links/links.js")], linksDir]
				: ["nats-server", ["-c", join(dir, `${name}.conf`), "-l", join(dir, `${name}.log`)], dir];
		processes.set(name, spawn(command[0], command[1], { cwd: command[2], stdio: "ignore" }));
		if (name === "links") await until(() => linkStates(linksDir), "the links answer");
		else await until(() => listens(name === "hub" ? client : clientPort(name)), `${name} listens`);
	};
	const kill = async (name: string) => {
		const child = processes.get(name);
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((done) => child.once("exit", done));
		child.kill("SIGKILL");
		await ended;
	};
	const stack: Stack = {
		dir,
		outputs,
		outputsFile: join(dir, "outputs.json"),
		ports: { leaf, client, monitor },
		connect: async (to) => {
			const url = `127.0.0.1:${to === "hub" ? client : clientPort(to)}`;
			const creds = new TextEncoder().encode(outputs.access?.adminCreds ?? "");
			const { credsAuthenticator } = await import("nats");
			const authenticator = to === "hub" ? { authenticator: credsAuthenticator(creds) } : {};
			const connection = await connect({
				servers: url,
				maxReconnectAttempts: -1,
				reconnectTimeWait: 100,
				...authenticator,
			});
			connections.push(connection);
			return connection;
		},
		start,
		kill,
		stop: async () => {
			await Promise.all(connections.map((it) => it.close()));
			await Promise.all([...processes.keys()].map(kill));
			rmSync(dir, { recursive: true, force: true });
		},
	};
	try {
		await start("hub");
		await start("links");
		await Promise.all(devices.map(start));
		await createStreams(stack, devices, options.maxBytes ?? 64 << 20);
	} catch (error) {
		const logs = ["hub", ...devices].map((name) => quietly(() => readFileSync(join(dir, `${name}.log`), "utf8")));
		await stack.stop();
		throw new Error(`${error}\n${logs.join("\n")}`);
	}
	return stack;
}

const SECOND = 1_000_000_000;

async function createStreams(stack: Stack, devices: readonly string[], maxBytes: number): Promise<void> {
	const stream = { retention: "limits", storage: "file", num_replicas: 1, max_msgs: -1, max_age: 0 };
	for (const device of devices) {
		const name = `${device}_sensor`;
		const edge = await stack.connect(device);
		await api(edge, `$JS.API.STREAM.CREATE.${name}`, {
			...stream,
			name,
			subjects: [`${device}.sensor.>`, "vehicle.>"],
			subject_transform: { src: "vehicle.>", dest: `${device}.sensor.vehicle.>` },
			discard: "new",
			max_bytes: maxBytes,
		});
		await api(edge, `$JS.API.CONSUMER.CREATE.${name}.hub`, {
			stream_name: name,
			config: {
				durable_name: "hub",
				deliver_subject: `deliver.${device}.sensor`,
				deliver_policy: "all",
				ack_policy: "flow_control",
				flow_control: true,
				idle_heartbeat: SECOND,
				max_ack_pending: 1000,
				replay_policy: "instant",
			},
		});
	}
	const hub = await stack.connect("hub");
	await api(hub, "$JS.hub.API.STREAM.CREATE.hub_sensor", {
		...stream,
		name: "hub_sensor",
		discard: "old",
		max_bytes: -1,
		sources: devices.map((device) => ({
			name: `${device}_sensor`,
			consumer: { name: "hub", deliver_subject: `deliver.${device}.sensor` },
			external: { api: `$JS.${device}.API`, deliver: "" },
			subject_transforms: [{ src: "*.*.>", dest: `${device}.sensor.>` }],
		})),
	});
}

/** One request; repeated while nobody answers, for a leaf takes a moment to connect. */
export async function api(
	connection: NatsConnection,
	subject: string,
	body?: unknown,
): Promise<Record<string, unknown>> {
	let reply: { error?: { description: string } } = {};
	await until(async () => {
		const message = await connection.request(subject, body === undefined ? "" : JSON.stringify(body), {
			timeout: 1000,
		});
		reply = message.json();
		return true;
	}, subject);
	if (reply.error) throw new Error(`${subject}: ${reply.error.description}`);
	return reply as Record<string, unknown>;
}

function hubConf(at: {
	keys: Keys;
	dir: string;
	leaf: number;
	client: number;
	monitor: number;
	address: string;
}): string {
	const { keys } = at;
	const jwts = accountJwts(keys, accountClaims(keys, { role: deviceRole([]), shares: shares([]) }), keys.createdAt);
	return `server_name: hub
listen: "${at.address}:${at.client}"
http: "127.0.0.1:${at.monitor}"
operator: ${operatorJwt(keys)}
system_account: ${publicKey(keys.system)}
resolver: MEMORY
resolver_preload {
  ${publicKey(keys.system)}: ${systemAccountJwt(keys)}
  ${publicKey(keys.devices)}: ${jwts.devices}
  ${publicKey(keys.hub)}: ${jwts.hub}
}
jetstream { store_dir: "${at.dir}/hub", domain: hub, max_mem: 64M, max_file: 4G }
feature_flags { js_api_reply_v2: true }
leafnodes { listen: "127.0.0.1:${at.leaf}" }
`;
}

function leafConf(dir: string, device: string, client: number, link: number): string {
	return `server_name: ${device}
listen: "127.0.0.1:${client}"
jetstream { store_dir: "${dir}/${device}", domain: ${device}, max_mem: 64M, max_file: 1G }
feature_flags { js_api_reply_v2: true, js_ack_fc_v2: true }
leafnodes {
  reconnect: 1s
  remotes: [ { urls: ["nats-leaf://127.0.0.1:${link}"], credentials: "${dir}/${device}.creds", ignore_discovered_servers: true } ]
}
`;
}

async function freePorts(count: number): Promise<number[]> {
	const servers = await Promise.all(
		Array.from({ length: count }, async () => {
			const server = createServer();
			await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
			return server;
		}),
	);
	const ports = servers.map((server) => (server.address() as { port: number }).port);
	await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
	return ports;
}

async function listens(port: number): Promise<boolean> {
	const connection = await connect({ servers: `127.0.0.1:${port}`, timeout: 500, reconnect: false }).catch((error) => {
		// The hub refuses who has no credentials, and so it is there.
		if (/AUTHORIZATION/i.test(String(error))) return undefined;
		throw error;
	});
	await connection?.close();
	return true;
}

/** Waits until `condition` gives something true without throwing. @throws after `ms`, naming what was waited for */
export async function until<T>(condition: () => T | Promise<T>, what: string, ms = 20_000): Promise<T> {
	const deadline = Date.now() + ms;
	let last: unknown;
	while (Date.now() < deadline) {
		try {
			const value = await condition();
			if (value) return value;
		} catch (error) {
			last = error;
		}
		await new Promise((done) => setTimeout(done, 50));
	}
	throw new Error(`not within ${ms} ms: ${what}${last ? ` (${last})` : ""}`);
}

function quietly(get: () => string): string {
	try {
		return get();
	} catch {
		return "";
	}
}
