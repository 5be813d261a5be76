import { KEEP_ENVIRONMENT, KEEP_MEMORY_MAX_MIB, KEEP_NODE_FLAGS } from "../../topology/program-memory";
import { BUNDLE, INSTALLED } from "../bundle/layout";
import { goMemoryLimit, PATH, PROGRAM, serverMemoryMiB } from "../bundle/units";
import {
	CLOSED,
	EXPORTER_PORT,
	exporterService,
	HEALTH_OF_DEVICE,
	healthcheck,
	IMAGES,
	type Mount,
	type Service,
	type Volume,
} from "./model";

/** Folder of everything that is no device's. `_` cannot stand in a device's name. */
export const OWN_FOLDER = "_compose";
export const SERVER_SCRIPT = "server.sh";
const SCRIPTS = "/opt/leafline/compose";

/** One device whose server runs in a container. */
export interface ComposeDevice {
	readonly name: string;
	/** `store_dir` of its server. */
	readonly storeDir: string;
	/** What JetStream may use of memory, in bytes. */
	readonly memoryBytes: number;
	/** Port of this computer by which Prometheus reads it. */
	readonly metricsPort: number;
}

/** Names of a device's services: that of its server is its own. */
export const keepOf = (device: string) => `${device}_keep`;
export const exporterOf = (device: string) => `${device}_exporter`;

/**
 * What runs of a device: its server with the device program before and after it, the device program beside it, and the
 * exporter. All share the loopback of one network, as on a device without containers, and the client port stays on it:
 * programs join by `network_mode: service:DEVICE`.
 */
export function deviceServices(device: ComposeDevice): Readonly<Record<string, Service>> {
	return {
		[device.name]: serverService(device),
		[keepOf(device.name)]: keepService(device),
		[exporterOf(device.name)]: exporterService(device.name, HEALTH_OF_DEVICE.exporter),
	};
}

export function deviceVolumes({ name }: ComposeDevice): Readonly<Record<string, Volume>> {
	return {
		[storeOf(name)]: {},
		// Not on a disk: a start behind the computer's next boot has to know that it is one.
		[runOf(name)]: { driver_opts: { type: "tmpfs", device: "tmpfs" } },
	};
}

const storeOf = (device: string) => `${device}_store`;
const runOf = (device: string) => `${device}_run`;

function mounts({ name, storeDir }: ComposeDevice): Mount[] {
	return [
		{ type: "bind", source: `./${name}`, target: INSTALLED.current, read_only: true },
		{ type: "bind", source: `./${name}/${BUNDLE.conf}`, target: INSTALLED.conf, read_only: true },
		{ type: "volume", source: storeOf(name), target: storeDir },
		{ type: "volume", source: runOf(name), target: INSTALLED.ports },
	];
}

const ENVIRONMENT = { PATH };
/** The secrets are their owner's alone, whoever that is on this computer. */
const READS_SECRETS = { cap_add: ["DAC_OVERRIDE"], ...CLOSED } as const;

function serverService(device: ComposeDevice): Service {
	const memory = serverMemoryMiB(device.memoryBytes);
	return {
		image: IMAGES.node,
		init: true,
		command: ["sh", `${SCRIPTS}/${SERVER_SCRIPT}`, PROGRAM],
		working_dir: INSTALLED.conf,
		environment: {
			...ENVIRONMENT,
			GOMEMLIMIT: goMemoryLimit(memory),
			// Where the device program writes down what this boot of the computer knows of the store, as under systemd.
			RUNTIME_DIRECTORY: INSTALLED.ports,
		},
		volumes: [
			...mounts(device),
			{
				type: "bind",
				source: `./${OWN_FOLDER}/${SERVER_SCRIPT}`,
				target: `${SCRIPTS}/${SERVER_SCRIPT}`,
				read_only: true,
			},
		],
		tmpfs: ["/tmp"],
		ports: [`127.0.0.1:${device.metricsPort}:${EXPORTER_PORT}`],
		healthcheck: healthcheck(HEALTH_OF_DEVICE.query),
		restart: "unless-stopped",
		stop_grace_period: "90s",
		mem_limit: `${memory}m`,
		cpus: 2,
		pids_limit: 512,
		...READS_SECRETS,
	};
}

function keepService(device: ComposeDevice): Service {
	return {
		image: IMAGES.node,
		command: [
			"sh",
			"-c",
			`ln -sf ${INSTALLED.conf}/keep.json spec.json && exec node ${KEEP_NODE_FLAGS.join(" ")} ${PROGRAM} keep`,
		],
		working_dir: INSTALLED.runtime,
		environment: { ...ENVIRONMENT, ...KEEP_ENVIRONMENT },
		volumes: mounts(device),
		tmpfs: ["/tmp", INSTALLED.runtime],
		network_mode: `service:${device.name}`,
		// It ends a server that hangs, or could not write.
		pid: `service:${device.name}`,
		depends_on: { [device.name]: { condition: "service_started" } },
		restart: "unless-stopped",
		mem_limit: `${KEEP_MEMORY_MAX_MIB}m`,
		cpus: 0.5,
		pids_limit: 64,
		...READS_SECRETS,
	};
}
