import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Algorithms, encodeAccount, encodeOperator, encodeUser, fmtCreds, newScopedSigner } from "@nats-io/jwt";
import { connect, type NatsConnection } from "nats";
import { createAccount, createOperator, createUser } from "nkeys.js";
import type { Connection } from "../../components/streams/provider/connection";
import { sleep } from "../../components/streams/provider/wait";
import { makeAuthority } from "./authority";

/** A real hub in operator mode with leaf nodes behind it, as small as the provider's tests allow. */
export interface Bench {
	readonly folder: string;
	readonly connection: Connection;
	/** Starts a device's server, or starts it again with its old store. */
	startDevice(name: string): Promise<void>;
	kill(name: string): Promise<void>;
	startHub(): Promise<void>;
	/** Connection to a device's loopback port. */
	device(name: string): Promise<NatsConnection>;
	/** Pid of a running server. */
	pid(name: string): number | undefined;
	stop(): Promise<void>;
}

const UNLIMITED = { conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, subs: -1, wildcards: true };
const STORAGE = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
const NAME = "{{name()}}";

export async function startBench(): Promise<Bench> {
	const folder = mkdtempSync(join(tmpdir(), "leafline-streams-"));
	const identity = await makeIdentity();
	const authority = await makeAuthority();
	for (const [name, pem] of Object.entries(authority)) writeFileSync(join(folder, `${name}.pem`), pem, { mode: 0o600 });
	const clientPort = await freePort();
	const leafPort = await freePort();
	const processes = new Map<string, ChildProcess>();
	const devicePorts = new Map<string, number>();
	const connections: NatsConnection[] = [];

	const run = (name: string) => {
		const log = openSync(join(folder, `${name}.log`), "a");
		const child = spawn("nats-server", ["-c", join(folder, `${name}.conf`)], { stdio: ["ignore", log, log] });
		processes.set(name, child);
	};
	const kill = async (name: string) => {
		const child = processes.get(name);
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once("exit", resolve));
		child.kill("SIGKILL");
		await ended;
	};
	writeFileSync(
		join(folder, "hub.conf"),
		`server_name: hub
listen: "127.0.0.1:${clientPort}"
operator: ${identity.operator}
system_account: ${identity.systemKey}
resolver: { type: full, dir: "${folder}/jwt", allow_delete: false, interval: "2m" }
resolver_preload: { ${Object.entries(identity.accounts)
			.map(([key, jwt]) => `${key}: ${jwt}`)
			.join(", ")} }
jetstream { store_dir: "${folder}/hub", domain: hub, max_mem: 64M, max_file: 4G }
feature_flags { js_api_reply_v2: true }
leafnodes {
  listen: "127.0.0.1:${leafPort}"
  tls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem", handshake_first: true }
}
`,
	);
	const startHub = async () => {
		run("hub");
		await until(() => /Server is ready/.test(readFileSync(join(folder, "hub.log"), "utf8")), "the hub is ready");
	};
	const startDevice = async (name: string) => {
		if (!devicePorts.has(name)) {
			const port = await freePort();
			devicePorts.set(name, port);
			mkdirSync(join(folder, name), { recursive: true });
			writeFileSync(join(folder, `${name}.creds`), await identity.device(name), { mode: 0o600 });
			writeFileSync(
				join(folder, `${name}.conf`),
				`server_name: ${name}
listen: "127.0.0.1:${port}"
jetstream { store_dir: "${folder}/${name}", domain: ${name}, max_mem: 64M, max_file: 1G }
feature_flags { js_api_reply_v2: true, js_ack_fc_v2: true }
leafnodes { reconnect: 1s, remotes: [ { urls: ["tls://127.0.0.1:${leafPort}"], credentials: "${folder}/${name}.creds", tls { ca_file: "${folder}/ca.pem", handshake_first: true } } ] }
`,
			);
		}
		run(name);
	};
	await startHub();
	return {
		folder,
		connection: {
			urls: [`tls://127.0.0.1:${leafPort}`],
			ca: authority.ca,
			adminCreds: identity.adminCreds,
			systemCreds: identity.systemCreds,
		},
		startDevice,
		startHub,
		kill,
		pid: (name) => processes.get(name)?.pid,
		device: async (name) => {
			const options = { servers: `nats://127.0.0.1:${devicePorts.get(name)}`, maxReconnectAttempts: -1 };
			const connection = await retry(() => connect(options), 10_000);
			connections.push(connection);
			return connection;
		},
		stop: async () => {
			await Promise.all(connections.map((connection) => connection.close()));
			await Promise.all([...processes.keys()].map(kill));
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function makeIdentity() {
	const [operator, system, devices, hub, deviceSigner] = [
		createOperator(),
		createAccount(),
		createAccount(),
		createAccount(),
		createAccount(),
	];
	const devicesKey = devices.getPublicKey();
	const role = {
		pub: { allow: [`deliver.${NAME}.>`, `$JSC.R.${NAME}.>`, "_R_.>"] },
		sub: { allow: [`$JS.${NAME}.API.>`, `$JS.FC.${NAME}.>`] },
		subs: -1,
		data: -1,
		payload: -1,
		allowed_connection_types: ["LEAFNODE"],
	};
	const service = (subject: string) => ({ name: subject, subject, type: "service" });
	const stream = (subject: string) => ({ name: subject, subject, type: "stream" });
	const shared = [service("$JS.*.API.>"), service("$JS.FC.*.*.*.*.*"), stream("deliver.>")];
	const from = (account: string) => (given: { name: string; subject: string; type: string }) => ({
		...given,
		account,
		...(given.type === "service" ? { local_subject: given.subject } : {}),
	});
	const signed = { signer: operator, algorithm: Algorithms.v2 };
	const encode = (name: string, account: typeof hub, claims: object) =>
		encodeAccount(name, account, claims as Parameters<typeof encodeAccount>[2], signed);
	const creds = async (name: string, account: typeof hub) => {
		const user = createUser();
		return text(fmtCreds(await encodeUser(name, user, account, {}), user));
	};
	return {
		operator: await encodeOperator("leafline", operator, { system_account: system.getPublicKey() }),
		systemKey: system.getPublicKey(),
		accounts: {
			[system.getPublicKey()]: await encode("SYS", system, { limits: UNLIMITED }),
			[devicesKey]: await encode("DEVICES", devices, {
				limits: UNLIMITED,
				signing_keys: [newScopedSigner(deviceSigner, "device", role as never)],
				exports: shared,
			}),
			[hub.getPublicKey()]: await encode("HUB", hub, {
				limits: { ...UNLIMITED, ...STORAGE },
				imports: shared.map(from(devicesKey)),
			}),
		},
		adminCreds: await creds("admin", hub),
		systemCreds: await creds("system", system),
		device: async (name: string) => {
			const user = createUser();
			const claims = { issuer_account: devicesKey };
			return text(fmtCreds(await encodeUser(name, user, deviceSigner, claims, { scopedUser: true }), user));
		},
	};
}

function text(bytes: Uint8Array): string {
	return new TextDecoder().decode(bytes);
}

export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	if (typeof address !== "object" || address === null) throw new Error("no port");
	return address.port;
}

/** Waits until `condition` holds. @throws after `ms`, naming what was waited for */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 15_000): Promise<void> {
	const deadline = Date.now() + ms;
	let last: unknown;
	while (Date.now() < deadline) {
		try {
			if (await condition()) return;
			last = undefined;
		} catch (error) {
			last = error;
		}
		await sleep(50);
	}
	throw new Error(`not within ${ms} ms: ${what}${last ? ` (${last})` : ""}`);
}

async function retry<T>(act: () => Promise<T>, ms: number): Promise<T> {
	const deadline = Date.now() + ms;
	for (;;) {
		try {
			return await act();
		} catch (error) {
			if (Date.now() > deadline) throw error;
			await sleep(100);
		}
	}
}
