import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StreamInfo } from "../../jetstream/answers";
import { RESERVE_KEY } from "../../topology/reserve";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";
import { DOWNLINK_FLEET } from "./downlink-fleet";

const STREAM = "hub_commands";
const DEVICES = ["edge1", "edge2"];
/** Until a hub of three has leaders again, on a machine that does much else. */
const PATIENCE = 120_000;
const LONG = { timeout: 400_000 };

/** A hub's programs, and what they were told. */
class Commands {
	private next = 0;
	readonly acknowledged: string[] = [];

	constructor(private readonly rig: Rig) {}

	/** To all devices in turn. One that is not acknowledged is not sent again: it may have been stored. */
	async publish(count: number): Promise<void> {
		const to = this.acknowledged.length + count;
		const some = async () => {
			while (this.acknowledged.length < to) {
				const number = this.next++;
				const device = DEVICES[number % DEVICES.length];
				const reply = await this.rig.bench.control.hub.request(`down.${device}.commands.x`, `${number}`, {
					timeout: 2_000,
				});
				if (reply.json<{ seq?: number }>().seq === undefined) return false;
				this.acknowledged.push(`${device} ${number}`);
			}
			return true;
		};
		await eventually(() => some().catch(() => false), { what: `${count} commands are acknowledged`, within: PATIENCE });
	}

	of(device: string): string[] {
		return this.acknowledged.filter((each) => each.startsWith(`${device} `));
	}
}

/** What programs on a device find in its own stream, in its order. */
async function received(rig: Rig, device: string): Promise<string[]> {
	const { client } = rig.device(device);
	const { state } = await (await client.jetstreamManager()).streams.info(`${device}_commands`);
	const found: string[] = [];
	if (state.messages === 0) return found;
	const consumer = await client.jetstream().consumers.get(`${device}_commands`);
	for await (const message of await consumer.consume()) {
		found.push(`${device} ${message.string()}`);
		if (message.seq >= state.last_seq) break;
	}
	return found;
}

async function hubStream(rig: Rig): Promise<StreamInfo> {
	return (await rig.bench.api("hub", `STREAM.INFO.${STREAM}`)) as unknown as StreamInfo;
}

/** What the hub's disks are at this moment. */
function photograph(rig: Rig, name: string): string {
	const folder = rig.bench.path(name);
	for (const hub of rig.bench.hubs) fs.cpSync(rig.bench.path(hub.name), `${folder}/${hub.name}`, { recursive: true });
	return folder;
}

/** All nodes lose power, and come back with disks that are those of `folder`. */
async function comeBack(rig: Rig, folder?: string): Promise<void> {
	await Promise.all(rig.bench.hubs.map((hub) => hub.kill()));
	for (const { name } of folder ? rig.bench.hubs : []) {
		fs.rmSync(rig.bench.path(name), { recursive: true });
		fs.cpSync(`${folder}/${name}`, rig.bench.path(name), { recursive: true });
	}
	await Promise.all(rig.bench.hubs.map((hub) => hub.start()));
}

/** Changes the metadata as an `up` does, and leaves the rest. */
async function reserve(rig: Rig, rate: number | undefined): Promise<void> {
	const changed = async () => {
		const { config } = await hubStream(rig);
		const { [RESERVE_KEY]: _, ...rest } = config.metadata ?? {};
		const metadata = rate === undefined ? rest : { ...rest, [RESERVE_KEY]: String(rate) };
		await rig.bench.api("hub", `STREAM.UPDATE.${STREAM}`, { ...config, metadata });
		return true;
	};
	await eventually(() => changed().catch(() => false), { what: "the stream is changed", within: PATIENCE });
}

describe.each([1, 3])("commands of a hub of %i whose nodes all lost power", (nodes) => {
	let rig: Rig;
	let commands: Commands;
	beforeAll(async () => {
		rig = await startRig(DOWNLINK_FLEET, {}, { hub: { nodes } });
		commands = new Commands(rig);
	}, PATIENCE);
	afterAll(() => rig?.close());

	/** How many of the acknowledged commands a device has not got, once it has the newest. */
	async function missing(device: string): Promise<string[]> {
		const newest = commands.of(device).at(-1) ?? "";
		const arrived = async () => (await received(rig, device)).includes(newest);
		await eventually(arrived, { what: `${device} has ${newest}`, within: PATIENCE });
		const found = await received(rig, device);
		expect(found, "twice").toHaveLength(new Set(found).size);
		const acknowledged = commands.of(device);
		const known = new Set(acknowledged);
		const there = new Set(found);
		const kept = acknowledged.filter((each) => there.has(each));
		expect(
			found.filter((each) => known.has(each)),
			"in order",
		).toEqual(kept);
		return acknowledged.filter((each) => !there.has(each));
	}

	async function allThere(): Promise<void> {
		for (const device of DEVICES) expect(await missing(device)).toEqual([]);
	}

	/** The hub loses `lost` commands that the devices have, and takes as many new ones and some. */
	async function setBack(lost: number): Promise<void> {
		const folder = photograph(rig, `image-${Date.now()}`);
		await commands.publish(lost);
		for (const device of DEVICES) await missing(device);
		await comeBack(rig, folder);
		await commands.publish(lost + 40);
	}

	it("reach each device once and in order, and begin with 1", LONG, async () => {
		await commands.publish(60);
		await allThere();
		expect((await hubStream(rig)).state.first_seq).toBe(1);
		await setBack(100);
		await allThere();
		const { state } = await hubStream(rig);
		expect(state.last_seq).toBeGreaterThan(65_536);
		expect(state.messages).toBe(60 + 140);
	});

	it("do so once more where power goes again at once, and after an end in good order", LONG, async () => {
		await comeBack(rig);
		await commands.publish(10);
		await setBack(30);
		await Promise.all(rig.bench.hubs.map((hub) => hub.kill("SIGTERM")));
		await comeBack(rig);
		await commands.publish(20);
		await allThere();
	});

	it("do so from a snapshot that is older than two starts", LONG, async () => {
		// Two starts within seconds, where a fleet has minutes: what is reserved by the second has to outweigh them.
		await reserve(rig, 1_000_000);
		const folder = photograph(rig, "snapshot");
		for (const _ of [1, 2]) {
			await commands.publish(20);
			await comeBack(rig);
		}
		await commands.publish(20);
		await allThere();
		await comeBack(rig, folder);
		await commands.publish(80);
		await allThere();
	});

	it.runIf(nodes > 1)("do so while one leader follows another", LONG, async () => {
		const before = commands.acknowledged.length;
		const published = commands.publish(300);
		for (const round of [1, 2, 3]) {
			const some = () => commands.acknowledged.length - before >= round * 60;
			await eventually(some, { what: `${round * 60} commands are acknowledged`, within: PATIENCE });
			await rig.bench.api("hub", `STREAM.LEADER.STEPDOWN.${STREAM}`, {});
		}
		await published;
		await allThere();
	});

	it("are lost where the stream does not say so, and no more once it does", LONG, async () => {
		await reserve(rig, undefined);
		await setBack(60);
		const gone = await missing("edge1");
		expect(gone.length).toBeGreaterThan(20);
		await reserve(rig, 64);
		await setBack(60);
		expect(await missing("edge1")).toEqual(gone);
	});
});
