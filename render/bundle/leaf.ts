import { isAbsolute } from "node:path";
import { type ConfMap, type ConfValue, renderNatsConfig } from "../nats-config";
import { readNatsConfig } from "../read-nats-config/read";
import { BUNDLE, INSTALLED } from "./layout";

/** What a device's own configuration says, for those who put it onto the device. */
export interface DeviceConf {
	/** `leaf.conf`, with the places where its bundle puts what it names. */
	readonly text: string;
	readonly tree: ConfMap;
	/** Client URL of its server, on loopback. */
	readonly url: string;
	readonly storeDir: string;
	readonly memoryBytes: number;
	/** URLs of the hub. */
	readonly urls: readonly string[];
	/** Public key of the device's user, as which its server calls its cluster. */
	readonly user: string;
}

/** Where a device's bundle puts what its configuration refers to. */
export const DEVICE_FILES = {
	credentials: `${INSTALLED.conf}/${BUNDLE.credentials.slice(BUNDLE.conf.length + 1)}`,
	ca: `${INSTALLED.conf}/${BUNDLE.ca.slice(BUNDLE.conf.length + 1)}`,
	// By these the device program finds the server and its health.
	monitorPort: -1,
	portsFileDir: INSTALLED.ports,
} as const;

/** Where a device's messages lie if its configuration names a folder that is not absolute, as that of a local stack does. */
const STORE_DIR = "/var/lib/nats/edge";

/**
 * Reads the configuration of a device that stands in a stack's outputs. One for a device of a local stack names paths of
 * that stack's own; they become those of a device.
 * @param monitorPort of a server that something beside the device program is to find, on loopback. @default what it says
 * @throws RangeError for a text that is no leaf.conf of leafline's
 * @throws NatsConfigError for one that no server would read
 */
export function deviceConf(text: string, device: string, monitorPort?: number): DeviceConf {
	const read = readNatsConfig(text) as ConfMap;
	const store = map(read.jetstream);
	const [remote, ...others] = list(map(read.leafnodes).remotes).map(map);
	const listen = String(read.listen ?? "");
	if (store.store_dir === undefined || store.max_file === undefined || !remote || others.length > 0 || listen === "") {
		throw new RangeError("it is no configuration of leafline's");
	}
	const storeDir = String(store.store_dir);
	const known =
		isAbsolute(storeDir) &&
		remote.credentials === DEVICE_FILES.credentials &&
		map(remote.tls).ca_file === DEVICE_FILES.ca;
	const placed = known ? read : moved(read, store, remote);
	const tree = monitorPort === undefined ? placed : { ...placed, http: `127.0.0.1:${monitorPort}` };
	return {
		text:
			tree === read ? text : renderNatsConfig(tree, `made by leafline for device ${device}; changes are overwritten`),
		tree,
		url: `nats://${listen}`,
		storeDir: String(map(tree.jetstream).store_dir),
		memoryBytes: Number(store.max_mem ?? 0),
		urls: list(remote.urls).map(String),
		user: String(map(read.cluster).name ?? ""),
	};
}

function moved({ ports_file_dir, pid_file, ...tree }: ConfMap, store: ConfMap, remote: ConfMap): ConfMap {
	const storeDir = isAbsolute(String(store.store_dir)) ? store.store_dir : STORE_DIR;
	const there = {
		...remote,
		credentials: DEVICE_FILES.credentials,
		tls: { ...map(remote.tls), ca_file: DEVICE_FILES.ca },
	};
	return {
		...tree,
		...(ports_file_dir !== undefined && { ports_file_dir: INSTALLED.ports }),
		jetstream: { ...store, store_dir: storeDir },
		leafnodes: { ...map(tree.leafnodes), remotes: [there] },
	};
}

function map(value: ConfValue | undefined): ConfMap {
	return typeof value === "object" && !Array.isArray(value) ? (value as ConfMap) : {};
}

function list(value: ConfValue | undefined): readonly ConfValue[] {
	return Array.isArray(value) ? value : [];
}
