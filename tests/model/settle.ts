import { edgeSubjects } from "../../topology/names";
import { eventually } from "../support/eventually";
import { DOWNLINK } from "./fleet";
import type { Arrived } from "./judge";
import { isGood, judge, type LaneVerdict } from "./judge";
import { decode, type LaneRecord } from "./ledger";
import type { Updated } from "./up";
import type { World } from "./world";

/**
 * A lane that shows nothing new for so long after everything is up stands still until somebody looks: a source is tried
 * again after 10 s times its failures, at most 2 minutes, with 30 s for an answer.
 */
const UNTIL_REFRESH_MS = 45_000;
const NEVER_MS = 240_000;
const LOOK_MS = 250;
/** Devices that were started a moment ago are connecting. */
const CONNECTING_MS = 5_000;
const AGAIN_MS = 2_000;

export interface LaneResult {
	readonly lane: string;
	readonly direction: LaneRecord["direction"];
	readonly verdict: LaneVerdict;
}

export interface Outcome {
	readonly good: boolean;
	readonly acknowledged: number;
	readonly refused: number;
	readonly excused: Readonly<Record<string, number>>;
	/** Lanes with something against them. */
	readonly bad: readonly LaneResult[];
	readonly faults: readonly string[];
	readonly notes: readonly string[];
}

/**
 * Brings everything up, lets it drain and gives the verdict. Each lane is known to be drained by a last message of its
 * own: what was stored before it has passed when it has, or never will.
 */
export async function settle(world: World): Promise<Outcome> {
	for (const { link } of world.devices.values()) link.set({ mode: "up" });
	await connected(world);
	if (world.tampered) await world.stack.refresh();
	const left = await updated(world, CONNECTING_MS);
	await world.end();
	const standing = await drained(world, UNTIL_REFRESH_MS);
	if (standing.length > 0) {
		world.note(`stood still until a refresh: ${standing.join(", ")}`);
		await world.stack.refresh();
	}
	if (left || standing.length > 0) {
		await putBack(world, left?.failed ?? []);
		if (await updated(world, NEVER_MS)) world.fault(`the last update does not do all: ${world.notes.at(-1)}`);
		const stuck = await drained(world, NEVER_MS);
		if (stuck.length > 0) world.fault(`stuck: ${stuck.join(", ")}`);
	}
	return verdict(world);
}

/** Waits for every device: a refresh leaves one that is offline as it was, also when its disk is another. */
async function connected(world: World): Promise<void> {
	const { bench, fleet, devices } = world;
	const served = [...devices.keys()].filter((name) => ["in service", "drain"].includes(fleet.devices[name] ?? ""));
	const each = served.map((name) =>
		eventually(() => bench.api(name, "INFO"), { what: `the hub reaches ${name}`, within: NEVER_MS }),
	);
	for (const result of await Promise.allSettled(each)) {
		if (result.status === "rejected") world.fault((result.reason as Error).message);
	}
}

/** Updates until nothing is pending: a device that was started a moment ago connects meanwhile. @returns what is left, unless it came to that */
async function updated(world: World, within: number): Promise<Updated | undefined> {
	const deadline = Date.now() + within;
	for (;;) {
		const left = await world.update();
		if (left.refused.length + left.failed.length + Object.keys(left.pending).length === 0) return undefined;
		if (Date.now() > deadline) return left;
		await new Promise((done) => setTimeout(done, AGAIN_MS));
	}
}

/** Does what is said of a device that was taken out of the fleet file too early: the others are done. */
async function putBack(world: World, failed: readonly string[]): Promise<void> {
	const { fleet, devices } = world;
	const early = [...devices.keys()].filter(
		(name) => !fleet.devices[name] && failed.some((line) => line.startsWith(`${name}: `)),
	);
	if (early.length === 0) return;
	const drain = Object.fromEntries(early.map((name) => [name, "drain" as const]));
	world.edit({ ...fleet, devices: { ...fleet.devices, ...drain } });
	await connected(world);
	await world.stack.refresh();
}

/** By lane that is served, the id of a last message. */
async function lastMessages(world: World): Promise<Map<LaneRecord, number>> {
	const last = new Map<LaneRecord, number>();
	const lanes = world.ledger.all().filter((lane) => isServed(world, lane));
	await Promise.all(
		lanes.map(async (lane) => {
			try {
				const id = await world.program(lane.device, lane.class)?.last();
				if (id !== undefined) last.set(lane, id);
			} catch (error) {
				world.fault((error as Error).message);
			}
		}),
	);
	return last;
}

/** A device that drains is served until it is taken out: what it holds is on its way. */
function isServed({ fleet }: World, { device, class: name, direction }: LaneRecord): boolean {
	const class_ = direction === "downlink" ? fleet.downlink : fleet.classes[name] !== undefined;
	const service = fleet.devices[device];
	return (service === "in service" || service === "drain") && class_;
}

/** Waits until a last message of each lane has come. @returns lanes that have not, when nothing came for so long */
async function drained(world: World, withoutProgressMs: number): Promise<string[]> {
	const last = await lastMessages(world);
	let [since, before] = [Date.now(), ""];
	while (last.size > 0) {
		for (const [lane, id] of last) {
			if (await hasCome(world, lane, id).catch(() => false)) last.delete(lane);
		}
		const now = await progress(world).catch(() => before);
		if (now !== before) [since, before] = [Date.now(), now];
		if (Date.now() - since > withoutProgressMs) break;
		await new Promise((done) => setTimeout(done, LOOK_MS));
	}
	return [...last.keys()].map(nameOf);
}

async function hasCome(world: World, { device, class: name, direction }: LaneRecord, id: number): Promise<boolean> {
	if (direction === "uplink") return world.hub.ends(world.hubStream(name), edgeSubjects(device, name), id);
	return (await received(world, device)).at(-1)?.id === id;
}

/** Anything that moves on is progress: how far each class's stream is. */
async function progress(world: World): Promise<string> {
	const streams = Object.keys(world.fleet.classes).map((name) => world.hubStream(name));
	return JSON.stringify(await Promise.all(streams.map((stream) => world.hub.lastSequence(stream))));
}

/** What a device has of its commands, in order. */
async function received(world: World, device: string): Promise<Arrived[]> {
	const stream = world.edgeStream(device, DOWNLINK);
	const arrived: Arrived[] = [];
	for (let seq = 1; ; ) {
		const answer = await world.devices.get(device)?.ask(`STREAM.MSG.GET.${stream}`, { seq, next_by_subj: ">" });
		const message = answer?.message as { seq: number; data?: string } | undefined;
		if (!message) return arrived;
		const found = decode(Buffer.from(message.data ?? "", "base64"));
		if (found?.device === device) arrived.push({ id: found.id });
		else if (found) arrived.push({ id: found.id, strayedFrom: `${found.device} ${found.class}` });
		seq = message.seq + 1;
	}
}

async function verdict(world: World): Promise<Outcome> {
	const streams = new Set(
		world.ledger.all().flatMap(({ class: name, direction }) => (direction === "uplink" ? [name] : [])),
	);
	const there: string[] = [];
	for (const name of streams) if (await world.hub.has(world.hubStream(name))) there.push(world.hubStream(name));
	const arrivals = await world.hub.everything(there);
	const results: LaneResult[] = [];
	for (const lane of world.ledger.all()) {
		const { acknowledged, allowances, published, dropsBeyond, direction, device } = lane;
		const arrived =
			direction === "uplink"
				? (arrivals.get(nameOf(lane)) ?? [])
				: await received(world, device).catch(() => undefined);
		if (!arrived) continue;
		const more = dropsBeyond === undefined ? {} : { dropsBeyond };
		results.push({
			lane: nameOf(lane),
			direction,
			verdict: judge({ acknowledged, arrived, allowances, published, ...more }),
		});
	}
	const excused: Record<string, number> = {};
	for (const { verdict } of results) {
		for (const [why, count] of Object.entries(verdict.excused)) excused[why] = (excused[why] ?? 0) + count;
	}
	const bad = results.filter((result) => !isGood(result.verdict));
	return {
		good: bad.length === 0 && world.faults.length === 0,
		acknowledged: world.ledger.acknowledged,
		refused: world.ledger.all().reduce((sum, lane) => sum + lane.refused, 0),
		excused,
		bad,
		faults: world.faults,
		notes: world.notes,
	};
}

function nameOf({ device, class: name }: LaneRecord): string {
	return `${device} ${name}`;
}
