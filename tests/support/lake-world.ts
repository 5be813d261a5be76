import { writeFileSync } from "node:fs";
import { expect } from "vitest";
import { decodePayload } from "../../cli/demo/traffic";
import { readerCreds } from "../../components/identity/credentials";
import { eventually } from "./eventually";
import type { LakeProgram, LakeRun } from "./lake";
import { type Rig, startRig } from "./rig";

const FLEET = `apiVersion: leafline/v1
fleet: lake
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
consumers:
  lake: { class: can, deliver: all, maxAckPending: 20000, ackWait: 5s }
groups:
  all: { devices: [edge1, edge2, edge3], hardware: board }
`;
const STREAM = "hub_can";
const WITHIN = 60_000;

/** A hub with devices, and a lake in a folder beside it. */
export interface World {
	readonly rig: Rig;
	readonly folder: string;
	/** @param args @default into the folder */
	start(args?: readonly string[], env?: NodeJS.ProcessEnv): LakeRun;
	close(): Promise<void>;
}

export async function makeWorld(program: LakeProgram): Promise<World> {
	const rig = await startRig(FLEET);
	const { outputs: leafline, bench } = rig;
	const folder = bench.path("lake");
	const outputs = `${folder}-outputs.json`;
	const hub = { ...leafline.hub, clientUrl: `nats://127.0.0.1:${bench.hubs[0]?.ports.client}` };
	const access = { readerCreds: { lake: readerCreds(bench.keys, "lake", [STREAM]) } };
	writeFileSync(outputs, JSON.stringify({ leafline: { ...leafline, hub }, access }));
	const all = ["--outputs", outputs, "--every", "200"];
	return {
		rig,
		folder,
		start: (args = ["--to", folder], env = process.env) => program.start([...all, ...args], env),
		close: () => rig.close(),
	};
}

/** What DuckDB finds in the lake's folder: of each device the numbers of a run, in the order of the device's sequences. */
export async function counters(program: LakeProgram, folder: string, run: string): Promise<Record<string, number[]>> {
	const rows = await program.query(
		`SELECT device, device_seq, decode(payload) AS text FROM read_parquet('${folder}/*/*/*/*/*.parquet',
			hive_partitioning = true) ORDER BY device, device_seq::BIGINT, filename, file_row_number`,
	);
	const found: Record<string, number[]> = {};
	for (const { device, text } of rows) {
		const counter = decodePayload(run, Buffer.from(String(text)))?.counter;
		if (counter !== undefined) found[String(device)] = [...(found[String(device)] ?? []), counter];
	}
	return found;
}

export const upTo = (messages: number) => Array.from({ length: messages }, (_, counter) => counter);

export async function holds(lake: LakeRun, what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
	await eventually(condition, { what, within: WITHIN }).catch((error) => {
		throw new Error(`${error.message}\n${lake.log()}`);
	});
}

export const says = (lake: LakeRun, what: string) =>
	holds(lake, `the lake says "${what}"`, () => lake.log().includes(what));

/** Waits until the reader has acknowledged everything, then ends the program in good order. */
export async function finish({ rig }: World, lake: LakeRun): Promise<void> {
	const read = async () => {
		const info = await rig.bench.api("hub", `CONSUMER.INFO.${STREAM}.lake`);
		return info.num_pending === 0 && info.num_ack_pending === 0;
	};
	await holds(lake, "the lake has read everything", read);
	expect(await lake.kill("SIGTERM"), lake.log()).toBe(0);
}
