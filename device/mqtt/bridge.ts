import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import type { IConnectPacket } from "mqtt-packet";
import { connect, type NatsConnection } from "nats";
import { topicSubject } from "../../config/mqtt-topic";
import { foreign } from "../../config/printable";
import { messageOf } from "../../system/message";
import { routeOf } from "../../topology/mqtt";
import { edgeStreamName } from "../../topology/names";
import { DeviceError } from "../spec";
import { MqttClient } from "./client";
import { Lane } from "./lane";
import { SaidBefore } from "./said-before";
import { Sessions } from "./sessions";
import { type BridgedDevice, MQTT_SPEC_FILE, type MqttSpec } from "./spec";
import { attempt, type Message } from "./store";

/** Where a topic leads. */
export interface Routed {
	readonly class: string;
	readonly stream: string;
	readonly subject: string;
}

const LONGEST_LINE = 1_000;
/** The same line again after this time at the earliest. */
const SAID_MS = 60_000;
const RECONNECT_MS = 250;

/**
 * Takes messages of MQTT on loopback into the streams of a device. It connects as every program on the device does,
 * without credentials, and so can do no more than they. Reads `mqtt.json` in its folder, and keeps `sessions-<device>.json`
 * there.
 * @throws DeviceError where it cannot listen
 */
export async function mqtt(dir: string): Promise<void> {
	const { devices } = readSpec(dir);
	await Promise.all(Object.entries(devices).map(([name, device]) => new Bridge(dir, name, device).listen()));
}

/** The bridge of one device. */
export class Bridge {
	readonly said = new SaidBefore();
	private nats: NatsConnection | undefined;
	private readonly clients = new Map<string, MqttClient>();
	private readonly wills = new Map<string, Lane>();
	private readonly lines = new Map<string, number>();
	private readonly sessions: Sessions;

	constructor(
		dir: string,
		private readonly device: string,
		private readonly spec: BridgedDevice,
	) {
		this.sessions = new Sessions(path.join(dir, `sessions-${device}.json`));
	}

	/** Resolves when clients can connect, whether the device's server is there or not: they wait for it. */
	async listen(): Promise<void> {
		void this.reach();
		const { port } = this.spec;
		const server = net.createServer((socket) => new MqttClient(socket, this));
		await new Promise<void>((done, fail) => {
			server.once("error", (error) => fail(new DeviceError(`port ${port} cannot be had: ${messageOf(error)}`)));
			server.listen(port, "127.0.0.1", done);
		});
		this.say(`takes MQTT on 127.0.0.1:${port}`);
	}

	private async reach(): Promise<void> {
		const forever = { maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS, waitOnFirstConnect: true };
		this.nats = await connect({ servers: this.spec.url, name: "leafline mqtt", ...forever });
		for await (const { type } of this.nats.status()) {
			if (type === "disconnect") this.say("its server is away: what is published waits");
		}
	}

	/** The class of a topic, or what is wrong with it. */
	route(topic: string): Routed | { readonly problem: string } {
		const found = topicSubject(topic);
		if (!("subject" in found)) return { problem: `${found.message}: ${found.remedy}` };
		const { subject } = found;
		const route = routeOf(this.spec.routes, subject);
		if (!route)
			return { problem: `belongs to no class: name one for it in the fleet file, at mqtt.topics of its group` };
		return {
			class: route.class,
			stream: edgeStreamName(this.device, route.class),
			subject: `${route.prefix}${subject}`,
		};
	}

	attempt(message: Message) {
		return attempt(this.nats, message);
	}

	/** QoS 0: as good as it gets. */
	publishWithoutWord(subject: string, payload: Uint8Array): void {
		try {
			this.nats?.publish(subject, payload);
		} catch (error) {
			this.say(`a message of QoS 0 on ${subject} is not sent: ${messageOf(error)}`);
		}
	}

	/** One of two under one name goes (3.1.1, 3.1.4.2). */
	joined(client: MqttClient): void {
		const other = this.clients.get(client.name);
		this.clients.set(client.name, client);
		other?.takenOver();
	}

	/** @returns whether the client was here, as one that was let in */
	left(client: MqttClient): boolean {
		if (this.clients.get(client.name) === client) this.clients.delete(client.name);
		return client.name !== "";
	}

	openSession(name: string, how: { readonly clean: boolean; readonly lasting: boolean }): boolean {
		try {
			return this.sessions.open(name, how);
		} catch (error) {
			this.say(`sessions cannot be written down: ${messageOf(error)}`);
			return false;
		}
	}

	/** A will is nobody's to say again, so it waits for as long as this process lives. */
	storeWill({ topic, payload, qos }: NonNullable<IConnectPacket["will"]>): void {
		const routed = this.route(topic);
		if ("problem" in routed) return;
		const { subject, stream } = routed;
		const bytes = Buffer.from(payload);
		if (qos === 0) {
			this.publishWithoutWord(subject, bytes);
			return;
		}
		const lane = this.wills.get(stream) ?? new Lane((message) => this.attempt(message));
		this.wills.set(stream, lane);
		const message = { subject, stream, payload: bytes, id: this.said.newId() };
		lane.add({ message, canBeRefused: false, done: () => {} });
	}

	/** A line for the journal, each once a minute at most. */
	say(line: string): void {
		const text = foreign(`${this.device}: ${line}`, LONGEST_LINE);
		const now = Date.now();
		for (const [known, at] of this.lines) if (now - at > SAID_MS || this.lines.size > 1_000) this.lines.delete(known);
		if (this.lines.has(text)) return;
		this.lines.set(text, now);
		console.log(`${new Date(now).toISOString()} ${text}`);
	}
}

function readSpec(dir: string): MqttSpec {
	try {
		return JSON.parse(fs.readFileSync(path.join(dir, MQTT_SPEC_FILE), "utf8")) as MqttSpec;
	} catch (error) {
		throw new DeviceError(`${MQTT_SPEC_FILE} cannot be read: ${messageOf(error)}`);
	}
}
