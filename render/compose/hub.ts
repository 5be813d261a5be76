import { OWN_FOLDER } from "./device";
import { CLOSED, EXPORTER_PORT, exporterService, healthcheck, IMAGES, type Service, type Volume } from "./model";

/** A hub that comes along, for a try: with a load, and what it does to be seen. Its name can be no device's. */

export const HUB = "hub";
export const HUB_LEAF_PORT = 7422;
export const HUB_STORE = "/var/lib/nats/hub";
/** Folder of the hub's configuration, beside the devices'. */
export const HUB_FOLDER = `${OWN_FOLDER}/hub`;
const CONF = "/etc/nats";
const BIN = "/opt/leafline/bin";
const SETUP = "/opt/leafline/setup";

/** Files in `HUB_FOLDER`. */
export const HUB_FILES = {
	conf: "etc/hub.conf",
	certificate: "etc/hub.crt",
	key: "etc/hub.key",
	server: "bin/nats-server",
	setup: "setup/setup.sh",
	report: "setup/report.sh",
	admin: "setup/admin.creds",
} as const;

/** A file of the hub's as it sees it. */
export const onHub = (file: keyof Pick<typeof HUB_FILES, "certificate" | "key">) =>
	`${CONF}/${HUB_FILES[file].slice("etc/".length)}`;

/** The command line looks for contexts of its own there. */
const BOX_HOME = { HOME: "/tmp", XDG_CONFIG_HOME: "/tmp" };

/** A program that publishes on a device. */
export interface Load {
	readonly device: string;
	/** Of the device's server. */
	readonly url: string;
	readonly stream: string;
	readonly subject: string;
	readonly sizeBytes: number;
	/** Messages a second. */
	readonly rate: number;
}

/**
 * @param api prefix of the hub's JetStream API for administrators
 * @param streams of the hub
 */
export function hubServices(
	api: string,
	streams: readonly string[],
	metricsPort: number,
): Readonly<Record<string, Service>> {
	const once = { [HUB]: { condition: "service_healthy" } } as const;
	return {
		[HUB]: {
			image: IMAGES.node,
			init: true,
			command: [`${BIN}/nats-server`, "-c", `${CONF}/hub.conf`],
			volumes: [
				{ type: "bind", source: `./${HUB_FOLDER}/bin`, target: BIN, read_only: true },
				{ type: "bind", source: `./${HUB_FOLDER}/etc`, target: CONF, read_only: true },
				{ type: "volume", source: `${HUB}_store`, target: HUB_STORE },
			],
			tmpfs: ["/tmp"],
			ports: [`127.0.0.1:${metricsPort}:${EXPORTER_PORT}`],
			healthcheck: { ...healthcheck(), start_period: "1m" },
			restart: "unless-stopped",
			stop_grace_period: "60s",
			cap_add: ["DAC_OVERRIDE"],
			...CLOSED,
		},
		hub_exporter: exporterService(HUB),
		hub_setup: box(["sh", `${SETUP}/setup.sh`], HUB, { depends_on: once, restart: "on-failure" }),
		hub_report: box(["sh", `${SETUP}/report.sh`, api, ...streams], HUB, {
			depends_on: { ...once, hub_setup: { condition: "service_completed_successfully" } },
			restart: "unless-stopped",
		}),
	};
}

export function hubVolumes(): Readonly<Record<string, Volume>> {
	return { [`${HUB}_store`]: {} };
}

/** `nats bench`, each message acknowledged by the device before the next. It knows nothing of leafline, the hub or a link. */
export function loadService({ device, url, stream, subject, sizeBytes, rate }: Load): Service {
	const pause = `${Math.max(1, Math.round(1_000_000 / rate))}us`;
	const how = ["--stream", stream, "--clients", "1", "--msgs", "100000", "--size", `${sizeBytes}B`, "--sleep", pause];
	return {
		image: IMAGES.box,
		entrypoint: [],
		command: ["nats", "--server", url, "bench", "js", "pub", "sync", ...how, "--no-progress", subject],
		environment: BOX_HOME,
		tmpfs: ["/tmp"],
		network_mode: `service:${device}`,
		depends_on: { [device]: { condition: "service_healthy" } },
		restart: "no",
		...CLOSED,
	};
}

function box(command: readonly string[], of: string, more: Pick<Service, "depends_on" | "restart">): Service {
	return {
		image: IMAGES.box,
		entrypoint: [],
		command,
		environment: BOX_HOME,
		volumes: [{ type: "bind", source: `./${HUB_FOLDER}/setup`, target: SETUP, read_only: true }],
		tmpfs: ["/tmp"],
		network_mode: `service:${of}`,
		...more,
		cap_add: ["DAC_OVERRIDE"],
		...CLOSED,
	};
}
