import type { Topology } from "../topology/model";
import { deviceDomain, EDGE_ACCOUNT } from "../topology/names";
import { programDenials } from "../topology/program-permissions";
import { EDGE_MAX_PAYLOAD, HANDSHAKE_SECONDS, LINK_WRITE_DEADLINE, PING, syncInterval } from "./defaults";
import { type ConfMap, confDuration, renderNatsConfig } from "./nats-config";

/**
 * Whoever connects on loopback without credentials. Nobody has this key's seed; a name with a password would make the
 * server warn of a password that lets in nobody who is not in already.
 */
const PROGRAMS = "UD4DCWW5I54DQOOWQGCK5XICV2PF5DSXPONMSFB2JUSR5SXTX3AUDDBJ";

export interface LeafConfOptions {
	/** Every URL of the hub, `tls://host:port`. */
	readonly urls: readonly string[];
	/**
	 * Name of the cluster that the server says to be of. The hub closes a link for a newer one of the same server name and
	 * the same cluster (nats-server 2.15.2, `addLeafNodeConnection`), and a server without one is known to be of none: so
	 * it is something that no other device knows. It opens no port. @default none
	 */
	readonly cluster?: string;
	/** Path of the device's credentials. */
	readonly credentials: string;
	/** Path of the authority that signed the hub's certificate, PEM. */
	readonly ca: string;
	/** @default the hardware's */
	readonly storeDir?: string;
	/** @default the planned one */
	readonly clientPort?: number;
	/** Port of the monitoring, on loopback; -1 for any, which the server then writes down. @default none */
	readonly monitorPort?: number;
	/** Folder in which the server writes down its ports, in `nats-server_<pid>.ports`. @default none */
	readonly portsFileDir?: string;
	readonly pidFile?: string;
	/** What JetStream may use of the disk. @default the hardware's buffer */
	readonly maxFileBytes?: number;
	/** Public key of the user as which the device program connects (`device/`). @default none: nothing trims or reserves */
	readonly deviceProgram?: string;
}

/** leaf.conf of one device; throws as `leafTree` does. */
export function renderLeafConf(topology: Topology, device: string, options: LeafConfOptions): string {
	return renderNatsConfig(
		leafTree(topology, device, options),
		`made by leafline for device ${device}; changes are overwritten`,
	);
}

/**
 * The configuration of one device, which policies judge as well: programs on it connect to loopback without credentials,
 * the hub is reached by TLS.
 * @throws RangeError when the fleet has no such device, or there is no URL
 */
export function leafTree(topology: Topology, device: string, options: LeafConfOptions): ConfMap {
	const { fleet } = topology;
	const group = fleet.groups[fleet.devices[device]?.group ?? ""];
	const hardware = fleet.hardware[group?.hardware ?? ""];
	if (group === undefined || hardware === undefined) {
		throw new RangeError(`the fleet has no device ${device}`);
	}
	if (options.urls.length === 0) {
		throw new RangeError("a device needs at least one URL of the hub");
	}
	const clientPort = options.clientPort ?? topology.devices[device]?.clientPort ?? hardware.clientPort;
	return {
		server_name: device,
		listen: `127.0.0.1:${clientPort}`,
		...(options.monitorPort !== undefined && { http: `127.0.0.1:${options.monitorPort}` }),
		...(options.portsFileDir !== undefined && { ports_file_dir: options.portsFileDir }),
		...(options.pidFile !== undefined && { pid_file: options.pidFile }),
		max_payload: EDGE_MAX_PAYLOAD,
		...PING,
		lame_duck_duration: confDuration(30_000),
		lame_duck_grace_period: confDuration(1_000),
		// An outage of hours must not fill the log.
		connect_error_reports: 60,
		reconnect_error_reports: 60,
		jetstream: {
			domain: deviceDomain(device),
			store_dir: options.storeDir ?? hardware.storeDir,
			max_mem: hardware.memoryBytes,
			max_file: options.maxFileBytes ?? hardware.bufferBytes,
			sync_interval: syncInterval(hardware.sync),
		},
		// A stream without a limit would take the room that the classes' streams reserve by theirs, and then all of them refuse.
		accounts: {
			[EDGE_ACCOUNT]: {
				jetstream: { max_bytes_required: true },
				users: users(topology, device, options.deviceProgram),
			},
		},
		no_auth_user: PROGRAMS,
		...(options.cluster !== undefined && { cluster: { name: options.cluster } }),
		feature_flags: {
			// Flow control of its own for each stream, which is what its permissions allow.
			js_ack_fc_v2: true,
			js_api_reply_v2: true,
		},
		leafnodes: {
			reconnect: confDuration(1_000),
			write_deadline: LINK_WRITE_DEADLINE,
			remotes: [
				{
					urls: [...options.urls],
					credentials: options.credentials,
					account: EDGE_ACCOUNT,
					tls: { ca_file: options.ca, handshake_first: true, min_version: "1.3", timeout: HANDSHAKE_SECONDS },
					// Every URL is listed; one that a hub gossips might be private, or lead around a proxy.
					ignore_discovered_servers: true,
					compression: group.link.compression,
					dial_timeout: confDuration(HANDSHAKE_SECONDS * 1000),
					first_info_timeout: confDuration(HANDSHAKE_SECONDS * 1000),
				},
			],
		},
	};
}

/** Programs may not touch what is on its way to the hub; the device program may do anything in this account. */
function users({ fleet }: Topology, device: string, deviceProgram: string | undefined): ConfMap[] {
	const classes = { uplinks: Object.keys(fleet.classes), downlinks: Object.keys(fleet.downlink) };
	const { publish, subscribe } = programDenials(device, classes);
	const permissions = { publish: { deny: [...publish] }, subscribe: { deny: [...subscribe] } };
	return [{ nkey: PROGRAMS, permissions }, ...(deviceProgram === undefined ? [] : [{ nkey: deviceProgram }])];
}
