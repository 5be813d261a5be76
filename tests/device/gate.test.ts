import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readReservations, reservationsFile } from "../../device/reservations";
import { BLOCK } from "../../topology/reserve";
import { type Rig, startRig } from "../support/rig";
import { type DeviceWithProgram, withProgram } from "./device";

/** Buffers that a test can fill, one class for each way to be full. */
const FLEET = `apiVersion: leafline/v1
fleet: gate
hardware:
  board: { arch: amd64, buffer: 8MiB }
link: { up: 4Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 100/s, size: 1KiB, accepts: log.>, whenFull: drop-oldest, hub: { keep: 1h } }
  trace: { rate: 10/s, size: 1KiB, accepts: trace.>, whenFull: drop-oldest, storage: memory, hub: { keep: 1h } }
groups:
  all: { devices: "edge1", hardware: board }
`;

interface State {
	readonly messages: number;
	readonly bytes: number;
	readonly first_seq: number;
	readonly last_seq: number;
}

describe("the gate", () => {
	let rig: Rig;
	let device: DeviceWithProgram;
	beforeAll(async () => {
		rig = await startRig(FLEET);
	});
	beforeEach(() => {
		device = withProgram(rig, "edge1");
	});
	afterEach(() => device.close());
	afterAll(() => rig?.close());

	const info = async (stream: string) => {
		const { state, config } = await rig.bench.api("edge1", `STREAM.INFO.${stream}`);
		return { state: state as State, config: config as Record<string, unknown> };
	};
	const store = () => rig.bench.path("edge1");
	const payload = (counter: number) => Buffer.from(`full edge1 ${counter} `.padEnd(1024, "."));

	it("keeps all of streams that are full, and their own limits", async () => {
		const { link } = rig.device("edge1");
		link.set({ mode: "cut" });
		for (const subject of ["vehicle.sensor", "log.line"]) {
			const publisher = await rig.publish("edge1", { run: "full", messages: 6_000, subject, payload });
			await publisher.done.catch(() => undefined);
			await publisher.stop();
		}
		const ask = async (stream: string) => {
			const { client } = rig.device("edge1");
			return (await client.request(`$JS.API.STREAM.INFO.${stream}`)).json() as never as Awaited<
				ReturnType<typeof info>
			>;
		};
		const before = { can: await ask("edge1_can"), debug: await ask("edge1_debug") };
		expect(before.debug.state.first_seq, "the oldest were dropped").toBeGreaterThan(1);

		await rig.device("edge1").server.kill();
		link.set({ mode: "up" });
		await device.boot();

		for (const [name, was] of Object.entries(before)) {
			const now = await info(`edge1_${name}`);
			const { last_seq } = was.state;
			expect(now.state).toMatchObject({ ...was.state, last_seq: last_seq + BLOCK, last_ts: expect.anything() });
			expect(now.state.last_seq).toBe(last_seq + BLOCK);
			expect(now.config).toEqual(was.config);
		}
		await rig.arrived("hub_can", before.can.state.messages);
		await rig.arrived("hub_debug", before.debug.state.messages);
	});

	it("goes by the mark when the store came back with much less", async () => {
		const { server } = rig.device("edge1");
		await server.kill();
		const known = readReservations(store(), "edge1");
		const mark = known?.reserved.edge1_can;
		if (!known || !mark) throw new Error("nothing is written down");
		const sequence = mark.sequence + 100_000;
		const reserved = { ...known.reserved, edge1_can: { ...mark, sequence } };
		fs.writeFileSync(reservationsFile(store()), JSON.stringify({ ...known, reserved }));
		await device.boot();
		expect((await info("edge1_can")).state.last_seq).toBe(sequence);
		expect(readReservations(store(), "edge1")).toMatchObject({
			reserved: { edge1_can: { sequence: sequence + BLOCK } },
			moved: { streams: { edge1_can: { to: sequence } } },
		});
	});

	it("takes nothing for clean whose files have changed since", async () => {
		await device.shutDown();
		const folder = path.join(store(), "jetstream/$G/streams/edge1_can/msgs");
		const [block = ""] = fs.readdirSync(folder).filter((name) => name.endsWith(".blk"));
		fs.appendFileSync(path.join(folder, block), "x");
		await device.boot();
		expect(device.said[0]).toBe("edge1: the last end was not clean; moving edge1_can on");
	});

	it("forgets a clean end as soon as the next start begins", async () => {
		await device.shutDown();
		await device.boot();
		await rig.device("edge1").server.kill();
		expect(device.said).toEqual([]);
		await device.boot();
		expect(device.said[0]).toMatch(/the last end was not clean; moving edge1_can, edge1_debug on/);
	});

	it("keeps the door shut when it cannot write down what it promises", async () => {
		await device.shutDown();
		const file = reservationsFile(store());
		const kept = fs.readFileSync(file, "utf8");
		fs.writeFileSync(file, "");
		await expect(device.boot()).rejects.toThrow(/reserved\.json is empty/);
		fs.writeFileSync(file, kept.replace('"edge1"', '"edge7"'));
		await expect(device.boot()).rejects.toThrow(/is of device edge7, not of edge1/);
		// Root may write to a folder without the right to; nobody may replace a folder by a file.
		fs.rmSync(file);
		fs.mkdirSync(`${file}.new`);
		await expect(device.boot()).rejects.toThrow(/reserved\.json cannot be written: /);
		fs.rmdirSync(`${file}.new`);
		fs.writeFileSync(file, kept);
		await device.boot();
	});

	it("says what the server says when it does not start", async () => {
		await rig.device("edge1").server.kill();
		const conf = path.join(rig.bench.path(""), device.spec.gateConf);
		const good = fs.readFileSync(conf, "utf8");
		fs.writeFileSync(conf, `${good}\nno such thing: 1\n`);
		await expect(device.boot()).rejects.toThrow(/^the server does not start: .*Parse error on line/);
		fs.writeFileSync(conf, good);
		await device.boot();
	});
});
