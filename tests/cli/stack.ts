import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { LOCAL_ROOT, leafDir, SERVER_FILES } from "../../components/daemon/layout";
import { LOG_FILE, RECORD_FILE } from "../../components/daemon/record";
import {
	ACCOUNTS,
	accountClaims,
	accountJwts,
	operatorJwt,
	systemAccountJwt,
} from "../../components/identity/accounts";
import { createAuthority, createServerCertificate } from "../../components/identity/certificates";
import { adminCreds, deviceCreds, systemCreds } from "../../components/identity/credentials";
import { accountSeeds, createKeys, deviceSigning, type Keys, publicKey } from "../../components/identity/keys";
import { pushAccount } from "../../components/identity/push";
import { linkStates } from "../../components/links/control";
import type { StackOutputs } from "../../contract/outputs";
import { startTime } from "../../system/process";
import { expandEdge } from "../../topology/edge";
import { deliverSubject, HUB_CONSUMER } from "../../topology/names";
import { ADMIN_API, deviceRole, type Role } from "../../topology/permissions";
import { stackFixture } from "../contract/fixture";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { makeServers } from "../support/servers";

/**
 * A small local stack of real servers, as its outputs describe it: a hub, devices, and links that can be cut. Without
 * the engine, so that it stands in a second; one class, `sensor`, that takes `vehicle.>`.
 */
export interface Stack {
	readonly dir: string;
	readonly outputs: StackOutputs;
	/** For `--outputs`. */
	readonly outputsFile: string;
	/** For the command line: with a cache folder of its own. */
	readonly env: NodeJS.ProcessEnv;
	/** A connection to a device's loopback port, or as administrator to the hub. */
	connect(to: string): Promise<NatsConnection>;
	/** Text of a device's credentials file. */
	credentials(device: string): string;
	/** `program` in place of nats-server. */
	start(name: string, program?: string): Promise<void>;
	log(name: string): string;
	/** With -9. */
	kill(name: string): Promise<void>;
	/** Pushes what devices may say and hear from now on, as an update does. */
	permit(role: Role): Promise<void>;
	/** Writes other outputs and gives the file's path. */
	write(name: string, outputs: unknown): string;
	stop(): Promise<void>;
}

export async function startStack(devices: readonly string[]): Promise<Stack> {
	const servers = makeServers();
	const dir = servers.folder;
	const [leaf = 0, client = 0, monitor = 0, ...rest] = await freePorts(3 + 2 * devices.length);
	const clientPort = (device: string) => rest[2 * devices.indexOf(device)] ?? 0;
	const linkPort = (device: string) => rest[2 * devices.indexOf(device) + 1] ?? 0;
	const keys = createKeys();
	const { caPem, serverCert, serverKey } = await certificates();
	const tls = { ca: servers.write("ca.pem", caPem), cert: servers.write("tls.crt", serverCert) };
	const hubTls = { cert: tls.cert, key: servers.write("tls.key", serverKey) };
	const all = new Map([["hub", servers.add("hub", { client }, hubConf(keys, dir, { leaf, client, monitor }, hubTls))]]);
	for (const device of devices) {
		mkdirSync(folderOf(dir, device), { recursive: true });
		symlinkSync(join(dir, `${device}.log`), join(folderOf(dir, device), LOG_FILE));
		const creds = join(folderOf(dir, device), SERVER_FILES.credentials);
		writeFileSync(creds, deviceCreds(deviceSigning(keys), device), { mode: 0o600 });
		const conf = leafConf(dir, device, { client: clientPort(device), link: linkPort(device), creds, ca: tls.ca });
		all.set(device, servers.add(device, { client: clientPort(device) }, conf));
	}
	servers.write("Pulumi.yaml", "name: leafline\n");

	const outputs = stackFixture({
		devices: Object.fromEntries(devices.map((it) => [it, { clientPort: clientPort(it), linkPort: linkPort(it) }])),
		ports: { leaf, client, monitor },
		ca: caPem,
		access: {
			adminCreds: adminCreds(keys, { direct: true }),
			systemCreds: systemCreds(keys, { direct: true }),
			readerCreds: {},
		},
	});
	const write = (name: string, value: unknown) => servers.write(name, JSON.stringify(value));
	const connections: NatsConnection[] = [];
	let links: ChildProcess | undefined;
	let pushes = 0;
	const stack: Stack = {
		dir,
		outputs,
		outputsFile: write("outputs.json", outputs),
		write,
		credentials: (device) => deviceCreds(deviceSigning(keys), device),
		log: (name) => all.get(name)?.log() ?? "",
		connect: async (to) => {
			const creds = new TextEncoder().encode(outputs.access?.adminCreds);
			const connection = await connect({
				servers: `127.0.0.1:${to === "hub" ? client : clientPort(to)}`,
				maxReconnectAttempts: -1,
				reconnectTimeWait: 100,
				...(to === "hub" && { authenticator: credsAuthenticator(creds) }),
			});
			connections.push(connection);
			return connection;
		},
		env: { ...process.env, XDG_CACHE_HOME: join(dir, "cache") },
		start: async (name, program) => {
			await all.get(name)?.start(program ? { program } : {});
			if (name !== "hub") await writeRecord(folderOf(dir, name), name);
		},
		kill: async (name) => all.get(name)?.kill(),
		permit: async (role) => {
			const creds = new TextEncoder().encode(outputs.access?.systemCreds);
			const system = await connect({ servers: `127.0.0.1:${client}`, authenticator: credsAuthenticator(creds) });
			try {
				pushes++;
				const claims = accountClaims(keys, { role });
				await pushAccount(system, accountJwts(accountSeeds(keys), claims, keys.createdAt + pushes).devices, 1);
			} finally {
				await system.close();
			}
		},
		stop: async () => {
			await Promise.all(connections.map((it) => it.close()));
			links?.kill("SIGKILL");
			await servers.close();
		},
	};
	try {
		links = await startLinks(dir, devices, linkPort, leaf);
		await stack.start("hub");
		// A hub without a store loads its accounts when they are first asked for, and takes from leaf nodes that come
		// at that moment the subscriptions of their API for as long as they are connected (2.15.2, `processSubsOnConfigReload`).
		await (await stack.connect("hub")).flush();
		await Promise.all(devices.map((name) => stack.start(name)));
		await createStreams(stack, devices);
	} catch (error) {
		const logs = [...all.values()].map((server) => `${server.name}:\n${server.log()}`);
		await stack.stop();
		throw new Error(`${error}\n${logs.join("\n")}`);
	}
	return stack;
}

const folderOf = (dir: string, device: string) => leafDir(join(dir, LOCAL_ROOT), device);

/** What the stack's own starter leaves of a device's process. */
async function writeRecord(folder: string, name: string): Promise<void> {
	const pids = () =>
		readdirSync(folder).flatMap((file) => Number(/^nats-server_(\d+)\.ports$/.exec(file)?.[1] ?? "0") || []);
	await eventually(() => pids().some((pid) => startTime(pid) !== undefined), { what: `${name} writes down its ports` });
	const pid = pids().find((each) => startTime(each) !== undefined) ?? 0;
	const facts = { name, generation: 1, hash: "", ports: [], files: [SERVER_FILES.credentials] };
	writeFileSync(join(folder, RECORD_FILE), `${pid}\n${startTime(pid)}\n${JSON.stringify(facts)}\n`);
}

async function startLinks(
	dir: string,
	devices: readonly string[],
	linkPort: (device: string) => number,
	leaf: number,
): Promise<ChildProcess> {
	const folder = join(dir, ".leafline/local/links");
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const target = { host: "127.0.0.1", port: leaf };
	const links = Object.fromEntries(devices.map((device) => [device, { listen: linkPort(device), target }]));
	writeFileSync(join(folder, "spec.json"), JSON.stringify({ links }));
	const child = spawn(process.execPath, [resolve("bin/components/links/links.js")], { cwd: folder, stdio: "ignore" });
	await eventually(async () => (await linkStates(folder)) !== undefined, { what: "the links answer" });
	return child;
}

function certificates() {
	const now = Date.now();
	return createAuthority(now).then((authority) => createServerCertificate(authority, ["localhost", "127.0.0.1"], now));
}

/** What leafline makes on a device. */
function wanted(device: string) {
	const group = {
		group: "all",
		devices: { [device]: {} },
		classes: {
			sensor: {
				direction: "uplink",
				accepts: ["vehicle.>"],
				storage: "file",
				discard: "new",
				maxBytes: 256 << 20,
				maxAgeMs: 0,
				window: 1000,
				sourcing: "durable",
			},
		},
	} as const;
	return expandEdge(group, device);
}

/** A device's stream, and the consumer that the hub sources through. */
export async function createEdge(edge: NatsConnection, device: string): Promise<void> {
	for (const { stream } of wanted(device)) await api(edge, `$JS.API.STREAM.CREATE.${stream.name}`, stream);
	await createConsumer(edge, device);
}

export async function createConsumer(edge: NatsConnection, device: string): Promise<void> {
	for (const { stream, consumer } of wanted(device)) {
		const body = { stream_name: stream.name, config: consumer };
		await api(edge, `$JS.API.CONSUMER.CREATE.${stream.name}.${HUB_CONSUMER}`, body);
	}
}

/** Streams and consumers of devices, and the hub's that sources them. */
async function createStreams(stack: Stack, devices: readonly string[]): Promise<void> {
	for (const device of devices) await createEdge(await stack.connect(device), device);
	await api(await stack.connect("hub"), `${ADMIN_API}.STREAM.CREATE.hub_sensor`, {
		name: "hub_sensor",
		retention: "limits",
		storage: "file",
		discard: "old",
		num_replicas: 1,
		max_msgs: -1,
		max_bytes: -1,
		max_age: 0,
		metadata: { "leafline.owner": "leafline/local" },
		sources: devices.map((device) => ({
			name: `${device}_sensor`,
			consumer: { name: HUB_CONSUMER, deliver_subject: deliverSubject(device, "sensor") },
			external: { api: `$JS.${device}.API`, deliver: "" },
			subject_transforms: [{ src: "*.*.>", dest: `${device}.sensor.>` }],
		})),
	});
}

/** One request of the JSON API. @throws on an error in the reply */
export async function api(connection: NatsConnection, subject: string, body?: unknown) {
	const payload = body === undefined ? "" : JSON.stringify(body);
	const reply = (await connection.request(subject, payload, { timeout: 5000 })).json<Record<string, unknown>>();
	if (reply.error) throw new Error(`${subject}: ${JSON.stringify(reply.error)}`);
	return reply;
}

interface HubPorts {
	readonly leaf: number;
	readonly client: number;
	readonly monitor: number;
}

function hubConf(keys: Keys, dir: string, ports: HubPorts, tls: { cert: string; key: string }): string {
	const seeds = accountSeeds(keys);
	const jwts = accountJwts(seeds, accountClaims(keys, { role: deviceRole([]) }), keys.createdAt);
	return `server_name: hub
listen: "127.0.0.1:${ports.client}"
http: "127.0.0.1:${ports.monitor}"
operator: ${operatorJwt(keys)}
system_account: ${publicKey(keys.system)}
resolver { type: full, dir: "${dir}/accounts", allow_delete: false, interval: "10s", timeout: "500ms" }
resolver_preload {
  ${publicKey(keys.system)}: ${systemAccountJwt(keys)}
${ACCOUNTS.map((account) => `  ${publicKey(seeds[account])}: ${jwts[account]}`).join("\n")}
}
jetstream { store_dir: "${dir}/hub", domain: hub, max_mem: 64M, max_file: 4G }
feature_flags { js_api_reply_v2: true }
leafnodes {
  listen: "127.0.0.1:${ports.leaf}"
  tls { cert_file: "${tls.cert}", key_file: "${tls.key}", min_version: "1.3", handshake_first: true, timeout: 10 }
}
`;
}

function leafConf(
	dir: string,
	device: string,
	at: { readonly client: number; readonly link: number; readonly creds: string; readonly ca: string },
): string {
	return `server_name: ${device}
listen: "127.0.0.1:${at.client}"
http: "127.0.0.1:-1"
ports_file_dir: "${folderOf(dir, device)}"
jetstream { store_dir: "${dir}/${device}", domain: ${device}, max_mem: 64M, max_file: 1G }
feature_flags { js_api_reply_v2: true, js_ack_fc_v2: true }
leafnodes {
  reconnect: 1s
  remotes: [ {
    urls: ["tls://127.0.0.1:${at.link}"]
    credentials: "${at.creds}"
    ignore_discovered_servers: true
    tls { ca_file: "${at.ca}", min_version: "1.3", handshake_first: true, timeout: 10 }
  } ]
}
`;
}
