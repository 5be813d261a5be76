import * as path from "node:path";

/** Where the processes of a local stack live, one folder each, from the folder of the program. */
export const LOCAL_ROOT = ".leafline/local";

/** Folder of a server of the hub: `hub`, or `hub_1` to `hub_3`. No device can be called like the latter. */
export function hubDir(root: string, server: string): string {
	return path.join(root, server);
}

/** Folder of the process that carries the links between the local devices and the hub. */
export function linksDir(root: string): string {
	return path.join(root, "links");
}

/** Folder of the process that runs beside the servers of the local devices, as one would on each of them. */
export function keeperDir(root: string): string {
	return path.join(root, "keeper");
}

/** Folder of the process that takes MQTT for local devices, as one would on each of them. No device can be called so. */
export function mqttDir(root: string): string {
	return path.join(root, "mqtt_bridge");
}

/** Folder of a device's leaf node. */
export function leafDir(root: string, device: string): string {
	return path.join(root, device);
}

/** Paths in a server's configuration; a daemon runs in its folder, so they are the same on every machine. */
export const SERVER_FILES = {
	conf: "nats.conf",
	gateConf: "gate.conf",
	ca: "ca.pem",
	cert: "tls.crt",
	key: "tls.key",
	routeCa: "route-ca.pem",
	routeCert: "route.crt",
	routeKey: "route.key",
	credentials: "leaf.creds",
	deviceProgram: "leafline.nk",
	storeDir: "jetstream",
	/** The server writes down its ports there. */
	portsDir: ".",
} as const;
