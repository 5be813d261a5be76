import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { Publisher } from "../cli/demo/publisher";
import type { DeviceWithProgram } from "../tests/device/device";
import { eventually } from "../tests/support/eventually";
import type { Rig } from "../tests/support/rig";
import { type FileSystem, mountOwnDisk, type OwnDisk } from "./own-disk";

/** Power cuts on a device that publishes bulk and alarms at the same time, and what each took of each class. */

const CLASSES = { bulk: "vehicle.sensor", alarm: "alarm.line" } as const;
type Class = keyof typeof CLASSES;
const ALARMS = 10;
export const DEVICE = "edge1";
/** A source that found no consumer is tried again 10 s to 2 min later (nats-server, `stream.go`). */
const ARRIVED_MS = 240_000;

export interface Traffic {
	readonly rate: number;
	readonly sync: string;
}

/** What one cut did to one class. */
export interface Cut {
	readonly link: "up" | "cut";
	readonly class: Class;
	/** By the plan. */
	readonly said: { readonly ms: number; readonly messages: number };
	readonly acknowledged: number;
	readonly lost: number;
	/** How long before the cut the oldest of them was acknowledged. */
	readonly oldestMs: number;
	readonly twice: number;
	readonly outOfOrder: number;
	/** Of what was published after the cut; all of it has to arrive. */
	readonly lostAfter: number;
}

/** The device's store, on a disk that can lose what was not synced. */
export async function ontoOwnDisk(rig: Rig, device: DeviceWithProgram, kind: FileSystem): Promise<OwnDisk> {
	await device.shutDown();
	const store = rig.bench.path(DEVICE);
	const copy = `${store}.before`;
	execFileSync("cp", ["-a", store, copy]);
	const disk = mountOwnDisk(store, kind, "3GiB");
	mkdirSync(store, { recursive: true });
	execFileSync("cp", ["-a", `${copy}/.`, store]);
	await device.boot();
	device.keep();
	return disk;
}

export async function oneCut(
	rig: Rig,
	device: DeviceWithProgram,
	disk: OwnDisk,
	{ n, rate }: Pick<Traffic, "rate"> & { readonly n: number },
): Promise<{ readonly cuts: readonly Cut[]; readonly written: number }> {
	const mode = n % 2 === 0 ? "up" : "cut";
	const { link } = rig.device(DEVICE);
	link.set({ mode });
	const names = Object.keys(CLASSES) as Class[];
	const rates = { bulk: rate, alarm: ALARMS };
	const ran = `cut${n}`;
	const running: { name: Class; publisher: Publisher; times: number[] }[] = [];
	for (const name of names) {
		const messages = rates[name] * 60;
		const publisher = await rig.publish(DEVICE, {
			run: `${ran}${name}`,
			messages,
			rate: rates[name],
			subject: CLASSES[name],
		});
		running.push({ name, publisher, times: [] });
	}
	// When each was acknowledged, to within some milliseconds.
	const watch = setInterval(() => {
		for (const { publisher, times } of running) times.push(performance.now(), publisher.acknowledged);
	}, 2);
	const began = { at: performance.now(), ...disk.counters() };
	await new Promise((done) => setTimeout(done, 3_000 + Math.random() * 3_000));
	const written = (disk.counters().bytes - began.bytes) / ((performance.now() - began.at) / 1000) / 1e3;
	disk.cutPower();
	await rig.device(DEVICE).server.kill();
	clearInterval(watch);
	// Nothing is acknowledged any more once the disk is gone.
	const cutAt = Math.max(...running.map(({ publisher, times }) => acknowledgedAt(times, publisher.acknowledged - 1)));
	disk.mountAgain();
	const acks = running.map(({ publisher }) => publisher.acks.slice());
	await Promise.all(running.map(({ publisher }) => publisher.stop()));
	await device.boot({ reach: mode === "up" });
	const after: { name: Class; publisher: Publisher }[] = [];
	for (const name of names) {
		const publisher = await rig.publish(DEVICE, {
			run: `${ran}${name}after`,
			messages: name === "bulk" ? 2_000 : 50,
			subject: CLASSES[name],
		});
		await publisher.done;
		after.push({ name, publisher });
	}
	link.set({ mode: "up" });
	const results: Cut[] = [];
	for (const [i, { name, times }] of running.entries()) {
		const stream = `hub_${name}`;
		const later = after[i]?.publisher;
		if (!later) throw new Error("nothing was published after the cut");
		const verdict = async (run: string, of: Uint8Array) => (await rig.verdict(stream, run, { [DEVICE]: of })).total;
		// What comes last has arrived: whatever was before it has as well, or never will.
		await eventually(async () => (await verdict(`${ran}${name}after`, later.acks)).arrived >= later.acknowledged, {
			what: `all of ${name} published after the cut arrives`,
			within: ARRIVED_MS,
		}).catch(() => undefined);
		const total = await verdict(`${ran}${name}`, acks[i] ?? new Uint8Array());
		const arrivals = new Set((await rig.arrivals(stream, `${ran}${name}`)).map(({ counter }) => counter));
		const oldest = (acks[i] ?? new Uint8Array()).findIndex((acked, counter) => acked === 1 && !arrivals.has(counter));
		const { topology } = rig;
		const said = topology.budgets.buffer.all?.classes[name]?.powerCut ?? { ms: 0, messages: 0 };
		results.push({
			link: mode,
			class: name,
			said,
			acknowledged: total.acknowledged,
			lost: total.lost,
			oldestMs: oldest < 0 ? 0 : Math.round(cutAt - acknowledgedAt(times, oldest)),
			twice: total.twice,
			outOfOrder: total.outOfOrder,
			lostAfter: (await verdict(`${ran}${name}after`, later.acks)).lost,
		});
		await later.stop();
	}
	return { cuts: results, written };
}

/** When so many had been acknowledged, of a list of times and counts. */
function acknowledgedAt(times: readonly number[], count: number): number {
	for (let i = 0; i < times.length; i += 2) {
		if ((times[i + 1] ?? 0) > count) return times[i] ?? 0;
	}
	return times.at(-2) ?? 0;
}

export function cutFleet({ rate, sync }: Traffic): string {
	const syncs = sync === "always" ? ", syncs: 100000/s" : "";
	return `apiVersion: leafline/v1
fleet: cuts
hardware:
  board: { arch: amd64, buffer: 2GiB, sync: ${sync}${syncs} }
link: { up: 500Mbit/s, rtt: 5ms, outage: 1m }
classes:
  bulk: { rate: ${rate}/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: ${ALARMS}/s, size: 128B, accepts: alarm.>, priority: high, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "${DEVICE}", hardware: board }
`;
}
