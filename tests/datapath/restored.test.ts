import * as fs from "node:fs";
import { connect } from "nats";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readReservations } from "../../device/reservations";
import { type DeviceWithProgram, withProgram } from "../device/device";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

const FLEET = `apiVersion: leafline/v1
fleet: restored
hardware:
  board: { arch: amd64, buffer: 64MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 100/s, size: 128B, accepts: log.>, whenFull: drop-oldest, hub: { keep: 1h } }
groups:
  all: { devices: edge1, hardware: board }
`;
const SUBJECTS = { can: "vehicle.sensor", debug: "log.line" } as const;
type Class = keyof typeof SUBJECTS;
const CLASSES = Object.keys(SUBJECTS) as Class[];
const WITHIN = 150_000;
vi.setConfig({ testTimeout: 4 * WITHIN, hookTimeout: 2 * WITHIN });

const CASES = [
	{ nodes: 1, put: "in the same boot" },
	{ nodes: 3, put: "after a reboot" },
];
describe.each(CASES)("an older image after a clean end, with a hub of $nodes, put back $put", ({ nodes, put }) => {
	let rig: Rig;
	let device: DeviceWithProgram;
	beforeEach(async () => {
		rig = await startRig(FLEET, {}, { hub: { nodes } });
		// What systemd gives the units, and a boot of the machine takes away.
		vi.stubEnv("RUNTIME_DIRECTORY", rig.bench.path("run"));
		device = withProgram(rig, "edge1");
		device.keep();
		const marks = () => readReservations(rig.bench.path("edge1"), "edge1")?.reserved ?? {};
		await eventually(() => Object.keys(marks()).length === CLASSES.length, { what: "marks of both classes" });
	});
	afterEach(async () => {
		vi.unstubAllEnvs();
		await device?.close();
		await rig?.close();
	});

	interface Run {
		readonly run: string;
		readonly acks: Record<Class, Uint8Array>;
	}

	/** Messages of both classes that the device has acknowledged. */
	async function publish(run: string, messages: number, from = 0): Promise<Run> {
		const acks: Record<string, Uint8Array> = {};
		for (const name of CLASSES) {
			const traffic = { run: `${run}-${name}`, messages, from, subject: SUBJECTS[name] };
			const publisher = await rig.publish("edge1", traffic);
			await publisher.done;
			await publisher.stop();
			acks[name] = publisher.acks;
		}
		return { run, acks: acks as Record<Class, Uint8Array> };
	}
	const total = async ({ run, acks }: Run, name: Class) =>
		(await rig.verdict(`hub_${name}`, `${run}-${name}`, { edge1: acks[name] })).total;

	/** All of it is on the hub, once and in order. */
	async function arrives(run: Run): Promise<void> {
		for (const name of CLASSES) {
			const messages = run.acks[name].length;
			const all = async () => (await total(run, name)).arrived >= messages;
			await eventually(all, { what: `all of ${run.run} in hub_${name}`, within: WITHIN });
			const exact = { acknowledged: messages, arrived: messages, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 };
			expect(await total(run, name), `${run.run} in hub_${name}`).toEqual(exact);
		}
	}
	const last = async (name: Class) => {
		const { state } = await rig.bench.api("edge1", `STREAM.INFO.edge1_${name}`);
		return (state as { last_seq: number }).last_seq;
	};
	const rebootMachine = () => fs.rmSync(rig.bench.path("run"), { recursive: true, force: true });

	/** The hub has 700 more of each class than what the image holds, of which the later ones of another boot. */
	async function goBack(): Promise<readonly Run[]> {
		const before = await publish("before", 500);
		await arrives(before);
		await device.shutDown();
		rebootMachine();
		await device.gate();
		await rig.device("edge1").server.start();
		await device.shutDown();
		device.photograph();

		const stood = device.said.length;
		await device.boot();
		expect(device.said.slice(stood), "a clean end that this boot has seen skips nothing").toEqual([]);
		const first = await last("can");
		const newer = await publish("newer", 400);
		expect(await last("can")).toBe(first + 400);
		await arrives(newer);
		await device.shutDown();
		rebootMachine();
		await device.boot();
		const newest = await publish("newest", 300);
		await arrives(newest);
		await device.shutDown();
		device.putBack();
		return [before, newer, newest];
	}

	it("loses nothing new, also of before the hub is reached", async () => {
		const had = await goBack();
		if (put === "after a reboot") rebootMachine();
		const { link } = rig.device("edge1");
		link.set({ mode: "cut" });
		await device.boot({ reach: false });
		expect(device.said.at(-1)).toMatch(
			/^edge1: its store is not known to this boot .* a newer one may have stored in \d/,
		);
		const away = await publish("new", 900);
		link.set({ mode: "up" });
		const there = await publish("new", 300, 900);
		const all = (name: Class) => Uint8Array.from([...away.acks[name], ...there.acks[name]]);
		for (const run of [{ run: "new", acks: { can: all("can"), debug: all("debug") } }, ...had]) await arrives(run);
	});

	it.runIf(nodes === 1)(
		"knows the ids of messages before sequences that were skipped, and lists none of those",
		async () => {
			const publishOnce = async () => {
				const program = await connect({ servers: `127.0.0.1:${rig.device("edge1").port}` });
				try {
					return (await program.jetstream().publish("vehicle.sensor", "once", { msgID: "once" })).duplicate;
				} finally {
					await program.close();
				}
			};
			expect(await publishOnce()).toBe(false);
			for (let boot = 1; boot <= 3; boot++) {
				await device.shutDown();
				rebootMachine();
				await device.boot();
			}
			expect(await publishOnce()).toBe(true);
			const { state } = await rig.bench.api("edge1", "STREAM.INFO.edge1_can", { deleted_details: true });
			expect((state as { num_deleted: number }).num_deleted).toBeGreaterThan(1_000_000);
			expect(state).not.toHaveProperty("deleted");
		},
	);

	// What a device did before it knew of images; the hub takes as many for old ones as it had got from the newer store.
	it.runIf(nodes === 1)("loses what is new where nothing moves it on", async () => {
		const before = await publish("before", 100);
		await arrives(before);
		await device.shutDown();
		device.photograph();
		await device.boot({ gate: false });
		await arrives(await publish("newer", 400));
		await device.shutDown();
		device.putBack();
		await device.boot({ gate: false });
		const after = await publish("after", 1_000);
		const rest = async () => (await total(after, "can")).arrived >= 600;
		await eventually(rest, { what: "those arrive that come behind what the hub has", within: WITHIN });
		expect((await total(after, "can")).lost).toBe(400);
	});
});
