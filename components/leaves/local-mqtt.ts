import type * as pulumi from "@pulumi/pulumi";
import { MQTT_SPEC_FILE, type MqttSpec } from "../../device/mqtt/spec";
import type { Topology } from "../../topology/model";
import { mqttRoutes } from "../../topology/mqtt";
import { mqttDir } from "../daemon/layout";
import { createDaemon } from "../daemon/resource";
import { edgeGroupOf } from "./device-spec";
import { localSites } from "./sites";

/** From the folder of the components. */
const DEVICE_PROGRAM = "../device/leafline-device.js";

/** The bridge of MQTT for the local devices whose groups ask for it: one process here, where each device has its own. */
export function createMqtt(topology: Topology, root: string, opts: pulumi.CustomResourceOptions): void {
	const spec = localMqtt(topology);
	const ports = Object.values(spec.devices).map(({ port }) => port);
	const [first] = ports;
	if (first === undefined) return;
	createDaemon(
		"mqtt_bridge",
		{
			dir: mqttDir(root),
			name: "mqtt_bridge",
			script: DEVICE_PROGRAM,
			args: ["mqtt"],
			ports,
			ready: { tcp: first },
			files: { [MQTT_SPEC_FILE]: JSON.stringify(spec) },
			removeOnDelete: topology.settings.allowDataLoss,
		},
		opts,
	);
}

/** `mqtt.json` of a local stack. */
export function localMqtt(topology: Topology): MqttSpec {
	const devices = localSites(topology).flatMap(({ device, clientPort }) => {
		const { mqttPort: port, group = "" } = topology.devices[device] ?? {};
		if (port === undefined) return [];
		const topics = topology.fleet.groups[group]?.mqtt?.topics ?? {};
		const routes = mqttRoutes(device, edgeGroupOf(topology, device)?.classes ?? {}, topics);
		return [[device, { url: `nats://127.0.0.1:${clientPort}`, port, routes }] as const];
	});
	return { devices: Object.fromEntries(devices) };
}
