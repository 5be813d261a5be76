/**
 * What it costs the hub to put a device's name before what it sources, and a reader to ask only for that: processor time
 * of the hub's server and stored bytes, a message. Processor time hardly depends on what else the machine does. About
 * 2 minutes; Linux only, for it reads /proc.
 */
import { type Bench, startBench, streamConfig } from "../tests/support/bench";
import { eventually } from "../tests/support/eventually";
import type { StreamConfig, SubjectTransform } from "../topology/jetstream";
import { ADMIN_API } from "../topology/permissions";
import { processorMs, runBench } from "./report";

const COUNT = 100_000;
const TURNS = 3;
const PREFIX: SubjectTransform = { src: "*.*.>", dest: "edge1.can.>" };
const VARIANTS: Readonly<Record<string, { transforms?: SubjectTransform[]; own?: SubjectTransform }>> = {
	"no transform": {},
	"one transform": { transforms: [PREFIX] },
	"one, and one of the stream": { transforms: [PREFIX], own: { src: "*.*", dest: "stray" } },
	"two transforms": { transforms: [PREFIX, { src: "*.*", dest: "edge1.can" }] },
};
const FILTERS: Readonly<Record<string, string | undefined>> = { "no filter": undefined, "*.can.>": "*.can.>" };

runBench(async () => {
	const bench = await startBench();
	try {
		const edge = await bench.startEdge("edge1");
		await bench.api(
			"edge1",
			"STREAM.CREATE.edge1_can",
			streamConfig("edge1_can", { subjects: ["edge1.can.>"], max_bytes: 2 ** 29 }),
		);
		const jetstream = edge.client.jetstream();
		const body = new Uint8Array(128);
		for (let sent = 0; sent < COUNT; sent += 1_000) {
			// A hundred subjects, as a fleet's sensors have.
			const subject = (i: number) => `edge1.can.vehicle.sensor.${i % 100}`;
			await Promise.all(Array.from({ length: 1_000 }, (_, i) => jetstream.publish(subject(i), body)));
		}
		for (let turn = 1; turn <= TURNS; turn++) {
			for (const name of Object.keys(VARIANTS)) await source(bench, name);
			for (const name of Object.keys(FILTERS)) await read(bench, name);
		}
	} finally {
		await bench.close();
	}
});

async function source(bench: Bench, variant: string): Promise<void> {
	const { transforms, own } = VARIANTS[variant] ?? {};
	const config: StreamConfig = streamConfig("hub_can", {
		duplicate_window: 0,
		...(own && { subject_transform: own }),
		sources: [
			{
				name: "edge1_can",
				opt_start_seq: 1,
				external: { api: "$JS.edge1.API", deliver: "deliver.edge1" },
				...(transforms && { subject_transforms: transforms }),
			},
		],
	});
	await bench.api("hub", "STREAM.DELETE.hub_can").catch(() => {});
	const before = hubMs(bench);
	await bench.api("hub", "STREAM.CREATE.hub_can", config);
	const bytes = await eventually(
		async () => {
			const { messages, bytes } = (await bench.api("hub", "STREAM.INFO.hub_can")).state as Record<string, number>;
			return messages === COUNT && bytes;
		},
		{ what: "the hub has everything", within: 120_000 },
	);
	report(variant, hubMs(bench) - before, `${(bytes / COUNT).toFixed(1)} B stored`);
}

/** Reads what the last variant left on the hub. */
async function read(bench: Bench, name: string): Promise<void> {
	const filter = FILTERS[name];
	const config = { name: "reader", durable_name: "reader", ack_policy: "none", deliver_policy: "all" };
	const endpoint = `CONSUMER.CREATE.hub_can.reader${filter === undefined ? "" : `.${filter}`}`;
	const filtered = { ...config, ...(filter !== undefined && { filter_subject: filter }) };
	const before = hubMs(bench);
	await bench.api("hub", endpoint, { stream_name: "hub_can", config: filtered });
	const jetstream = bench.control.hub.jetstream({ apiPrefix: ADMIN_API });
	const consumer = await jetstream.consumers.get("hub_can", "reader");
	for (let left = COUNT; left > 0; ) {
		for await (const _ of await consumer.fetch({ max_messages: 1_000, expires: 5_000 })) left--;
	}
	report(`read, ${name}`, hubMs(bench) - before);
	await bench.api("hub", "CONSUMER.DELETE.hub_can.reader");
}

/** Of the hub's server, whose log begins each line with its process's number. */
const hubMs = ({ hubs: [hub] }: Bench) => processorMs(Number(/^\[(\d+)\]/m.exec(hub?.log() ?? "")?.[1]));

function report(what: string, ms: number, more = ""): void {
	console.log(`${what.padEnd(28)}${((ms * 1000) / COUNT).toFixed(1)} µs of the hub's processor a message  ${more}`);
}
