import { connect as dial } from "node:net";
import { connect } from "nats";
import { afterAll, describe, expect, it } from "vitest";
import { mqttSubjects } from "../../config/mqtt";
import { freePorts } from "../support/ports";
import { makeServers } from "../support/servers";

/** What docs/fleet.md says of topics that come in through a server's MQTT port, asked of the server itself. */
describe("a topic that is published to nats-server by MQTT", () => {
	const servers = makeServers();
	afterAll(() => servers.close());

	const TOPICS = ["spBv1.0/north/NDATA/pump", "/vehicle/speed", "vehicle/speed/", "a/b//c", "a.b/c", "vehicle/speed"];

	it("has the subject that the remedy for MQTT's syntax names", async () => {
		const [client = 0, mqtt = 0] = await freePorts(2);
		const configuration = `server_name: m, listen: "127.0.0.1:${client}", mqtt: { listen: "127.0.0.1:${mqtt}" }
jetstream: { store_dir: "${servers.path("store")}" }`;
		await servers.add("mqtt", { client, mqtt }, configuration).start();
		const nats = await connect({ servers: `nats://127.0.0.1:${client}` });
		const heard: string[] = [];
		const all = new Promise<void>((resolve) => {
			nats.subscribe(">", {
				callback: (_, { subject }) => {
					if (!subject.startsWith("$")) heard.push(subject);
					if (heard.length === TOPICS.length) resolve();
				},
			});
		});
		await nats.flush();
		const socket = dial(mqtt, "127.0.0.1");
		socket.write(packet(0x10, [...text("MQTT"), 4, 2, 0, 60, ...text("test")]));
		for (const topic of TOPICS) socket.write(packet(0x30, text(topic)));
		await all;
		socket.destroy();
		await nats.close();
		expect(heard).toEqual(TOPICS.map((topic) => mqttSubjects(topic)?.converted));
	});
});

/** A packet of MQTT 3.1.1 shorter than 128 bytes. */
function packet(type: number, body: readonly number[]): Uint8Array {
	return Uint8Array.from([type, body.length, ...body]);
}

function text(value: string): number[] {
	const bytes = Buffer.from(value);
	return [bytes.length >> 8, bytes.length & 255, ...bytes];
}
