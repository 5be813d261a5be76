import { MOUNT_POINT, NODE_STORE } from "../../config/aws";
import { environmentPath } from "../../topology/aws-names";

/**
 * The names that a hub's machine and those who prepare it agree on: what lies in the parameter store below a node's
 * path, and what lies where on the node. No other module spells them.
 */

/** Parameters of a node, by what they hold. Each is a text that becomes a file of the same name on the node. */
export const PARAMETER = {
	/** The server's configuration. */
	conf: "hub.conf",
	/** The host's firewall, for `nft -f`. */
	firewall: "firewall.nft",
	/** The server's systemd unit. */
	unit: "nats-hub.service",
	/** Which server to run, see `renderRelease`. */
	release: "release",
	/** Where the data lies, see `renderVolume`. */
	volume: "volume",
	/** Shell script that ships the journal and the volume's fill level, see `renderReport`. A node starts without it. */
	report: "report.sh",
	/** Certificate and key of the leaf port, and of the client port where readers are allowed. PEM. */
	leafCert: "leaf.crt",
	leafKey: "leaf.key",
	/** Certificate, key and authority of the routes between nodes. PEM; only where there are several nodes. */
	routeCert: "route.crt",
	routeKey: "route.key",
	routeCa: "route-ca.crt",
} as const;

/** What belongs into a SecureString. */
export const SECRET_PARAMETERS: readonly string[] = [PARAMETER.leafKey, PARAMETER.routeKey];

/** What a node does not start without. */
export const REQUIRED_PARAMETERS: readonly string[] = [
	PARAMETER.conf,
	PARAMETER.firewall,
	PARAMETER.unit,
	PARAMETER.release,
	PARAMETER.volume,
	PARAMETER.leafCert,
	PARAMETER.leafKey,
];

/** The account that the server runs in; it is group of the files that the server reads. */
export const USER = "nats";

/** Paths on the node. */
export const NODE = {
	/** What the server reads: a link to the newest generation, so that all files change at once. */
	confDir: "/etc/nats-hub",
	/** One folder a generation, by its hash. */
	generations: "/etc/leafline/generations",
	/** Servers by the sha256 of their binary, and a link to the one to be run. */
	binDir: "/opt/nats-hub",
	bin: "/opt/nats-hub/nats-server",
	/** Mount point of the data volume. The server is not started where nothing is mounted. */
	mount: MOUNT_POINT,
	/** `store_dir` of JetStream. */
	storeDir: NODE_STORE,
	runDir: "/run/nats-hub",
	pidFile: "/run/nats-hub/nats-server.pid",
	/** Which generation the running server has loaded. */
	running: "/run/nats-hub/generation",
	/** The node script, its settings, and the service that runs it at every boot. */
	script: "/usr/local/sbin/leafline-node",
	env: "/etc/leafline/node.env",
	bootUnit: "/etc/systemd/system/leafline-node.service",
	unit: "/etc/systemd/system/nats-hub.service",
	/** Settings of the kernel, which systemd loads at every boot. */
	kernel: "/etc/sysctl.d/60-leafline.conf",
	/** Service and timer of the report, without their endings. */
	reportUnit: "/etc/systemd/system/leafline-report",
} as const;

/** Label of the file system on the data volume; one that does not carry it is somebody else's. */
export const VOLUME_LABEL = "nats-hub";

/** Where the server answers the health check, loopback only. */
export const MONITOR = "127.0.0.1:8222";

/** Where the volume's fill level goes: this namespace and metric, with the dimensions Environment and Node. */
export const VOLUME_METRIC = { namespace: "leafline", name: "VolumeUsedPercent" } as const;

/** Path of a node's parameters: `/leafline/<environment>/hub/<node>`. @param node from 0, as everywhere in the program */
export function parameterPath(environment: string, node: number): string {
	return `${hubPath(environment)}/${node + 1}`;
}

/** Log group of an environment's hub; a node's journal goes to the stream that is named by its number, from 1. */
export function logGroup(environment: string): string {
	return hubPath(environment);
}

/** Absolute path of a parameter on the node. @param name one of `PARAMETER` */
export function confPath(name: string): string {
	return `${NODE.confDir}/${name}`;
}

/** Path below which everything of a hub lies. */
export function hubPath(environment: string): string {
	return `${environmentPath(environment)}/hub`;
}
