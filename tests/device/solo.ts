import { connect, type NatsConnection, nkeyAuthenticator, type Status } from "nats";
import { createSeed, publicKey } from "../../components/identity/nkey";
import { leafTree } from "../../render/leaf";
import { type ConfMap, renderNatsConfig } from "../../render/nats-config";
import { expandEdge } from "../../topology/edge";
import type { Topology } from "../../topology/model";
import { EDGE_ACCOUNT } from "../../topology/names";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import type { Server, Servers } from "../support/servers";

/** One device with a class and a downlink, and room for what programs store. */
export const FLEET = `apiVersion: leafline/v1
fleet: programs
hardware:
  board: { arch: amd64, buffer: 64MiB, programs: 16MiB }
link: { up: 4Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 10/s, size: 256B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 1KiB }
groups:
  all: { devices: [edge1], hardware: board }
`;

/** A device's server by itself, as leafline configures it, without its hub. */
export interface Solo {
	readonly server: Server;
	readonly port: number;
	/** A program on the device, which has no credentials. */
	program(): Promise<Program>;
	/** Whoever has the key of the device program. */
	readonly owner: NatsConnection;
	/** Makes the device's streams and the hub's consumers, with one message in each uplink; takes away what was there. */
	makeStreams(): Promise<void>;
	/** Reloads the server with the permissions that leafline gives programs. */
	limit(): Promise<void>;
	/** One request of the API as the owner. */
	api(call: string, body?: unknown): Promise<Record<string, unknown>>;
	close(): Promise<void>;
}

export interface Program {
	readonly nc: NatsConnection;
	/** What the server has refused it. */
	refusals(): Promise<readonly string[]>;
}

/**
 * @param limited programs have the permissions that leafline gives them; without, a test must see them do harm
 * @param program in place of the nats-server on PATH, which is leafline's
 */
export async function startSolo(
	servers: Servers,
	topology: Topology,
	device: string,
	{ limited, program }: { readonly limited: boolean; readonly program?: string },
): Promise<Solo> {
	const [port = 0, nowhere = 0] = await freePorts(2);
	const seed = createSeed("U");
	const name = `${device}-${limited ? "limited" : "free"}${program === undefined ? "" : "-official"}`;
	const tree = leafTree(topology, device, {
		urls: [`tls://127.0.0.1:${nowhere}`],
		credentials: servers.write(`${name}.creds`, ""),
		ca: servers.write(`${name}.ca`, ""),
		storeDir: servers.path(name),
		clientPort: port,
		deviceProgram: publicKey(seed),
	});
	// Without credentials that can be read there is no remote to be had.
	const { leafnodes, ...conf } = limited ? tree : withoutPermissions(tree);
	const server = servers.add(name, { client: port }, renderNatsConfig(conf));
	const { leafnodes: _, ...limitedConf } = tree;
	await server.start(program === undefined ? {} : { program });
	const servers_ = `127.0.0.1:${port}`;
	const owner = await connect({ servers: servers_, authenticator: nkeyAuthenticator(Buffer.from(seed)) });
	const programs: NatsConnection[] = [];
	const api: Solo["api"] = async (call, body) => {
		const payload = body === undefined ? "" : JSON.stringify(body);
		return (await owner.request(`$JS.API.${call}`, payload, { timeout: 10_000 })).json();
	};
	const group = Object.values(topology.edgeGroups).find(({ devices }) => Object.hasOwn(devices, device));
	if (!group) throw new Error(`there is no device ${device}`);
	return {
		server,
		port,
		owner,
		api,
		async program() {
			const nc = await connect({ servers: servers_ });
			programs.push(nc);
			const said: string[] = [];
			void listen(nc.status(), said);
			return {
				nc,
				// An error of the server comes before the answer to a ping that was sent after its cause.
				refusals: async () => {
					await nc.flush();
					await new Promise((done) => setImmediate(done));
					return said;
				},
			};
		},
		async limit() {
			server.configure(renderNatsConfig(limitedConf));
			const before = server.log().length;
			process.kill(server.pid() ?? 0, "SIGHUP");
			await eventually(() => server.log().slice(before).includes("Reloaded server configuration"), {
				what: "the server has reloaded",
			});
		},
		async makeStreams() {
			for (const { stream, consumer, class: name } of expandEdge(group, device)) {
				await api(`STREAM.DELETE.${stream.name}`);
				const { sources, ...config } = stream;
				await create(api, stream.name, config);
				if (consumer === undefined) continue;
				const body = { stream_name: stream.name, config: consumer };
				const answer = await api(`CONSUMER.CREATE.${stream.name}.${consumer.durable_name}`, body);
				if (answer.error) throw new Error(JSON.stringify(answer.error));
				await owner.request(`${device}.${name}.first`, "first", { timeout: 10_000 });
			}
		},
		async close() {
			await Promise.all([owner, ...programs].map((it) => it.close()));
		},
	};
}

/** The server still empties the folder of a stream when it has answered its deletion, and may then refuse to make it anew. */
async function create(api: Solo["api"], name: string, config: unknown): Promise<void> {
	const made = async () => {
		const { error } = await api(`STREAM.CREATE.${name}`, config);
		if (error) throw new Error(JSON.stringify(error));
		return true;
	};
	await eventually(made, { what: `${name} is made` });
}

async function listen(status: AsyncIterable<Status>, said: string[]): Promise<void> {
	for await (const { type, permissionContext: context } of status) {
		if (type === "error" && context) said.push(`${context.operation} ${context.subject}`);
	}
}

function withoutPermissions(tree: ConfMap): ConfMap {
	const { [EDGE_ACCOUNT]: account = {} } = tree.accounts as Record<string, ConfMap>;
	const users = (account.users as readonly ConfMap[]).map(({ permissions, ...user }) => user);
	return { ...tree, accounts: { [EDGE_ACCOUNT]: { ...account, users } } };
}
