import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceOfSubject } from "../../topology/names";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { SMALL_FLEET } from "../support/fleets";
import { openRawLeaf } from "../support/raw-leaf";
import { type Rig, startRig } from "../support/rig";

const STREAM = "hub_sensor";
/** A reader of what the victim sends, and one of everything. */
const READERS = { victim: "edge2.sensor.>", all: undefined };

/** Everything that `edge1` tries to pass off as sent by `edge2`, by what becomes of it on the hub. */
const FORGED = {
	"edge2.sensor.vehicle.speed": "edge1.sensor.vehicle.speed",
	"edge2.sensor.x": "edge1.sensor.x",
	"edge2.alarm.x": "edge1.sensor.x",
	// Bytes that a subject may hold and an eye does not see.
	"edge2.sensor.a\u0001b": "edge1.sensor.a\u0001b",
	"edge2.sensor.ü": "edge1.sensor.ü",
	"edge2.sensor": "stray",
	"edge2.x": "stray",
	edge2: "edge2",
	stray: "stray",
};

/** No literals: the server (2.15.2) leaves them alone, whatever the transforms say. They are nobody's. */
const NO_LITERALS = [
	"edge2.sensor.*",
	"edge2.sensor.>",
	"edge2.sensor..x",
	"edge2.sensor.x.",
	"edge2.sensor.*.x",
	".edge2.sensor.x",
	"*.sensor.x",
	"edge2.>",
	">",
];

interface Stored {
	readonly subject: string;
	/** First word of the header that the hub writes. */
	readonly origin: string | undefined;
}

describe("a device that writes in another one's name, with a leaf connection of its own", () => {
	let rig: Rig;
	const stored: Stored[] = [];
	const subjects = [...Object.keys(FORGED), ...NO_LITERALS];

	beforeAll(async () => {
		rig = await startRig(SMALL_FLEET);
		await rig.device("edge1").client.jetstream().publish("vehicle.first", "true");
		await rig.arrived(STREAM, 1);
		await forge(rig, subjects);
		await rig.arrived(STREAM, 1 + subjects.length);
		for (let seq = 2; seq <= 1 + subjects.length; seq++) {
			const { message } = await rig.bench.api("hub", `STREAM.MSG.GET.${STREAM}`, { seq });
			const { subject, hdrs } = message as { subject: string; hdrs: string };
			const headers = Buffer.from(hdrs, "base64").toString();
			stored.push({ subject, origin: /^Nats-Stream-Source: ([^: ]+)/m.exec(headers)?.[1] });
		}
	});
	afterAll(() => rig?.close());

	it("is stored under its own name, or under one that is no device's", () => {
		const byForgery = Object.fromEntries(subjects.map((subject, i) => [subject, stored[i]?.subject]));
		expect(byForgery).toEqual({
			...FORGED,
			...Object.fromEntries(NO_LITERALS.map((subject) => [subject, subject])),
		});
		const devices = stored.map(({ subject }) => deviceOfSubject(subject));
		expect(new Set(devices)).toEqual(new Set(["edge1", undefined]));
	});

	it("is named in the header that the hub writes, whatever the subject", () => {
		expect(new Set(stored.map(({ origin }) => origin))).toEqual(new Set(["edge1_sensor"]));
	});

	it("reaches no reader of the other device, but for subjects that are no literals and so nobody's", async () => {
		const read = await readAll(rig, "victim");
		expect(read.filter((subject) => deviceOfSubject(subject) !== undefined)).toEqual([]);
		expect(read.sort()).toEqual(NO_LITERALS.filter((subject) => subject.startsWith("edge2.sensor.")).sort());
	});

	it("passes for no other device with a reader of everything", async () => {
		const read = await readAll(rig, "all");
		expect(read).toHaveLength(1 + subjects.length);
		expect(new Set(read.map(deviceOfSubject))).toEqual(new Set(["edge1", undefined]));
	});
});

/** Delivers messages to the hub as the device's own consumer would, with the next numbers and subjects of its choice. */
async function forge(rig: Rig, subjects: readonly string[]): Promise<void> {
	const leaf = await openRawLeaf({
		port: rig.bench.hubs[0]?.ports.leaf ?? 0,
		ca: rig.bench.ca,
		credentials: rig.bench.credentials("edge1"),
		name: "hostile",
	});
	const { delivered } = (await rig.bench.api("edge1", "CONSUMER.INFO.edge1_sensor.hub")) as {
		delivered: { stream_seq: number; consumer_seq: number };
	};
	subjects.forEach((subject, i) => {
		const numbers = `${delivered.stream_seq + 1 + i}.${delivered.consumer_seq + 1 + i}`;
		leaf.publish("deliver.edge1.sensor", "forged", `$JS.ACK.edge1_sensor.hub.1.${numbers}.1.0@${subject}`);
	});
	await leaf.flush();
	leaf.close();
}

/** Subjects of what a durable consumer on the hub's stream is given. */
async function readAll(rig: Rig, reader: keyof typeof READERS): Promise<string[]> {
	const filter = READERS[reader];
	const config = { durable_name: reader, name: reader, ack_policy: "explicit", deliver_policy: "all" };
	const endpoint = `CONSUMER.CREATE.${STREAM}.${reader}${filter === undefined ? "" : `.${filter}`}`;
	const filtered = { ...config, ...(filter !== undefined && { filter_subject: filter }) };
	const made = await rig.bench.api("hub", endpoint, { stream_name: STREAM, config: filtered });
	const consumer = await rig.bench.control.hub.jetstream({ apiPrefix: ADMIN_API }).consumers.get(STREAM, reader);
	const read: string[] = [];
	await eventually(
		async () => {
			for await (const message of await consumer.fetch({ max_messages: 100, expires: 1_000 })) {
				read.push(message.subject);
				message.ack();
			}
			return read.length >= (made.num_pending as number);
		},
		{ what: `${reader} has read ${made.num_pending} messages` },
	);
	return read;
}
