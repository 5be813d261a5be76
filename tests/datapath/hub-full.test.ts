import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Publisher } from "../../cli/demo/publisher";
import { hubFaults } from "../../device/health";
import { type SmallDisk, smallDisk, whyNoDisk } from "../device/small-disk";
import { eventually } from "../support/eventually";
import { type HubWatch, keeperWatch, type Node, nodeWatch } from "../support/hub-watch";
import { type Rig, startRig } from "../support/rig";

const FLEET = `apiVersion: leafline/v1
fleet: hubfull
hardware:
  board: { arch: amd64, buffer: 64MiB }
link: { up: 20Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 100/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge1, edge2", hardware: board }
`;
const STREAM = "hub_can";
const DEVICES = ["edge1", "edge2"];
const DISK = 96 << 20;
const RATE = 250;
/** More than a drill publishes in the longest time that it may take. */
const MESSAGES = 1_000_000;
const LONG = { timeout: 600_000 };
const WITHIN_MS = 180_000;

const missing = whyNoDisk();
if (missing !== undefined) console.warn(`tests/datapath/hub-full.test.ts: skipped, no small disk: ${missing}`);

describe.skipIf(missing !== undefined)("a hub whose disk is full, with devices that publish", () => {
	it.concurrent(
		"one node: devices go on, and the hub does when there is room and its server is restarted, not by itself",
		LONG,
		() =>
			onStage(1, async ({ rig, disks, nodes, said, watched }) => {
				const [node] = nodes;
				if (!node) throw new Error("there is no node");
				for (const make of [nodeWatch, keeperWatch]) {
					await said.arrived(100);
					for (const disk of disks) disk.fill();
					await eventually(() => faulty(node), { what: "the node says that it cannot write", within: WITHIN_MS });
					const had = await storedOn(rig);
					await said.acknowledged(100);

					for (const disk of disks) disk.free();
					// Room alone is not enough.
					await said.acknowledged(1_000);
					expect(await faulty(node)).toBe(true);
					expect(await storedOn(rig)).toBe(had);

					const watch = watched(make);
					await watch.until(async () => (await storedOn(rig)) > had, "the hub takes messages again");
					expect(watch.said()).toMatch(/^.*hub: .*there is room again.*JetStream not enabled/);
					expect(watch.restarts(node.server)).toBe(1);
					await watch.stop();
				}
				await said.allThere();
			}),
	);

	it.concurrent("one of three, then all: the others go on, and the one that was full catches up", LONG, () =>
		onStage(3, async ({ rig, disks, nodes, said, watched }) => {
			const [node] = nodes;
			if (!node) throw new Error("there is no node");
			await lead(rig, node.server.name);
			await said.arrived(100);
			disks[0]?.fill();
			await eventually(() => faulty(node), { what: "the node says that it cannot write", within: WITHIN_MS });
			await said.arrived(100);
			disks[0]?.free();
			await said.arrived(2_000);
			expect(await faulty(node)).toBe(true);
			const timer = watched(nodeWatch);
			await timer.until(() => allCurrent(rig), "all nodes are current");
			expect(nodes.map(({ server }) => timer.restarts(server))).toEqual([1, 0, 0]);

			for (const disk of disks) disk.fill();
			// The last one that still could write has nobody to agree with.
			const full = async () => (await Promise.all(nodes.map(faulty))).filter(Boolean).length >= 2;
			await eventually(full, { what: "no two nodes can write", within: WITHIN_MS });
			const had = await storedOn(rig);
			await said.acknowledged(100);
			for (const disk of disks) disk.free();
			await said.acknowledged(1_000);
			expect(await full()).toBe(true);
			expect(await storedOn(rig)).toBe(had);
			const keeper = watched(keeperWatch);
			await keeper.until(() => allCurrent(rig), "all nodes are current");
			await said.arrived(100);
			for (const { server } of nodes) expect(keeper.restarts(server)).toBeLessThanOrEqual(1);
			await said.allThere();
		}),
	);
});

/** Runs a drill on a hub each of whose nodes has a small disk of its own, with a program on each device. */
async function onStage(nodes: 1 | 3, drill: (stage: Stage) => Promise<void>): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "leafline-hub-full-"));
	const open: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
	let rig: Rig | undefined;
	try {
		const disks: SmallDisk[] = [];
		for (let node = 0; node < nodes; node++) {
			const own = join(folder, `${node}`);
			mkdirSync(own);
			const disk = await smallDisk(own, DISK);
			open.push(() => disk.close());
			disks.push(disk);
		}
		const hubStores = Object.fromEntries(disks.map(({ path }, node) => [node, join(path, "hub")]));
		rig = await startRig(FLEET, {}, { hub: { nodes } }, { hubStores });
		open.push(rig.close);
		const members = rig.bench.hubs.map((server, node) => {
			return { server, mount: disks[node]?.path ?? "", store: hubStores[node] ?? "" };
		});
		const said = await Programs.start(rig, `full-${nodes}`);
		open.push(() => said.stop());
		const watched = (make: typeof nodeWatch) => {
			const watch = make(join(folder, make.name), members);
			open.push(() => watch.stop());
			return watch;
		};
		await drill({ rig, disks, nodes: members, said, watched });
	} catch (error) {
		for (const hub of rig?.bench.hubs ?? []) console.log(hub.name, hub.log().slice(-6_000));
		throw error;
	} finally {
		for (const close of open.reverse()) await close();
	}
}

interface Stage {
	readonly rig: Rig;
	readonly disks: readonly SmallDisk[];
	readonly nodes: readonly Node[];
	readonly said: Programs;
	/** Starts a watch of the hub, which ends with the stage. */
	watched(make: typeof nodeWatch): HubWatch;
}

async function faulty({ server }: Node): Promise<boolean> {
	return (await hubFaults(`http://127.0.0.1:${server.ports.monitor}`)).length > 0;
}

/** Of what the hub's stream has taken so far, as far as its nodes tell. */
async function storedOn(rig: Rig): Promise<number> {
	return (await rig.lastSequence(STREAM)) ?? 0;
}

async function lead(rig: Rig, name: string): Promise<void> {
	const leads = async () => {
		const { cluster } = await rig.bench.api("hub", `STREAM.INFO.${STREAM}`);
		if ((cluster as { leader?: string }).leader === name) return true;
		await rig.bench.api("hub", `STREAM.LEADER.STEPDOWN.${STREAM}`, { placement: { preferred: name } });
		return false;
	};
	await eventually(leads, { what: `${name} leads`, within: WITHIN_MS });
}

async function allCurrent(rig: Rig): Promise<boolean> {
	try {
		const { cluster } = await rig.bench.api("hub", `STREAM.INFO.${STREAM}`);
		const { replicas = [] } = cluster as { replicas?: { current?: boolean; offline?: boolean }[] };
		return replicas.length === 2 && replicas.every(({ current, offline }) => current && !offline);
	} catch {
		return false;
	}
}

/** A program on each device, which publishes all the while. */
class Programs {
	private constructor(
		private readonly rig: Rig,
		private readonly run: string,
		private readonly publishers: Readonly<Record<string, Publisher>>,
	) {}

	static async start(rig: Rig, run: string): Promise<Programs> {
		const traffic = { run, messages: MESSAGES, subject: "vehicle.sensor", rate: RATE };
		const made = DEVICES.map(async (device) => [device, await rig.publish(device, traffic)] as const);
		return new Programs(rig, run, Object.fromEntries(await Promise.all(made)));
	}

	/** Until each device has acknowledged so many more. */
	async acknowledged(messages: number): Promise<void> {
		const all = Object.values(this.publishers).map((publisher) => ({ publisher, before: publisher.acknowledged }));
		const done = () => all.every(({ publisher, before }) => publisher.acknowledged >= before + messages);
		await eventually(done, { what: `each device acknowledges ${messages} more`, within: WITHIN_MS });
	}

	/** Until the hub has so many more. */
	async arrived(messages: number): Promise<void> {
		const before = await storedOn(this.rig);
		const more = async () => (await storedOn(this.rig)) >= before + messages;
		await eventually(more, { what: `${messages} more at the hub`, within: WITHIN_MS });
	}

	async stop(): Promise<void> {
		await Promise.all(Object.values(this.publishers).map((publisher) => publisher.stop()));
	}

	/** What was acknowledged is at the hub, once and in order. */
	async allThere(): Promise<void> {
		await this.stop();
		const acks = Object.fromEntries(Object.entries(this.publishers).map(([name, { acks }]) => [name, acks]));
		const sum = Object.values(this.publishers).reduce((total, { acknowledged }) => total + acknowledged, 0);
		await eventually(async () => (await storedOn(this.rig)) >= sum, { what: `${sum} at the hub`, within: WITHIN_MS });
		const { total } = await this.rig.verdict(STREAM, this.run, acks);
		expect(total).toMatchObject({ acknowledged: sum, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
	}
}
