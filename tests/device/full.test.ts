import * as fs from "node:fs";
import type { NatsConnection } from "nats";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { encodePayload } from "../../cli/demo/traffic";
import { Edges } from "../../cli/fleet/edges";
import { readReservations } from "../../device/reservations";
import { eventually } from "../support/eventually";
import { hubOf, type Rig, startRig } from "../support/rig";
import { type SmallDisk, smallDisk, whyNoDisk } from "./small-disk";
import { runUnit, type Unit } from "./unit";

const FLEET = `apiVersion: leafline/v1
fleet: full
hardware:
  board: { arch: amd64, buffer: 48MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 10/s, size: 256B, accepts: alarm.>, priority: high, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 100/s, size: 1KiB, accepts: log.>, whenFull: drop-oldest, hub: { keep: 1h } }
groups:
  all: { devices: "edge[1-3]", hardware: board }
`;
const SUBJECTS = { can: "vehicle.sensor", alarm: "alarm.door", debug: "log.line" } as const;
type Class = keyof typeof SUBJECTS;
const CLASSES = Object.keys(SUBJECTS) as Class[];

const DISK = 160 << 20;
/** What the issue asks for is 30 s; a machine that does much else may be slower, and none waits for its end. */
const AGAIN_MS = 180_000;

const missing = whyNoDisk();
if (missing !== undefined) console.warn(`tests/device/full.test.ts: skipped, for there is no small disk: ${missing}`);

describe.skipIf(missing !== undefined)("a device whose disk is full", () => {
	let rig: Rig;
	const disks: SmallDisk[] = [];
	const units: Unit[] = [];
	const talkers: Talkers[] = [];
	beforeAll(async () => {
		rig = await startRig(FLEET);
	}, 60_000);
	afterEach(async ({ task }) => {
		if (task.result?.state === "fail") for (const unit of units) console.log(unit.said(), unit.kept(), unit.log());
		for (const talker of talkers.splice(0)) await talker.stop();
	});
	afterAll(async () => {
		await Promise.all(units.map((unit) => unit.stop()));
		await rig?.close();
		await Promise.all(disks.map((disk) => disk.close()));
	});

	async function onSmallDisk(name: string, inodes?: number): Promise<{ disk: SmallDisk; unit: Unit; store: string }> {
		fs.mkdirSync(rig.bench.path(`${name}.disk`));
		const disk = await smallDisk(rig.bench.path(`${name}.disk`), DISK, inodes);
		disks.push(disk);
		const store = `${disk.path}/store`;
		const unit = await runUnit(rig, name, store);
		units.push(unit);
		return { disk, unit, store };
	}

	function talk(name: string, run: string): Talkers {
		const talkers_ = new Talkers(rig.device(name).client, name, run);
		talkers.push(talkers_);
		return talkers_;
	}

	/** Each acknowledged message is on the hub once and in order. @returns how many there are in all */
	async function allThere(name: string, said: Talkers): Promise<number> {
		await said.stop();
		let sum = 0;
		for (const each of CLASSES) {
			const acks = said.acks(each);
			const acknowledged = acks.reduce((total, one) => total + one, 0);
			const exact = async () => {
				const { total } = await rig.verdict(`hub_${each}`, said.runOf(each), { [name]: acks });
				expect(total).toMatchObject({ acknowledged, lost: 0, twice: 0, outOfOrder: 0 });
				return true;
			};
			await eventually(exact, { what: `all of ${each}`, within: AGAIN_MS });
			sum += acknowledged;
		}
		return sum;
	}

	it("acknowledges nothing while it is full, and goes on by itself when there is room", async () => {
		const { disk, unit, store } = await onSmallDisk("edge1");
		const said = talk("edge1", "full");
		await said.untilMore(50);
		disk.fill();
		await said.untilSilent();
		// The stream is well, as far as it says.
		const { state } = (await rig.bench.api("edge1", "STREAM.INFO.edge1_can")) as { state: { messages: number } };
		expect(state.messages).toBeGreaterThan(0);
		// Whoever has the hub alone is told, of this device.
		const { local: _, ...elsewhere } = rig.outputs;
		const edges = new Edges(elsewhere, hubOf(rig.bench));
		const { devices } = await edges.ask(undefined, { health: true });
		await edges.close();
		expect(devices.edge1?.health).toMatch(/^edge1_\w+: .*no space left on device/);
		expect(devices.edge2).toMatchObject({ missing: [] });
		expect(devices.edge2?.health).toBeUndefined();
		const named =
			/edge1: edge1_\w+: .*no space left on device; its server is started anew when 16MiB and 256 inodes are free/;
		await eventually(() => named.test(unit.kept()), { what: "keep names it" });
		expect(unit.kept()).toMatch(/edge1: its disk is (full|short of room): \S+ has \d.* left and may still need/);
		const unproved = () => readReservations(store, "edge1")?.unproved;
		await eventually(unproved, { what: "what the server leaves is not trusted, which can be written on a full disk" });
		expect(unit.starts()).toBe(1);

		disk.free();
		await said.untilMore(50, AGAIN_MS);
		expect(unit.starts(), unit.said()).toBe(2);
		expect(unit.attempts()).toBe(2);
		expect(unit.kept()).toMatch(/edge1: there is room again; starting its server anew/);
		expect(unproved()).toBeUndefined();

		// A second time, and what was written down outlives the program: no restart before its time, which is long here.
		const written = `${store}/leafline/restarts.json`;
		expect(JSON.parse(fs.readFileSync(written, "utf8"))).toMatchObject({ tries: 1 });
		fs.writeFileSync(written, JSON.stringify({ tries: 3, at: Date.now() }));
		await unit.restartKeep();
		disk.fill();
		await said.untilSilent();
		disk.free();
		const waits = /edge1: was started anew 3 times and still cannot write, the next time in \d/;
		await eventually(() => waits.test(unit.kept()), { what: "keep says that it waits" });
		expect(unit.starts()).toBe(2);
		fs.writeFileSync(written, JSON.stringify({ tries: 3, at: 0 }));
		await unit.restartKeep();
		await said.untilMore(50, AGAIN_MS);
		expect(unit.starts()).toBe(3);
		expect(await allThere("edge1", said)).toBeGreaterThan(450);
	}, 600_000);

	it("is the same where inodes are what has run out", async () => {
		const { disk, unit } = await onSmallDisk("edge2", 2_048);
		const said = talk("edge2", "inodes");
		await said.untilMore(50);
		disk.fillInodes();
		const short = /edge2: its disk is full: \S+ has \d+ inodes left and may still need/;
		await eventually(() => short.test(unit.kept()), { what: "keep names it" });
		// What has its file already goes on; the mark is written on the ballast.
		await said.untilMore(50);
		disk.free();
		await said.untilMore(50, AGAIN_MS);
		expect(await allThere("edge2", said)).toBeGreaterThan(300);
	}, 600_000);

	it("stays shut on a disk that has gone read-only, says so once, and is not started again and again", async () => {
		const { disk, unit } = await onSmallDisk("edge3");
		const said = talk("edge3", "read-only");
		await said.untilMore(50);
		disk.fail();
		await said.untilSilent();
		const named = () =>
			unit.kept().match(/edge3: edge3_\w+: .*; its server is not started anew, for .* cannot be written/g);
		await eventually(named, { what: "keep names it" });

		const pid = unit.pid() ?? 0;
		process.kill(pid, "SIGKILL");
		const waits = () => unit.said().match(/cannot be written: EROFS.*; waits for it/g);
		await eventually(() => unit.attempts() === 2 && waits(), { what: "the gate waits" });
		await new Promise((done) => setTimeout(done, 3 * 2_000));
		expect(waits()).toHaveLength(1);
		expect(named()).toHaveLength(1);
		expect(unit.starts()).toBe(1);
		expect(unit.attempts()).toBe(2);
		await said.stop();
		// On the hub is what was acknowledged before the file system failed and had left the device by then.
	}, 600_000);
});

/** A program for each class on a device, which says a thing once, and notes whether it was acknowledged. */
class Talkers {
	private readonly noted: Record<Class, number[]> = { can: [], alarm: [], debug: [] };
	private ended = false;
	private readonly loops: Promise<void>[];

	constructor(
		private readonly client: NatsConnection,
		private readonly device: string,
		private readonly run: string,
	) {
		this.loops = CLASSES.map((each) => this.talk(each));
	}

	runOf(each: Class): string {
		return `${this.run}-${each}`;
	}

	acks(each: Class): Uint8Array {
		return Uint8Array.from(this.noted[each]);
	}

	private async talk(each: Class): Promise<void> {
		const jetstream = this.client.jetstream();
		for (let counter = 0; !this.ended; counter++) {
			this.noted[each][counter] = 0;
			try {
				const payload = encodePayload(this.runOf(each), this.device, counter, 1_024);
				await jetstream.publish(SUBJECTS[each], payload, { timeout: 1_000 });
				this.noted[each][counter] = 1;
			} catch {
				// It is not acknowledged, and said no second time.
			}
			await new Promise((done) => setTimeout(done, 5));
		}
	}

	private count(each: Class): number {
		return this.noted[each].reduce((sum, one) => sum + one, 0);
	}

	/** Until each class has had so many more acknowledged. */
	async untilMore(messages: number, within = 60_000): Promise<void> {
		const before = Object.fromEntries(CLASSES.map((each) => [each, this.count(each)]));
		const done = () => CLASSES.every((each) => this.count(each) >= (before[each] ?? 0) + messages);
		await eventually(done, { what: `${messages} more of each class are acknowledged`, within });
	}

	/** Until two messages in a row of each class were not acknowledged. */
	async untilSilent(): Promise<void> {
		const silent = (each: Class) => {
			const [a, b] = this.noted[each].slice(-3);
			return a === 0 && b === 0;
		};
		await eventually(() => CLASSES.every(silent), { what: "no class is acknowledged", within: 120_000 });
	}

	async stop(): Promise<void> {
		this.ended = true;
		await Promise.all(this.loops);
	}
}
