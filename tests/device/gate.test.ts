import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { behindClosedDoors } from "../../device/closed-server";
import { keepDescriptions } from "../../device/descriptions";
import { moveOn } from "../../device/move-on";
import { readReservations, reservationsFile } from "../../device/reservations";
import { seal } from "../../device/seal";
import { isRunning, type ProcessId } from "../../system/process";
import { CUT_NOTE, readCut } from "../../topology/cut-note";
import type { StreamConfig } from "../../topology/jetstream";
import { BLOCK } from "../../topology/reserve";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { type Rig, startRig } from "../support/rig";
import { type DeviceWithProgram, withProgram } from "./device";

const PROGRAM = path.join(__dirname, "../../bin/device/leafline-device.js");
const sizeOf = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;

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
			expect(now.state).toMatchObject({ ...was.state, last_seq: expect.anything(), last_ts: expect.anything() });
			// It might as well be an older image.
			expect(now.state.last_seq).toBeGreaterThan(last_seq + BLOCK);
			expect(now.state.last_seq).toBe(readReservations(store(), "edge1")?.reserved[`edge1_${name}`]?.floor);
			const { metadata: { [CUT_NOTE]: cut, ...metadata } = {}, ...config } = now.config as unknown as StreamConfig;
			expect({ ...config, metadata }).toEqual(was.config);
			expect(readCut(cut)?.after).toBeGreaterThan(Date.now() - 600_000);
		}
		await rig.arrived("hub_can", before.can.state.messages);
		await rig.arrived("hub_debug", before.debug.state.messages);
	});

	it("drops nothing of a full stream when a gate is interrupted while there are messages that move it on", async () => {
		const was = (await info("edge1_debug")).state;
		await rig.device("edge1").server.kill();
		const stopped = new Error("the gate is ended here");
		const dir = rig.bench.path("");
		const conf = fs.readFileSync(path.join(dir, device.spec.gateConf), "utf8");
		const debug = device.spec.streams.find(({ name }) => name === "edge1_debug");
		if (!debug) throw new Error("no edge1_debug");
		keepDescriptions(store(), ["edge1_debug"]);
		const interrupted = behindClosedDoors(conf, dir, closedServer(), async (ask) => {
			const { api } = ask;
			const interrupting: typeof api = {
				...api,
				ask: async <T>(call: string, body: unknown, timeoutMs: number) => {
					const { state } = await api.ask<{ state: State }>("STREAM.INFO.edge1_debug", undefined, timeoutMs);
					if (call.startsWith("STREAM.PURGE") && state.last_seq > was.last_seq) throw stopped;
					return api.ask<T>(call, body, timeoutMs);
				},
			};
			await moveOn({ ...ask, api: interrupting }, debug, was.last_seq + BLOCK, () => undefined);
		});
		await expect(interrupted).rejects.toThrow(/the gate is ended here/);
		await device.boot();
		const { state } = await info("edge1_debug");
		expect(state).toMatchObject({ messages: was.messages, first_seq: was.first_seq, bytes: was.bytes });
	});

	it("drops nothing of a full stream whose server is killed when it has moved it on", async () => {
		const was = (await info("edge1_debug")).state;
		await rig.device("edge1").server.kill();
		const conf = fs.readFileSync(path.join(rig.bench.path(""), device.spec.gateConf), "utf8");
		const debug = device.spec.streams.find(({ name }) => name === "edge1_debug");
		if (!debug) throw new Error("no edge1_debug");
		const killed = behindClosedDoors(conf, rig.bench.path(""), closedServer(), async (ask) => {
			await moveOn(ask, debug, was.last_seq + BLOCK, () => undefined);
			// The server finds again what it had purged, as far as it had not written that down.
			process.kill(Number(fs.readFileSync(closedServer(), "utf8").split("\n")[0]), "SIGKILL");
		});
		await killed.catch(() => undefined);
		await device.boot();
		const { state, config } = await info("edge1_debug");
		expect(state).toMatchObject({ messages: was.messages, first_seq: was.first_seq, bytes: was.bytes });
		expect(config.metadata).not.toHaveProperty("leafline.max_bytes");
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
		const { last_seq } = (await info("edge1_can")).state;
		expect(last_seq).toBeGreaterThan(sequence);
		expect(readReservations(store(), "edge1")).toMatchObject({
			reserved: { edge1_can: { sequence: last_seq + BLOCK } },
			moved: { streams: { edge1_can: { to: last_seq } } },
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
		fs.mkdirSync(`${file}.gate.new`);
		await expect(device.boot()).rejects.toThrow(/reserved\.json cannot be written: /);
		fs.rmdirSync(`${file}.gate.new`);
		fs.writeFileSync(file, kept);
		await device.boot();
	});

	/** The gate as a process of its own, once it has stored messages that are not purged yet, as the official server needs them. */
	async function gateAtWork(): Promise<{ readonly gate: ChildProcess; readonly server: ProcessId }> {
		const dir = rig.bench.path("");
		fs.writeFileSync(path.join(dir, "device.json"), JSON.stringify(device.spec));
		const env = { ...process.env, PATH: `${path.dirname(await officialServer())}:${process.env.PATH}` };
		const gate = spawn(process.execPath, [PROGRAM, "gate"], { cwd: dir, env, stdio: "ignore" });
		const server = await eventually(
			() => {
				const [pid, started = ""] = fs.readFileSync(closedServer(), "utf8").split("\n");
				return { pid: Number(pid), started };
			},
			{ what: "the server behind closed doors" },
		);
		const messages = path.join(store(), "jetstream/$G/streams/edge1_can/msgs");
		const size = () => fs.readdirSync(messages).reduce((sum, name) => sum + sizeOf(path.join(messages, name)), 0);
		const before = size();
		await eventually(() => size() > before, { what: "a message that moves the stream on" });
		return { gate, server };
	}

	const closedServer = () => path.join(store(), "leafline", "closed-server");

	it("lets nothing pass that a gate has begun and not finished, whatever ended it", async () => {
		await rig.device("edge1").server.kill();
		const { gate, server } = await gateAtWork();
		gate.kill("SIGKILL");
		await once(gate, "exit");
		expect(isRunning(server), "it is left behind").toBe(true);
		const folder = fs.readFileSync(closedServer(), "utf8").split("\n")[2] ?? "";
		expect(fs.readdirSync(folder), "and its folder").toContain("gate.conf");
		onTestFinished(() => void (isRunning(server) && process.kill(server.pid, "SIGKILL")));
		seal(rig.bench.path(""), device.spec);
		expect(readReservations(store(), "edge1")).toMatchObject({ unproved: true });

		await device.boot();
		expect(isRunning(server), "two servers at one store ruin it").toBe(false);
		expect(fs.existsSync(folder)).toBe(false);
		expect(fs.existsSync(closedServer())).toBe(false);
		expect(readReservations(store(), "edge1")).not.toHaveProperty("unproved");
		expect(device.said[0]).toMatch(/the last end was not clean; moving edge1_can, edge1_debug on/);
		for (const stream of ["edge1_can", "edge1_debug", "hub_can", "hub_debug"]) {
			const where = stream.startsWith("hub") ? "hub" : "edge1";
			const { state } = await rig.bench.api(where, `STREAM.INFO.${stream}`, {
				subjects_filter: "*.*._leafline_filler",
			});
			expect((state as { subjects?: object }).subjects, stream).toBeUndefined();
		}
	});

	it("gives a stream its description back that a cut has left half written", async () => {
		await rig.device("edge1").server.kill();
		const { gate, server } = await gateAtWork();
		process.kill(server.pid, "SIGKILL");
		await once(gate, "exit");
		for (const stream of ["edge1_can", "edge1_debug"]) {
			fs.writeFileSync(path.join(store(), "jetstream/$G/streams", stream, "meta.sum"), "0000000000000000");
		}
		await device.boot();
		expect(await info("edge1_can")).toMatchObject({ config: { name: "edge1_can" } });
		expect(await info("edge1_debug")).toMatchObject({ config: { name: "edge1_debug" } });
		expect(fs.existsSync(path.join(store(), "leafline/descriptions"))).toBe(false);

		await rig.device("edge1").server.kill();
		const sum = path.join(store(), "jetstream/$G/streams/edge1_debug/meta.sum");
		const good = fs.readFileSync(sum);
		fs.writeFileSync(sum, "0000000000000000");
		await device.gate();
		expect(device.said.at(-1)).toMatch(/^edge1_debug: lies in the store, but the server does not read it/);
		fs.writeFileSync(sum, good);
		await device.boot();
	});

	it("calls nothing clean that systemd says was killed", async () => {
		await rig.device("edge1").server.kill("SIGTERM");
		const dir = rig.bench.path("");
		fs.writeFileSync(path.join(dir, "device.json"), JSON.stringify(device.spec));
		const sealedAfter = (env: Readonly<Record<string, string>>) => {
			spawnSync(process.execPath, [PROGRAM, "seal"], { cwd: dir, env: { ...process.env, ...env } });
			return readReservations(store(), "edge1")?.sealed !== undefined;
		};
		expect(sealedAfter({ EXIT_CODE: "killed", EXIT_STATUS: "KILL" })).toBe(false);
		expect(sealedAfter({ EXIT_CODE: "exited", EXIT_STATUS: "2" })).toBe(false);
		expect(sealedAfter({ EXIT_CODE: "exited", EXIT_STATUS: "0" })).toBe(true);
		await device.boot();
		expect(device.said).toEqual([]);
	});

	it("writes a draft of its own: what `keep` is about to write beside it is neither taken nor in the way", async () => {
		await device.shutDown();
		const draft = `${reservationsFile(store())}.keep.new`;
		fs.mkdirSync(draft);
		await device.boot();
		expect(device.said).toEqual([]);
		fs.rmdirSync(draft);
	});

	it("says in one line what the machine refuses, and what the server says", async () => {
		await rig.device("edge1").server.kill();
		const dir = rig.bench.path("");
		fs.writeFileSync(path.join(dir, "device.json"), JSON.stringify(device.spec));
		const env = { ...process.env, TMPDIR: path.join(dir, "nowhere") };
		const { status, stderr } = spawnSync(process.execPath, [PROGRAM, "gate"], { cwd: dir, env, encoding: "utf8" });
		expect(status).toBe(1);
		expect(stderr).toMatch(/^leafline: ENOENT: no such file or directory, .*nowhere.*\n$/);

		const conf = fs.readFileSync(path.join(dir, device.spec.gateConf), "utf8");
		const work = () => Promise.reject(new Error("TIMEOUT"));
		await expect(behindClosedDoors(conf, dir, closedServer(), work)).rejects.toThrow(
			/^the server does not do what it must before its start \(TIMEOUT\); it says: \[/,
		);
		await device.boot();
	});

	it("ends its server where it cannot write down which one that is", async () => {
		await rig.device("edge1").server.kill();
		const dir = rig.bench.path("");
		fs.writeFileSync(path.join(dir, "device.json"), JSON.stringify(device.spec));
		fs.symlinkSync(path.join(dir, "nowhere", "record"), closedServer());
		onTestFinished(() => fs.rmSync(closedServer(), { force: true }));
		const options = { cwd: dir, encoding: "utf8", timeout: 60_000 } as const;
		const { status, stderr } = spawnSync(process.execPath, [PROGRAM, "gate"], options);
		expect(status, stderr).toBe(1);
		expect(stderr).toMatch(
			/^leafline: the server does not do what it must before its start \(ENOENT: .*closed-server'\); it says: /,
		);
		fs.rmSync(closedServer(), { force: true });
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
