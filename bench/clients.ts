/**
 * Which versions of NATS's client libraries read what leafline's hub stores: the small programs in `bench/clients`,
 * compiled and run with old and new ones. Needs mvn and a JDK, python3 with pip, go, npm, gcc and libnats-dev; what is
 * missing is named and left out. `npm run bench -- clients Java` runs those whose name has the word. Some minutes.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readerCreds } from "../components/identity/credentials";
import { SMALL_FLEET } from "../tests/support/fleets";
import { type Rig, startRig } from "../tests/support/rig";
import { readerInbox } from "../topology/permissions";
import { type Installed, LIBRARIES, WAYS, type Way } from "./clients/library";
import { runBench } from "./report";

const STREAM = "hub_sensor";
/** The same messages through a source with two transforms, whose header holds form feeds: what must not be. */
const FORM_FEEDS = "hub_formfeeds";
const COUNT = 100;

runBench(async () => {
	const [word = ""] = process.argv.slice(2);
	const folder = mkdtempSync(join(tmpdir(), "leafline-clients-"));
	const rig = await startRig(SMALL_FLEET);
	try {
		await fill(rig);
		console.log(
			`\n| client | version | ${WAYS.join(" | ")} | with form feeds |\n|---|---|${"---|".repeat(WAYS.length + 1)}`,
		);
		for (const library of LIBRARIES.filter(({ name }) => name.toLowerCase().includes(word.toLowerCase()))) {
			for (const version of library.versions) {
				const where = join(folder, `${library.name} ${version}`);
				mkdirSync(where);
				const cells = await library.install(version, where).then(
					(client) => tries(rig, where, client),
					(error: Error) => [error.message],
				);
				console.log(`| ${[library.name, version, ...cells].join(" | ")} |`);
			}
		}
	} finally {
		await rig.close();
		rmSync(folder, { recursive: true, force: true });
	}
});

async function fill(rig: Rig): Promise<void> {
	const publisher = await rig.publish("edge1", { run: "clients", messages: COUNT, subject: "vehicle.sensor" });
	await publisher.done;
	await publisher.stop();
	await rig.arrived(STREAM, COUNT);
	const source = {
		name: "edge1_sensor",
		opt_start_seq: 1,
		external: { api: "$JS.edge1.API", deliver: "deliver.edge1" },
		subject_transforms: [
			{ src: "*.*.>", dest: "edge1.sensor.>" },
			{ src: "*.*", dest: "edge1.sensor" },
		],
	};
	const config = { name: FORM_FEEDS, sources: [source], retention: "limits", storage: "file", num_replicas: 1 };
	await rig.bench.api("hub", `STREAM.CREATE.${FORM_FEEDS}`, config);
	await rig.arrived(FORM_FEEDS, COUNT);
}

async function tries(rig: Rig, folder: string, client: Installed): Promise<string[]> {
	const cells: string[] = [];
	for (const way of WAYS) cells.push(await attempt(rig, folder, client, way, STREAM));
	cells.push(await attempt(rig, folder, client, "fetch", FORM_FEEDS));
	return cells;
}

let readers = 0;

/** `yes`, or how far it came and its last words. */
async function attempt(rig: Rig, folder: string, client: Installed, way: Way, stream: string): Promise<string> {
	const consumer = `reader${++readers}`;
	const durable = { durable_name: consumer, ack_policy: "explicit", deliver_policy: "all", max_ack_pending: 1000 };
	await rig.bench.api("hub", `CONSUMER.CREATE.${stream}.${consumer}`, { stream_name: stream, config: durable });
	const creds = join(folder, `${consumer}.creds`);
	const { keys, connection } = rig.bench;
	writeFileSync(creds, way === "fetch" ? readerCreds(keys, consumer, [stream]) : connection.adminCreds, {
		mode: 0o600,
	});
	const { code, text } = await client.read(way, {
		PATH: process.env.PATH,
		HOME: process.env.HOME,
		NATS_URL: `nats://127.0.0.1:${rig.bench.hubs[0]?.ports.client}`,
		NATS_CREDS: creds,
		STREAM: stream,
		CONSUMER: consumer,
		INBOX: readerInbox(consumer),
		COUNT: String(COUNT),
	});
	const read = Number(/^read (\d+)$/m.exec(text)?.[1] ?? 0);
	if (code === 0 && read === COUNT) return "yes";
	const why =
		text.split("\n").find((line) => /error|exception|invalid|Error/i.test(line)) ?? text.trim().split("\n").at(-1);
	return `${read} of ${COUNT}${why === undefined ? "" : `: ${why.trim().replaceAll("|", "/").slice(0, 120)}`}`;
}
