import { EDGE_MAX_PAYLOAD, HANDSHAKE_SECONDS, PING } from "./defaults";
import { type ConfMap, confDuration, renderNatsConfig } from "./nats-config";

export interface ControlConfOptions {
	/** Port of the client listener, on loopback; -1 for any that is free. */
	readonly port: number;
	/** No two that run at once may share it. @default "control" */
	readonly serverName?: string;
	/** Users on loopback, each in one of the accounts. */
	readonly users: readonly { readonly name: string; readonly password: string; readonly account: string }[];
	/** One leaf connection to the hub for each account. */
	readonly remotes: readonly ControlRemote[];
	/** Folder in which the server writes which port it got. */
	readonly portsFileDir?: string;
	readonly logFile?: string;
}

export interface ControlRemote {
	readonly urls: readonly string[];
	readonly account: string;
	/** Path of the credentials. */
	readonly credentials: string;
	/** Path of the authority that signed the hub's certificate. @default the connection is not encrypted */
	readonly ca?: string;
}

/** Configuration of a control leaf: a server without streams, through which administrators reach the hub by its leaf port. */
export function renderControlConf(options: ControlConfOptions): string {
	const { users, remotes } = options;
	const names = [...new Set([...users, ...remotes].map(({ account }) => account))];
	const account = (name: string): ConfMap => ({
		users: users.filter((user) => user.account === name).map((user) => ({ user: user.name, password: user.password })),
	});
	const tree: ConfMap = {
		server_name: options.serverName ?? "control",
		listen: `127.0.0.1:${options.port}`,
		...(options.portsFileDir !== undefined && { ports_file_dir: options.portsFileDir }),
		...(options.logFile !== undefined && { log_file: options.logFile }),
		max_payload: EDGE_MAX_PAYLOAD,
		...PING,
		accounts: Object.fromEntries(names.map((name) => [name, account(name)])),
		leafnodes: {
			reconnect: confDuration(500),
			remotes: remotes.map((remote) => ({
				urls: [...remote.urls],
				account: remote.account,
				credentials: remote.credentials,
				ignore_discovered_servers: true,
				...(remote.ca !== undefined && {
					tls: { ca_file: remote.ca, handshake_first: true, timeout: HANDSHAKE_SECONDS },
				}),
				compression: "s2_fast",
				dial_timeout: confDuration(HANDSHAKE_SECONDS * 1000),
				first_info_timeout: confDuration(HANDSHAKE_SECONDS * 1000),
			})),
		},
	};
	return renderNatsConfig(tree, "made by leafline for a control leaf; changes are overwritten");
}
