import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

const FLEET = `apiVersion: leafline/v1
fleet: empty
hardware:
  board: { arch: amd64, buffer: 64MiB }
link: { up: 20Mbit/s, rtt: 5ms, outage: 10s }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1s } }
groups:
  all: { devices: edge1, hardware: board }
`;
const STREAM = "hub_can";
const EACH = 1_000;
const WITHIN_MS = 90_000;
const LONG = { timeout: 600_000 };
const TRIES = 3;

/** What the stack renders, but for the setting. */
const withoutSetting = (text: string) => {
	const other = text.replace("js_snapshot_sources: true", "js_snapshot_sources: false");
	if (other === text) throw new Error("the configuration does not have the setting");
	return other;
};

/**
 * What the hub had has aged out there, and the device still holds it. A node that comes back empty gets no message that
 * would say how far the stream is with its sources: the snapshot has to.
 */
describe("a node of three that is replaced by an empty one, and leads then", () => {
	it.concurrent("asks for nothing again that had aged out", LONG, async () => {
		expect(await storedInAll()).toBe(2 * EACH);
	});

	it.concurrent("does so where snapshots say nothing of sources (js_snapshot_sources)", LONG, async () => {
		const stored: number[] = [];
		// A node that gets the log in place of the snapshot sees the messages before they age out.
		for (let i = 0; i < TRIES && !stored.includes(3 * EACH); i++) stored.push(await storedInAll(withoutSetting));
		expect(stored).toContain(3 * EACH);
	});
});

/** How many messages the hub has stored in all of twice `EACH`: the first part aged out before a node was replaced. */
async function storedInAll(conf?: (text: string) => string): Promise<number> {
	const rig = await startRig(FLEET, {}, { hub: { nodes: 3 } }, conf ? { conf } : {});
	try {
		await publish(rig, 0);
		await rig.arrived(STREAM, EACH);
		await eventually(async () => (await info(rig)).state.messages === 0, {
			what: "all has aged out",
			within: WITHIN_MS,
		});
		const device = (await rig.bench.api("edge1", "STREAM.INFO.edge1_can")) as unknown as Info;
		expect(device.state.messages, "the device still holds it").toBe(EACH);

		const [first, second, replaced] = rig.bench.hubs;
		if (!first || !second || !replaced) throw new Error("there are not three nodes");
		for (const node of [first, second]) {
			// A node writes its snapshot, and forgets its log, when it ends in good order.
			await node.kill("SIGTERM");
			await node.start();
			await allCurrent(rig);
		}
		await replaced.kill();
		rmSync(rig.bench.path(replaced.name), { recursive: true });
		await replaced.start();
		await allCurrent(rig);
		const leads = async () => {
			if ((await info(rig)).cluster.leader === replaced.name) return true;
			await rig.bench.api("hub", `STREAM.LEADER.STEPDOWN.${STREAM}`, { placement: { preferred: replaced.name } });
			return false;
		};
		await eventually(leads, { what: `${replaced.name} leads`, within: WITHIN_MS });

		await publish(rig, EACH);
		const all = async () => (await info(rig)).sources[0]?.seq === 2 * EACH;
		await eventually(all, { what: "the hub has all that the device has", within: WITHIN_MS });
		return (await info(rig)).state.last_seq;
	} finally {
		await rig.close();
	}
}

interface Info {
	readonly state: { readonly messages: number; readonly last_seq: number };
	readonly cluster: { readonly leader?: string; readonly replicas?: readonly { readonly current?: boolean }[] };
	readonly sources: readonly { readonly seq?: number }[];
}

async function info(rig: Rig): Promise<Info> {
	return (await rig.bench.api("hub", `STREAM.INFO.${STREAM}`)) as unknown as Info;
}

async function allCurrent(rig: Rig): Promise<void> {
	const current = async () => {
		const { replicas = [] } = (await info(rig)).cluster;
		return replicas.length === 2 && replicas.every((replica) => replica.current);
	};
	await eventually(current, { what: "all nodes are current", within: WITHIN_MS });
}

async function publish(rig: Rig, from: number): Promise<void> {
	const publisher = await rig.publish("edge1", { run: "empty", messages: EACH, from, subject: "vehicle.sensor" });
	await publisher.done;
	expect(publisher.acknowledged).toBe(EACH);
	await publisher.stop();
}
