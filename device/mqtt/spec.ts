import type { MqttRoute } from "../../topology/mqtt";

/** `mqtt.json`: what the bridge is told, by a file that leafline renders. Nothing in it is secret. */
export interface MqttSpec {
	/** One device where it runs on one, all of them where many stand on one machine. */
	readonly devices: Readonly<Record<string, BridgedDevice>>;
}

export interface BridgedDevice {
	/** Client URL of its server, on loopback. */
	readonly url: string;
	/** On loopback, where clients of MQTT connect. */
	readonly port: number;
	readonly routes: readonly MqttRoute[];
}

export const MQTT_SPEC_FILE = "mqtt.json";
