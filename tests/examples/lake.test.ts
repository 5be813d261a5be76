import { cpSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { connect, headers } from "nats";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type LakeProgram, lakeProgram } from "../support/lake";
import { counters, finish, makeWorld, says, upTo, type World } from "../support/lake-world";

const STREAM = "hub_can";
const WITHIN = 60_000;
vi.setConfig({ testTimeout: 4 * WITHIN, hookTimeout: 4 * WITHIN });

let program: LakeProgram;
beforeAll(() => {
	program = lakeProgram();
});
afterEach(() => program.killAll());
afterAll(() => program?.close());

describe("a lake in a folder", () => {
	let world: World;
	beforeAll(async () => {
		world = await makeWorld(program);
	});
	afterAll(() => world?.close());

	it("has each message once and in its device's order, whenever it was killed", async () => {
		const { rig } = world;
		const devices = Object.keys(rig.devices);
		const running = await Promise.all(
			devices.map((name) => rig.publish(name, { run: "kills", messages: 3_000, rate: 250, subject: "vehicle.sensor" })),
		);
		// Late data: what it has comes when the link does.
		rig.device("edge3").link.set({ mode: "cut" });
		for (let kill = 0; kill < 20; kill++) {
			const lake = world.start();
			// Also before it has begun, and most often while it writes.
			if (kill % 4 > 0) await says(lake, "reads on");
			await setTimeout(Math.random() * 700);
			await lake.kill();
			if (kill === 10) rig.device("edge3").link.set({ mode: "up" });
		}
		await Promise.all(running.map(({ done }) => done));
		await rig.arrived(STREAM, 9_000, WITHIN);
		await finish(world, world.start());
		expect(await counters(program, world.folder, "kills")).toEqual(
			Object.fromEntries(devices.map((name) => [name, upTo(3_000)])),
		);
	});

	it("shows nobody half a file, and leaves nothing of processes that were killed", async () => {
		const names = readdirSync(world.folder, { recursive: true, encoding: "utf8" });
		const files = names.filter((name) => statSync(join(world.folder, name)).isFile());
		expect(files.filter((name) => !/\.(parquet|json)$|^_leafline.half./.test(name))).toEqual([]);
		const [{ files: read } = {}] = await program.query(
			`SELECT count(DISTINCT file_name) AS files FROM parquet_file_metadata('${world.folder}/*/*/*/*/*.parquet')`,
		);
		expect(Number(read)).toBe(files.filter((name) => name.endsWith(".parquet")).length);
	});

	it("lets only one of two processes go on, and nothing is twice", async () => {
		const { rig } = world;
		const before = (await rig.lastSequence(STREAM)) ?? 0;
		const one = world.start();
		await says(one, "reads on");
		const publisher = await rig.publish("edge1", {
			run: "two",
			messages: 1_500,
			rate: 500,
			subject: "vehicle.sensor",
		});
		const other = world.start();
		await publisher.done;
		const lakes = [one, other];
		const first = await Promise.race(lakes.map(async (lake) => lake.ended.then(() => lake)));
		expect(await first.ended, first.log()).toBe(3);
		expect(first.log()).toContain("another process");
		await rig.arrived(STREAM, before + 1_500, WITHIN);
		await finish(world, lakes.find((lake) => lake !== first) ?? other);
		expect(await counters(program, world.folder, "two")).toEqual({ edge1: upTo(1_500) });
	});

	it("puts a message into the hour in which it was made, where it says so and can be believed", async () => {
		const before = (await world.rig.lastSequence(STREAM)) ?? 0;
		const nc = await connect({ servers: `127.0.0.1:${world.rig.device("edge1").port}` });
		const times = ["2024-02-03T04:05:06.123456789Z", "2024-02-03T06:05:06+02:00", "1970-01-01T00:00:10Z", "soon"];
		for (const [index, time] of times.entries()) {
			const said = headers();
			said.set("Leafline-Time", time);
			said.set("Nats-Msg-Id", `made-${index}`);
			await nc.jetstream().publish("vehicle.made", `made edge1 ${index} `, { headers: said });
		}
		await nc.close();
		await world.rig.arrived(STREAM, before + times.length, WITHIN);
		await finish(world, world.start());
		const rows = await program.query(
			`SELECT date::VARCHAR AS date, hour::INT AS hour, epoch_us(origin_time) AS origin, message_id AS id
			FROM read_parquet('${world.folder}/can/*/*/device=edge1/*.parquet', hive_partitioning = true)
			WHERE subject = 'edge1.can.vehicle.made' ORDER BY device_seq`,
		);
		const today = new Date().toISOString().slice(0, 10);
		expect(rows.map(({ id, origin }) => [id, origin === null ? null : Number(origin)])).toEqual([
			["made-0", Date.parse(times[0] ?? "") * 1000 + 456],
			["made-1", Date.parse(times[1] ?? "") * 1000],
			["made-2", 10_000_000],
			["made-3", null],
		]);
		expect(rows.slice(0, 2).map(({ date, hour }) => [date, hour])).toEqual(Array(2).fill(["2024-02-03", 4]));
		for (const { date } of rows.slice(2))
			expect(Math.abs(Date.parse(String(date)) - Date.parse(today))).toBeLessThan(2e8);
	});

	it("has each message once when the hub has lost its newest, and gives their sequences to others", async () => {
		const { rig } = world;
		const [hub] = rig.bench.hubs;
		const store = rig.bench.path(hub?.name ?? "");
		const publish = async (device: string, run: string, messages: number) => {
			const publisher = await rig.publish(device, { run, messages, subject: "vehicle.sensor" });
			await publisher.done;
		};
		const before = (await rig.lastSequence(STREAM)) ?? 0;
		cpSync(store, `${store}.image`, { recursive: true });
		await publish("edge1", "lost", 800);
		await rig.arrived(STREAM, before + 800, WITHIN);
		await finish(world, world.start());
		await hub?.kill();
		// What is new comes first: it gets the sequences of what was lost.
		rig.device("edge1").link.set({ mode: "cut" });
		rmSync(store, { recursive: true, force: true });
		cpSync(`${store}.image`, store, { recursive: true });
		await hub?.start();
		await publish("edge2", "new", 500);
		await rig.arrived(STREAM, before + 500, WITHIN);
		const lake = world.start();
		await says(lake, "went back");
		rig.device("edge1").link.set({ mode: "up" });
		await rig.arrived(STREAM, before + 1_300, WITHIN);
		await finish(world, lake);
		expect(await counters(program, world.folder, "lost")).toEqual({ edge1: upTo(800) });
		expect(await counters(program, world.folder, "new")).toEqual({ edge2: upTo(500) });
	});
});
