import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IN_FLIGHT } from "../../cli/demo/publisher";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

/** Uncompressed, so that what passed through a link can be told from what was published. */
const FLEET = `apiVersion: leafline/v1
fleet: cut
hardware:
  board: { arch: amd64, buffer: 256MiB }
link: { up: 100Mbit/s, rtt: 20ms, outage: 1m, compression: "off" }
classes:
  can: { rate: 1000/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge[1-3]", hardware: board }
`;
const NAMES = ["edge1", "edge2", "edge3"];
const STREAM = "hub_can";
const SIZE = 128;

describe("a link that is cut while devices publish", () => {
	let rig: Rig;
	let before = 0;
	beforeAll(async () => {
		rig = await startRig(FLEET);
	});
	afterAll(() => rig?.close());

	/** Cuts edge2's link while it publishes, restores it after it has published everything, and judges what arrived. */
	async function cutWhilePublishing(
		run: string,
		messages: Readonly<Record<string, number>>,
		break_: "cut" | "half-open",
	) {
		const { link } = rig.device("edge2");
		const publishers = await Promise.all(
			Object.entries(messages).map(async ([name, count]) => {
				const traffic = { run, messages: count, subject: "vehicle.sensor", rate: 5_000 };
				return [name, await rig.publish(name, traffic)] as const;
			}),
		);
		const [, cutOne] = publishers.find(([name]) => name === "edge2") ?? [];
		await eventually(() => (cutOne?.acknowledged ?? 0) > 2_000, { what: "edge2 is publishing" });
		const { upBytes } = link.set({ mode: break_ });
		const behind = (messages.edge2 ?? 0) - (cutOne?.acknowledged ?? 0);
		expect(behind, "it was still publishing").toBeGreaterThan(5_000);

		await Promise.all(publishers.map(([, publisher]) => publisher.done));
		expect(link.state().upBytes, "nothing passes").toBe(upBytes);
		const total = Object.values(messages).reduce((sum, count) => sum + count, 0);
		// What the publisher had not yet heard of may have been stored and sent on before the cut.
		expect(await rig.lastSequence(STREAM)).toBeLessThanOrEqual(before + total - behind + IN_FLIGHT);

		const restore = () => {
			link.set({ mode: "up" });
			return Date.now();
		};
		const judged = async () => {
			before += total;
			await Promise.all(publishers.map(([, publisher]) => publisher.stop()));
			const acknowledged = Object.fromEntries(publishers.map(([name, { acks }]) => [name, acks]));
			return rig.verdict(STREAM, run, acknowledged);
		};
		return { link, total, restore, judged, passedBefore: upBytes, behind };
	}

	const exact = (messages: number) => ({
		acknowledged: messages,
		arrived: messages,
		lost: 0,
		twice: 0,
		outOfOrder: 0,
		strayed: 0,
	});

	it("has all 60,000 of three devices at the hub, in order, none twice", async () => {
		const messages = Object.fromEntries(NAMES.map((name) => [name, 20_000]));
		const { link, total, restore, judged, passedBefore, behind } = await cutWhilePublishing("three", messages, "cut");
		restore();
		await rig.arrived(STREAM, before + total);
		expect(link.state().upBytes - passedBefore, "the backlog went through the link").toBeGreaterThan(behind * SIZE);
		expect((await judged()).total).toEqual(exact(60_000));
	});

	it("has all 60,000 of the one device that was cut", async () => {
		const { link, total, restore, judged, passedBefore, behind } = await cutWhilePublishing(
			"one",
			{ edge2: 60_000 },
			"cut",
		);
		restore();
		await rig.arrived(STREAM, before + total);
		expect(link.state().upBytes - passedBefore, "the backlog went through the link").toBeGreaterThan(behind * SIZE);
		expect((await judged()).total).toEqual(exact(60_000));
	});

	it("notices by itself that bytes vanish without an end of the connection, and goes on", async () => {
		const { link, total, judged } = await cutWhilePublishing("half-open", { edge2: 20_000 }, "half-open");
		const dead = link.state();
		expect(dead.connections).toBe(1);
		// Nobody resets the connection: the device itself must give it up, and connect anew.
		await eventually(() => link.state().accepted > dead.accepted, { what: "the device connects anew", within: 85_000 });
		link.set({ mode: "up" });
		await rig.arrived(STREAM, before + total, 30_000);
		expect((await judged()).total).toEqual(exact(20_000));
	}, 150_000);
});
