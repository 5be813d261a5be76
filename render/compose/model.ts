/** The part of the Compose Specification that leafline writes: https://github.com/compose-spec/compose-spec. */
export interface ComposeFile {
	readonly name: string;
	readonly services: Readonly<Record<string, Service>>;
	readonly volumes: Readonly<Record<string, Volume>>;
}

export interface Service {
	readonly image: string;
	readonly command: readonly string[];
	/** Replaces that of the image. */
	readonly entrypoint?: readonly string[];
	readonly working_dir?: string;
	readonly environment?: Readonly<Record<string, string>>;
	readonly volumes?: readonly Mount[];
	readonly tmpfs?: readonly string[];
	/** `host:port:port`, as text: without quotes YAML reads some of them as numbers to the base of 60. */
	readonly ports?: readonly string[];
	/** `service:NAME`: in the network of that service, its loopback among it. */
	readonly network_mode?: string;
	/** `service:NAME`: sees the processes of that service. */
	readonly pid?: string;
	readonly depends_on?: Readonly<Record<string, { readonly condition: Condition }>>;
	readonly healthcheck?: Healthcheck;
	readonly init?: boolean;
	readonly restart: "unless-stopped" | "on-failure" | "no";
	readonly stop_grace_period?: string;
	readonly mem_limit?: string;
	readonly cpus?: number;
	readonly pids_limit?: number;
	readonly read_only: true;
	readonly cap_drop: readonly ["ALL"];
	readonly cap_add?: readonly string[];
	readonly security_opt: readonly ["no-new-privileges:true"];
}

export type Condition = "service_started" | "service_healthy" | "service_completed_successfully";

export interface Mount {
	readonly type: "bind" | "volume";
	readonly source: string;
	readonly target: string;
	readonly read_only?: true;
}

export interface Healthcheck {
	readonly test: readonly string[];
	readonly interval: string;
	readonly timeout: string;
	readonly retries: number;
	readonly start_period: string;
}

export interface Volume {
	readonly driver_opts?: Readonly<Record<string, string>>;
}

/** What every service has: it may do nothing that it need not. */
export const CLOSED = {
	read_only: true,
	cap_drop: ["ALL"],
	security_opt: ["no-new-privileges:true"],
} as const;

/**
 * By exact tag. Digests are not here: they could only be had from the registry, and none was asked when these were
 * chosen; `docker compose config --resolve-image-digests` writes them down for whoever wants them.
 */
export const IMAGES = {
	/** The version that bundles bring along, with the Debian that has its C library. */
	node: "node:22.23.3-bookworm-slim",
	exporter: "natsio/prometheus-nats-exporter:0.17.3",
	/** Has the command line `nats`. */
	box: "natsio/nats-box:0.20.0",
} as const;

/** Where a server in a container tells how it is, on the loopback of its own network. */
export const MONITOR_PORT = 8222;

/** Port of the exporter, in the network of the server that it reads. */
export const EXPORTER_PORT = 7777;

/**
 * Reads one server and tells Prometheus.
 * @param of service of the server, which publishes the port
 * @param health how the exporter asks for it
 */
export function exporterService(of: string, health = "-healthz"): Service {
	// Not `-jsz=all`: version 0.17.3 does not know the acknowledgement policy `flow_control` of the consumers that the hub
	// sources through, and leaves out all of JetStream then.
	const read = ["-varz", "-connz", "-subz", "-leafz", health, "-jsz=streams", "-use_internal_server_name"];
	return {
		image: IMAGES.exporter,
		command: [...read, `-port=${EXPORTER_PORT}`, `http://127.0.0.1:${MONITOR_PORT}`],
		network_mode: `service:${of}`,
		depends_on: { [of]: { condition: "service_started" } },
		restart: "unless-stopped",
		mem_limit: "64m",
		pids_limit: 64,
		...CLOSED,
	};
}

/**
 * Whether a server is well, by the Node of its image.
 * @param query of `/healthz`
 */
export function healthcheck(query = ""): Healthcheck {
	const ask = `fetch("http://127.0.0.1:${MONITOR_PORT}/healthz${query}")`;
	return {
		test: ["CMD", "node", "-e", `${ask}.then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`],
		interval: "5s",
		timeout: "5s",
		retries: 3,
		// A gate that looks through a store from end to end takes its time.
		start_period: "10m",
	};
}

/**
 * `/healthz` of a device looks for its streams in an account that has none (nats-server 2.15.2, `healthz`), and would never
 * call it well.
 */
export const HEALTH_OF_DEVICE = { query: "?js-enabled-only=true", exporter: "-healthz_js_enabled_only" } as const;
