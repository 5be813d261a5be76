import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import {
	generate,
	type IConnectPacket,
	type IDisconnectPacket,
	type IPublishPacket,
	parser as makeParser,
	type Packet,
	type Parser,
} from "mqtt-packet";
import type { Bridge, Routed } from "./bridge";
import { Lane } from "./lane";
import { accepted, MOST_PACKET_BYTES, puback, REASON, RETURN_CODE } from "./replies";
import type { Outcome } from "./store";

/** How long a client may take to say who it is. */
const CONNECT_MS = 15_000;
/** What may wait of one client before no more is read of it. */
const MOST_WAITING = 1_000;
const MOST_WAITING_BYTES = 4 * 1024 ** 2;
/** A client that knows its own ids names them by this user property, as a program that speaks NATS does by this header. */
export const ID_PROPERTY = "Nats-Msg-Id";

/**
 * One connection of a client that publishes. A message of QoS 1 is acknowledged when the stream of its class has it, and
 * not before; nothing else is promised to anybody.
 */
export class MqttClient {
	/** As the client calls itself, or is called. */
	name = "";
	private connect: IConnectPacket | undefined;
	private readonly lanes = new Map<string, Lane>();
	private readonly waiting = { messages: 0, bytes: 0 };
	private readonly parser: Parser & { readonly packet?: { readonly length: number } } = makeParser();

	constructor(
		private readonly socket: Socket,
		private readonly bridge: Bridge,
	) {
		socket.setNoDelay(true);
		socket.setTimeout(CONNECT_MS);
		socket.on("timeout", () => this.silent());
		this.parser.on("packet", (packet) => this.take(packet));
		this.parser.on("error", (error: Error) => this.end(REASON.protocolError, error.message));
		socket.on("data", (data) => this.read(data));
		socket.on("error", () => {});
		socket.on("close", () => this.closed());
	}

	/** Another connection has come under this name. */
	takenOver(): void {
		this.end(REASON.takenOver, "another client connected under its name");
	}

	private read(data: Buffer): void {
		this.parser.parse(data);
		if ((this.parser.packet?.length ?? 0) > MOST_PACKET_BYTES) {
			this.end(REASON.packetTooLarge, `a packet of more than ${MOST_PACKET_BYTES} bytes`);
		}
	}

	private take(packet: Packet): void {
		// What was read together with a packet that ended the connection.
		if (this.socket.destroyed || this.socket.writableEnded) return;
		if (!this.connect) {
			if (packet.cmd === "connect") this.begin(packet);
			else this.end(REASON.protocolError, `${packet.cmd} before connect`);
		} else if (packet.cmd === "publish") this.publish(packet);
		else if (packet.cmd === "pingreq") this.send({ cmd: "pingresp" });
		else if (packet.cmd === "disconnect") this.leave(packet);
		else if (packet.cmd === "subscribe") this.refuseSubscriptions(packet.messageId ?? 0, packet.subscriptions.length);
		else if (packet.cmd === "unsubscribe") {
			const granted = packet.unsubscriptions.map(() => 0x11);
			this.send({ cmd: "unsuback", messageId: packet.messageId ?? 0, granted });
		} else this.end(REASON.protocolError, `${packet.cmd} is nothing that a client may send here`);
	}

	private begin(packet: IConnectPacket): void {
		const { clientId, clean = false, keepalive = 0, properties } = packet;
		this.connect = packet;
		this.name = clientId === "" ? `leafline-${randomUUID()}` : clientId;
		const against = this.against(packet);
		if (against) {
			this.reject(...against);
			return;
		}
		this.bridge.joined(this);
		const lasting = this.isFive() ? (properties?.sessionExpiryInterval ?? 0) > 0 : !clean;
		const sessionPresent = this.bridge.openSession(this.name, { clean, lasting });
		this.socket.setTimeout(keepalive * 1_500);
		this.send(accepted(packet, { name: this.name, sessionPresent }));
	}

	/** Why it is not let in: the codes of MQTT 5 and of 3.1.1, and what the journal says. */
	private against({ clientId, clean, properties, will }: IConnectPacket): [number, number, string] | undefined {
		if (properties?.authenticationMethod !== undefined) {
			return [REASON.badAuthentication, RETURN_CODE.notAuthorized, "it wants to authenticate itself"];
		}
		if (clientId === "" && !clean && !this.isFive()) {
			return [REASON.protocolError, RETURN_CODE.identifier, "no name, and a session that is to last"];
		}
		const routed = will && this.bridge.route(will.topic);
		if (routed && "problem" in routed) {
			return [REASON.topicInvalid, RETURN_CODE.notAuthorized, `topic of its will ${routed.problem}`];
		}
		if (will?.qos === 2) {
			return [REASON.qosNotSupported, RETURN_CODE.notAuthorized, "its will has QoS 2: give it QoS 1"];
		}
		return undefined;
	}

	private publish(packet: IPublishPacket): void {
		const { qos, topic, messageId = 0, payload } = packet;
		const routed = this.bridge.route(topic);
		if (qos === 2) {
			this.end(REASON.qosNotSupported, "QoS 2 is not spoken here: publish with QoS 1");
		} else if (!("problem" in routed)) {
			if (qos === 0) this.bridge.publishWithoutWord(routed.subject, bytesOf(payload));
			else this.store(packet, routed);
		} else {
			const why = `topic ${JSON.stringify(topic)} ${routed.problem}`;
			if (this.isFive() && qos === 1) this.refuse(messageId, REASON.topicInvalid, why);
			else this.end(REASON.topicInvalid, why);
		}
	}

	private store(packet: IPublishPacket, routed: Routed): void {
		const payload = bytesOf(packet.payload);
		this.waits(1, payload.length);
		const { subject, stream } = routed;
		const own = packet.properties?.userProperties?.[ID_PROPERTY];
		const id = typeof own === "string" ? own : this.bridge.said.idOf(this.name, packet);
		const done = (outcome: Outcome) => {
			this.waits(-1, -payload.length);
			this.answer(packet.messageId ?? 0, outcome, routed);
		};
		this.lane(stream).add({ message: { subject, stream, payload, id }, canBeRefused: this.isFive(), done });
	}

	private answer(messageId: number, outcome: Outcome, { class: name, subject }: Routed): void {
		if (this.socket.destroyed) return;
		if (outcome.is === "stored") {
			this.send(puback(messageId, REASON.success));
			this.bridge.said.acknowledged(this.name, messageId);
		} else if (outcome.is === "full") {
			this.refuse(messageId, REASON.quotaExceeded, `class ${name} is full: not stored, say it again later`);
		} else if (outcome.is === "wrong") {
			const why = `a message on ${subject} is refused: ${outcome.why}`;
			if (this.isFive()) this.refuse(messageId, REASON.implementationSpecific, why);
			else this.end(REASON.implementationSpecific, why);
		}
	}

	/** MQTT 5 alone can say no. */
	private refuse(messageId: number, reason: number, why: string): void {
		this.bridge.say(`client ${this.name}: ${why}`);
		this.send(puback(messageId, reason, why));
		this.bridge.said.acknowledged(this.name, messageId);
	}

	private lane(stream: string): Lane {
		const lane = this.lanes.get(stream) ?? new Lane((message) => this.bridge.attempt(message));
		this.lanes.set(stream, lane);
		return lane;
	}

	/** A client that says more than can be stored is not read any further: its own system holds it back. */
	private waits(messages: number, bytes: number): void {
		this.waiting.messages += messages;
		this.waiting.bytes += bytes;
		const most = Math.max(this.waiting.messages / MOST_WAITING, this.waiting.bytes / MOST_WAITING_BYTES);
		if (most >= 1) this.socket.pause();
		else if (most < 0.5 && this.socket.isPaused()) this.socket.resume();
	}

	private refuseSubscriptions(messageId: number, count: number): void {
		this.bridge.say(`client ${this.name} subscribes, and this bridge takes messages only: read them by NATS`);
		const granted = Array.from({ length: count }, () => (this.isFive() ? REASON.notAuthorized : 0x80));
		this.send({ cmd: "suback", messageId, granted });
	}

	private leave({ reasonCode }: IDisconnectPacket): void {
		// 4: it goes, and its will is to be published all the same.
		if (this.connect && reasonCode !== 4) delete this.connect.will;
		this.socket.end();
	}

	private silent(): void {
		// Whoever is not read cannot be heard.
		if (this.socket.isPaused()) return;
		this.end(
			REASON.keepAlive,
			this.connect ? "nothing was heard for one and a half keep-alives" : "it never said who it is",
		);
	}

	private reject(reasonCode: number, returnCode: number, why: string): void {
		if (this.connect) delete this.connect.will;
		this.bridge.say(`client ${this.name} is not let in: ${why}`);
		const code = this.isFive() ? { reasonCode, properties: { reasonString: why } } : { returnCode };
		this.send({ cmd: "connack", sessionPresent: false, ...code });
		this.socket.end();
	}

	/** Before MQTT 5 a server says no by closing the connection (3.1.1, 3.3.5.2), so the reason stands in the journal. */
	private end(reasonCode: number, why: string): void {
		if (this.socket.destroyed) return;
		this.bridge.say(`client ${this.name || "that has not said its name"} is disconnected: ${why}`);
		if (this.connect && this.isFive()) {
			this.send({ cmd: "disconnect", reasonCode, properties: { reasonString: why } });
			this.socket.end();
		}
		this.socket.destroySoon();
	}

	private closed(): void {
		for (const lane of this.lanes.values()) lane.close();
		const { will } = this.connect ?? {};
		if (this.bridge.left(this) && will) this.bridge.storeWill(will);
	}

	private isFive(): boolean {
		return this.connect?.protocolVersion === 5;
	}

	private send(packet: Packet): void {
		if (!this.socket.writable) return;
		this.socket.write(generate(packet, { protocolVersion: this.connect?.protocolVersion ?? 4 }));
	}
}

const bytesOf = (payload: string | Buffer) => (typeof payload === "string" ? Buffer.from(payload) : payload);
