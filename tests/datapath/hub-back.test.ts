import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { type Rig, startRig } from "../support/rig";

const FLEET = `apiVersion: leafline/v1
fleet: back
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 1000/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1, edge2], hardware: board }
`;
const STREAM = "hub_can";
const GOOD = { lost: 0, twice: 0, outOfOrder: 0, strayed: 0 };
const WITHIN = 120_000;
vi.setConfig({ testTimeout: 4 * WITHIN, hookTimeout: 4 * WITHIN });

let rig: Rig;
let as: { readonly program?: string } = {};
afterAll(() => rig?.close());

async function start(nodes: 1 | 3, program?: string): Promise<void> {
	as = program === undefined ? {} : { program };
	rig = await startRig(FLEET, {}, { hub: { nodes } }, as);
}

/** Numbered messages of one run of a device that it has acknowledged. */
interface Run {
	readonly device: string;
	readonly run: string;
	readonly acks: Uint8Array;
}

async function publish(device: string, run: string, messages: number): Promise<Run> {
	const publisher = await rig.publish(device, { run, messages, subject: "vehicle.sensor" });
	await publisher.done;
	await publisher.stop();
	return { device, run, acks: publisher.acks };
}

async function total({ device, run, acks }: Run) {
	return (await rig.verdict(STREAM, run, { [device]: acks })).total;
}

async function arrived(run: Run): Promise<void> {
	const all = async () => (await total(run)).arrived >= run.acks.length;
	await eventually(all, { what: `${run.run} of ${run.device} has arrived`, within: WITHIN });
}

/** Until the device has been told that the hub has everything. */
async function told(device: string): Promise<void> {
	const all = async () => {
		const { state } = await rig.bench.api(device, `STREAM.INFO.${device}_can`);
		const { ack_floor } = await rig.bench.api(device, `CONSUMER.INFO.${device}_can.hub`);
		return (ack_floor as { stream_seq: number }).stream_seq === (state as { last_seq: number }).last_seq;
	};
	await eventually(all, { what: `${device} knows that the hub has everything`, within: WITHIN });
}

const stores = () => rig.bench.hubs.map(({ name }) => rig.bench.path(name));
const copied = (from: string, to: string) => {
	fs.rmSync(to, { recursive: true, force: true });
	fs.cpSync(from, to, { recursive: true });
};
const photograph = () => {
	for (const store of stores()) copied(store, `${store}.image`);
};

/** All nodes at once lose power, and come back with the disks of the photograph. */
async function goBack(change = () => {}): Promise<void> {
	await Promise.all(rig.bench.hubs.map((hub) => hub.kill()));
	for (const store of stores()) copied(`${store}.image`, store);
	change();
	await Promise.all(rig.bench.hubs.map((hub) => hub.start(as)));
}

/** The index of sources of the hub's stream, on a hub of one node. */
function indexOfSources(): string {
	const [store = ""] = stores();
	const found = fs.readdirSync(store, { recursive: true, encoding: "utf8" });
	const name = found.find((each) => each.endsWith(path.join(STREAM, "sources.db")));
	if (!name) throw new Error(`${store} has no sources.db of ${STREAM}`);
	return path.join(store, name);
}

describe.each([1, 3] as const)("a hub of %i node(s) that has gone back behind what it had acknowledged", (nodes) => {
	beforeAll(() => start(nodes));
	afterAll(() => rig.close());

	it("gets again what the devices still hold of it, once and in order", async () => {
		const before = await publish("edge1", "before", 1_000);
		await arrived(before);
		photograph();
		// Of the second device it has nothing at all then.
		const runs = [await publish("edge1", "acknowledged", 5_000), await publish("edge2", "first", 500)];
		await told("edge1");
		await told("edge2");
		await goBack();
		runs.push(await publish("edge1", "after", 1_000), await publish("edge2", "after", 100));
		for (const run of runs) {
			await arrived(run);
			expect(await total(run), run.run).toMatchObject(GOOD);
		}
		expect(await total(before)).toMatchObject(GOOD);
	});

	it("takes nothing twice when it goes on with its disk as it was", async () => {
		const last = await publish("edge1", "last", 500);
		await arrived(last);
		await told("edge1");
		const count = await rig.lastSequence(STREAM);
		await Promise.all(rig.bench.hubs.map((hub) => hub.kill()));
		await Promise.all(rig.bench.hubs.map((hub) => hub.start(as)));
		const next = await publish("edge1", "next", 100);
		await arrived(next);
		expect(await total(last)).toMatchObject(GOOD);
		expect(await rig.lastSequence(STREAM)).toBeLessThanOrEqual((count ?? 0) + 100);
	});

	it.runIf(nodes === 1)("goes by its messages, not by an index that a power cut left newer than those", async () => {
		photograph();
		const lost = await publish("edge1", "indexed", 300);
		await told("edge1");
		// A server that ends in good order writes it.
		await rig.bench.hubs[0]?.kill("SIGTERM");
		const file = indexOfSources();
		const index = fs.readFileSync(file);
		await goBack(() => fs.writeFileSync(file, index));
		await arrived(lost);
		const after = await publish("edge1", "behind", 100);
		await arrived(after);
		expect([await total(lost), await total(after)]).toMatchObject([GOOD, GOOD]);
	});

	it.runIf(nodes === 1)("takes nothing again that it had, when its index and its messages are gone", async () => {
		await told("edge1");
		await rig.bench.api("hub", `STREAM.PURGE.${STREAM}`);
		const [hub] = rig.bench.hubs;
		await hub?.kill("SIGTERM");
		fs.rmSync(indexOfSources());
		await hub?.start(as);
		const after = await publish("edge1", "empty", 100);
		await arrived(after);
		const { state } = await rig.bench.api("hub", `STREAM.INFO.${STREAM}`);
		expect(state).toMatchObject({ messages: 100 });
	});
});

describe("a hub that has gone back behind its index of sources", () => {
	beforeEach(() => start(1));
	afterEach(() => rig.close());

	/** Back to the photograph, all but the index. */
	async function goBackBehindIndex(): Promise<void> {
		// A server that ends in good order writes it.
		await rig.bench.hubs[0]?.kill("SIGTERM");
		const file = indexOfSources();
		const index = fs.readFileSync(file);
		await goBack(() => fs.writeFileSync(file, index));
	}

	it("gets again all of a device of which it has no message left", async () => {
		await arrived(await publish("edge1", "before", 100));
		photograph();
		const lost = await publish("edge2", "lost", 50);
		await told("edge2");
		await goBackBehindIndex();
		const after = await publish("edge2", "after", 10);
		await arrived(after);
		await arrived(lost);
		expect([await total(lost), await total(after)]).toMatchObject([GOOD, GOOD]);
	});

	it("takes nothing twice when it is killed again soon after", async () => {
		for (const device of ["edge1", "edge2"]) await arrived(await publish(device, "before", 50));
		photograph();
		const runs = [await publish("edge1", "lost", 150), await publish("edge2", "lost", 150)];
		await told("edge1");
		await told("edge2");
		// So that the stream has as many messages as the index knew of, and others.
		rig.device("edge2").link.set({ mode: "cut" });
		await goBackBehindIndex();
		runs.push(await publish("edge1", "more", 100));
		await told("edge1");
		rig.device("edge2").link.set({ mode: "up" });
		await told("edge2");
		await rig.bench.hubs[0]?.kill();
		await rig.bench.hubs[0]?.start(as);
		runs.push(await publish("edge1", "last", 10));
		for (const run of runs) {
			await arrived(run);
			expect(await total(run), `${run.run} of ${run.device}`).toMatchObject(GOOD);
		}
	});
});

describe("a hub with the official server that has gone back", () => {
	beforeAll(async () => start(1, await officialServer()));

	it("never gets it again, though the device holds it", async () => {
		await arrived(await publish("edge1", "before", 1_000));
		photograph();
		const lost = await publish("edge1", "acknowledged", 5_000);
		await told("edge1");
		await goBack();
		const after = await publish("edge1", "after", 1_000);
		await arrived(after);
		expect([await total(lost), await total(after)]).toMatchObject([{ ...GOOD, lost: 5_000 }, GOOD]);
	});
});
