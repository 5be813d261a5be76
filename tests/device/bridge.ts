import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { MQTT_SPEC_FILE, type MqttSpec } from "../../device/mqtt/spec";
import type { Topology } from "../../topology/model";
import { mqttRoutes } from "../../topology/mqtt";
import { eventually } from "../support/eventually";
import { PROGRAM } from "../support/keep-process";
import { freePorts } from "../support/ports";

/** The device program's bridge of MQTT as a process. */
export interface BridgeProcess {
	readonly port: number;
	/** Its journal so far. */
	said(): string;
	/** Clients whose sessions it has written down. */
	sessions(): string[];
	start(): Promise<void>;
	kill(): Promise<void>;
}

/** As the toolchain's other processes of tests: it ends with its standard input, at the latest with this process. */
const BRIDGE = `
exec 3<&0 </dev/null
"$0" "$1" mqtt 2>&1 3<&- & bridge=$!
echo "pid $bridge"
( read -r _ <&3; kill -9 $bridge ) 2>/dev/null & watch=$!
wait $bridge
kill $watch 2>/dev/null
`;

/**
 * @param folder made for it
 * @param port of the device's server
 * @param topics class by filter, as in the fleet file
 */
export async function startBridge(
	folder: string,
	topology: Topology,
	device: string,
	port: number,
	topics: Readonly<Record<string, string>> = {},
): Promise<BridgeProcess> {
	const [listen = 0] = await freePorts(1);
	const group = Object.values(topology.edgeGroups).find(({ devices }) => Object.hasOwn(devices, device));
	const routes = mqttRoutes(device, group?.classes ?? {}, topics);
	const spec: MqttSpec = { devices: { [device]: { url: `nats://127.0.0.1:${port}`, port: listen, routes } } };
	mkdirSync(folder);
	writeFileSync(join(folder, MQTT_SPEC_FILE), JSON.stringify(spec));
	let said = "";
	let child: ChildProcess | undefined;
	let ended: Promise<unknown> = Promise.resolve();
	const bridge: BridgeProcess = {
		port: listen,
		said: () => said,
		sessions: () => {
			const file = join(folder, `sessions-${device}.json`);
			return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
		},
		async start() {
			const before = said.length;
			const started = spawn("sh", ["-c", BRIDGE, process.execPath, PROGRAM], {
				cwd: folder,
				stdio: ["pipe", "pipe", "inherit"],
			});
			child = started;
			started.stdout.on("data", (text) => {
				said += text;
			});
			ended = new Promise((done) => started.once("close", done));
			await eventually(() => said.slice(before).includes("takes MQTT on"), { what: "the bridge listens" });
		},
		/** By SIGKILL. */
		async kill() {
			child?.stdin?.end();
			await ended;
		},
	};
	await bridge.start();
	return bridge;
}

/** A client of MQTT.js, which is what EMQX's own tools are made of. */
export function mqttJs({ port }: BridgeProcess, options: IClientOptions = {}): Promise<MqttClient> {
	return connectAsync({ host: "127.0.0.1", port, reconnectPeriod: 100, ...options });
}
