import { connect, jwtAuthenticator, type NatsConnection, nkeyAuthenticator } from "nats";
import {
	ACCOUNTS,
	type AccountRules,
	accountClaims,
	accountJwts,
	operatorJwt,
	systemAccountJwt,
} from "../../components/identity/accounts";
import { createAuthority, createServerCertificate } from "../../components/identity/certificates";
import {
	adminCreds,
	deviceCreds,
	devicePublicKey,
	roleClaims,
	systemCreds,
} from "../../components/identity/credentials";
import { encodeUser } from "../../components/identity/jwt";
import {
	accountSeeds,
	createKeys,
	deviceProgramSeed,
	deviceSigning,
	type Keys,
	staffSeed,
} from "../../components/identity/keys";
import { createSeed, publicKey } from "../../components/identity/nkey";
import { pushAccount } from "../../components/identity/push";
import type { Connection } from "../../control/connection";
import { type Control, control } from "../../control/control";
import { type ClusterOptions, hubServerName, renderHubConf } from "../../render/hub";
import { renderLeafConf } from "../../render/leaf";
import type { ConsumerConfig, StreamConfig } from "../../topology/jetstream";
import { deviceLimits } from "../../topology/limits-by-role";
import type { Topology } from "../../topology/model";
import { ADMIN_API, adminApi, adminRole, deviceRole, downlinkStreams } from "../../topology/permissions";
import { benchTopology } from "./bench-fleet";
import { eventually } from "./eventually";
import { freePorts } from "./ports";
import { makeServers, type Server } from "./servers";

export interface BenchOptions {
	/** @default 1 */
	readonly nodes?: 1 | 3;
	/** What the servers are configured for. @default the bench's own fleet, `edge1` to `edge9` */
	readonly topology?: Topology;
	/** Names of the hub's streams that feed devices. @default those of `topology` */
	readonly downlinks?: readonly string[];
	/** Other rules than those of the downlinks, for a test that must fail with them. */
	readonly rules?: Partial<AccountRules>;
	/** Another configuration of the hub, from the text of the usual one, for a test that must fail with it. */
	readonly conf?: (text: string) => string;
	/** Routes as on AWS, by TLS and compressed. @default in the clear */
	readonly routesAsOnAws?: boolean;
	/** Devices and the administrator in the account of the streams, as without the split, for a test that must fail with it. */
	readonly oneAccount?: boolean;
	/** Further names and addresses that devices know the hub by, in its certificate. @default none */
	readonly names?: readonly string[];
	/** The nats-server of the hub. @default the one on PATH */
	readonly program?: string;
	/** Where a node of the hub stores, another disk for example, by its number from 0. @default a folder of the bench by its name */
	readonly hubStores?: Readonly<Record<number, string>>;
}

export interface Edge {
	readonly server: Server;
	/** A program on the device, without credentials. */
	readonly client: NatsConnection;
	/** Whoever has the key of the device program. */
	readonly owner: NatsConnection;
}

export interface EdgeOptions {
	/** @default every node of the hub */
	readonly urls?: readonly string[];
	/** Another fleet than the bench's own, which knows the device. */
	readonly topology?: Topology;
	/** Another server than the pinned one, for its first start. */
	readonly program?: string;
	/** Where it stores, another disk for example. @default a folder of the bench by its name */
	readonly storeDir?: string;
	/** Known to be of no cluster, as without leafline's, for a test that must fail with it. @default false */
	readonly evictable?: boolean;
}

/** A hub and devices: real servers, with the configurations and identities that a user gets, accounts pushed. */
export interface Bench {
	readonly keys: Keys;
	readonly hubs: readonly Server[];
	/** PEM of the authority that signed the leaf ports' certificate. */
	readonly ca: string;
	/** How the provider reaches the hub. */
	readonly connection: Connection;
	readonly control: Control;
	/** Pushes accounts made of other rules; each push is newer than the last. */
	push(rules: Partial<AccountRules>): Promise<void>;
	/** Starts a device, as the program would configure it, with a link to `urls` or every node. Waits until the hub reaches its JetStream. */
	startEdge(name: string, options?: EdgeOptions): Promise<Edge>;
	/** One request of a domain's JetStream API through the control leaf. @throws on an error in the reply */
	api(domain: string, endpoint: string, body?: unknown): Promise<Record<string, unknown>>;
	credentials(device: string): string;
	/** What a device's server calls its cluster. */
	clusterOf(device: string): string;
	/** A client on the hub's client port whom no role limits, in the account of this seed. */
	join(account: string): Promise<NatsConnection>;
	/** File with the seed of the user as which a started device's own program connects. */
	programKey(device: string): string;
	path(name: string): string;
	close(): Promise<void>;
}

/** A new user of an account given by its seed, whom nothing limits. */
export function unlimitedUser(keys: Pick<Keys, "createdAt">, name: string, account: string) {
	const seed = createSeed("U");
	const claims = { subs: -1, data: -1, payload: -1 };
	const signature = { seed: account, issuedAt: keys.createdAt };
	return { token: encodeUser({ name, subject: publicKey(seed), claims }, signature), seed };
}

/** For `conf`: a hub that tells each leaf connection what the others listen to. */
export const withoutIsolation = (text: string) =>
	text.replace("isolate_leafnode_interest: true", "isolate_leafnode_interest: false");

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
	const servers = makeServers();
	try {
		return await start(servers, options);
	} catch (error) {
		await servers.close();
		throw error;
	}
}

async function start(servers: ReturnType<typeof makeServers>, options: BenchOptions): Promise<Bench> {
	const { nodes = options.topology?.settings.hub.nodes ?? 1, oneAccount = false, conf = (text) => text } = options;
	const { topology = benchTopology(nodes) } = options;
	const { downlinks = options.topology ? downlinkStreams(options.topology) : [] } = options;
	const keys = createKeys();
	const now = Date.now();
	const { caPem, serverCert, serverKey } = await createServerCertificate(
		await createAuthority(now),
		["localhost", "127.0.0.1", ...(options.names ?? [])],
		now,
	);
	const files = {
		ca: servers.write("ca.pem", caPem),
		cert: servers.write("tls.crt", serverCert),
		key: servers.write("tls.key", serverKey),
	};
	const ports = await freePorts(nodes * 4);
	const members = Array.from({ length: nodes }, (_, node) => {
		const [client = 0, leaf = 0, route = 0, monitor = 0] = ports.slice(node * 4);
		return { name: hubServerName(topology, node), node, client, leaf, route, monitor };
	});
	const peers = options.routesAsOnAws ? await routesAsOnAws(servers, now) : {};
	const routes = members.map(({ route }) => `nats-route://127.0.0.1:${route}`);
	const hubs = members.map(({ name, node, client, leaf, route, monitor }) =>
		servers.add(
			name,
			{ client, leaf, route, monitor },
			conf(
				renderHubConf(topology, {
					node,
					operatorJwt: operatorJwt(keys),
					systemAccount: publicKey(keys.system),
					preload: { [publicKey(keys.system)]: systemAccountJwt(keys) },
					tls: { cert: files.cert, key: files.key },
					storeDir: options.hubStores?.[node] ?? servers.path(name),
					clientListen: `127.0.0.1:${client}`,
					leafListen: `127.0.0.1:${leaf}`,
					monitorListen: `127.0.0.1:${monitor}`,
					address: "127.0.0.1",
					...(nodes > 1 && { cluster: { listen: `127.0.0.1:${route}`, routes, ...peers } }),
				}),
			),
		),
	);
	await Promise.all(hubs.map((hub) => hub.start(running(options.program))));

	const urls = members.map(({ leaf }) => `tls://127.0.0.1:${leaf}`);
	const direct = { direct: true };
	const connection: Connection = {
		urls,
		ca: caPem,
		adminCreds: oneAccount ? adminAmongStreams(keys) : adminCreds(keys, direct),
		systemCreds: systemCreds(keys, direct),
	};
	const open = await control(connection);
	const clients: NatsConnection[] = [];
	let issued = keys.createdAt;
	const usual: AccountRules = { role: deviceRole(downlinks), limits: deviceLimits(topology) };
	const bench: Bench = {
		keys,
		hubs,
		ca: caPem,
		connection,
		control: open,
		path: servers.path,
		credentials: (device) =>
			deviceCreds({ ...deviceSigning(keys), ...(oneAccount && { devicesAccount: publicKey(keys.hub) }) }, device),
		clusterOf: (device) => devicePublicKey(deviceSigning(keys), device),
		async join(account) {
			const { token, seed } = unlimitedUser(keys, "unlimited", account);
			const authenticator = jwtAuthenticator(token, new TextEncoder().encode(seed));
			const client = await connect({ servers: `nats://127.0.0.1:${members[0]?.client}`, authenticator });
			clients.push(client);
			return client;
		},
		programKey: (device) => servers.path(`${device}.nk`),
		async push(rules) {
			issued = Math.max(issued + 1, Math.floor(Date.now() / 1000));
			const claims = accountClaims(keys, { ...usual, ...options.rules, ...rules });
			const { signing_keys = [] } = claims.devices;
			const mappings = { [`${ADMIN_API}.>`]: [{ subject: "$JS.API.>" }] };
			const hub = oneAccount ? { ...claims.hub, signing_keys, mappings } : claims.hub;
			const jwts = accountJwts(accountSeeds(keys), { ...claims, hub }, issued);
			for (const account of ACCOUNTS) await pushAccount(open.system, jwts[account], nodes);
			await open.ready();
		},
		async startEdge(name, { urls: given = urls, topology: of = topology, program, storeDir, evictable = false } = {}) {
			const [port = 0, monitor = 0] = await freePorts(2);
			const credentials = servers.write(`${name}.creds`, bench.credentials(name));
			const programSeed = deviceProgramSeed(keys.fleetSecret, name);
			servers.write(`${name}.nk`, programSeed);
			const server = servers.add(
				name,
				{ client: port, monitor },
				renderLeafConf(of, name, {
					urls: given,
					...(!evictable && { cluster: bench.clusterOf(name) }),
					credentials,
					ca: files.ca,
					storeDir: storeDir ?? servers.path(name),
					clientPort: port,
					deviceProgram: publicKey(programSeed),
					monitorPort: monitor,
				}),
			);
			await server.start(running(program));
			const options = {
				servers: `nats://127.0.0.1:${port}`,
				maxReconnectAttempts: -1,
				reconnectTimeWait: 100,
				waitOnFirstConnect: true,
			};
			const client = await connect(options);
			const owner = await connect({ ...options, authenticator: nkeyAuthenticator(Buffer.from(programSeed)) });
			clients.push(client, owner);
			await eventually(() => bench.api(name, "INFO"), { what: `the hub reaches ${name}` });
			return { server, client, owner };
		},
		api: async (domain, endpoint, body) => {
			const reply = await open.request(`${adminApi(domain)}.${endpoint}`, body, { timeoutMs: 5_000 });
			const { error, ...rest } = reply as Record<string, unknown>;
			if (error) throw new Error(`${domain} ${endpoint}: ${JSON.stringify(error)}`);
			return rest;
		},
		async close() {
			await Promise.all(clients.map((client) => client.close()));
			await open.close();
			await servers.close();
		},
	};
	try {
		await bench.push({});
		return bench;
	} catch (error) {
		await bench.close();
		throw error;
	}
}

const running = (program: string | undefined) => (program === undefined ? {} : { program });

/** Credentials of an administrator in the account of the streams. */
function adminAmongStreams(keys: Keys): string {
	const seed = staffSeed(keys.fleetSecret, "admin among streams");
	const user = { name: "admin", subject: publicKey(seed), claims: roleClaims(adminRole({ direct: true })) };
	const token = encodeUser(user, { seed: keys.hub, issuedAt: keys.createdAt });
	const part = (kind: string, text: string) => `-----BEGIN ${kind}-----\n${text}\n------END ${kind}------\n`;
	return `${part("NATS USER JWT", token)}\n${part("USER NKEY SEED", seed)}`;
}

async function routesAsOnAws(
	servers: ReturnType<typeof makeServers>,
	now: number,
): Promise<Pick<ClusterOptions, "compression" | "tls">> {
	const authority = await createAuthority(now);
	const { caPem, serverCert, serverKey } = await createServerCertificate(authority, ["127.0.0.1"], now, "peer");
	const tls = {
		ca: servers.write("routes-ca.pem", caPem),
		cert: servers.write("routes.crt", serverCert),
		key: servers.write("routes.key", serverKey),
	};
	return { compression: "s2_fast", tls };
}

/** A stream that keeps all that a test stores, with what is different. On a device, it must state a limit. */
export function streamConfig(name: string, more: Partial<StreamConfig> = {}): StreamConfig {
	const usual = { retention: "limits", storage: "file", discard: "old", num_replicas: 1 } as const;
	return { name, ...usual, max_msgs: -1, max_bytes: 128 * 1024 ** 2, max_age: 0, ...more };
}

/** The durable consumer that another domain sources through. */
export function sourcingConsumer(
	name: string,
	deliver: string,
	filter?: string,
): { stream_name?: string; config: ConsumerConfig } {
	return {
		config: {
			name,
			durable_name: name,
			deliver_subject: deliver,
			ack_policy: "flow_control",
			flow_control: true,
			idle_heartbeat: 1_000_000_000,
			deliver_policy: "all",
			replay_policy: "instant",
			max_ack_pending: 1_000,
			...(filter !== undefined && { filter_subject: filter }),
		},
	};
}
