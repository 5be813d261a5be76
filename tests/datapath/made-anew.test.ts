import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { edgeStreams } from "../../components/streams/provider/index";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";

const FLEET = `apiVersion: leafline/v1
fleet: anew
hardware:
  board: { arch: amd64, buffer: 64MiB }
link: { up: 20Mbit/s, rtt: 5ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: edge1, hardware: board }
`;
const STREAM = "hub_can";
const LONG = { timeout: 180_000 };
const WITHIN_MS = 60_000;

/** Another disk, or a stream that somebody deleted: the hub hears of it only when it asks, and messages come before. */
describe("a stream on a device that is made anew while the link is up", () => {
	let rig: Rig;
	let had = 0;
	beforeAll(async () => {
		rig = await startRig(FLEET);
	}, LONG.timeout);
	afterAll(() => rig?.close());

	const madeAnew = async () => {
		const { owner } = rig.device("edge1");
		await owner.request("$JS.API.STREAM.DELETE.edge1_can", "", { timeout: 10_000 });
		const common = { connection: rig.bench.connection, resourceUrn: "", owner: "leafline/test", allowDataLoss: false };
		for (const [key, group] of Object.entries(rig.topology.edgeGroups)) {
			const { outs } = await edgeStreams.create({ ...common, key, adopt: [], ignorePending: false, ...group });
			expect(outs.pending).toEqual({});
		}
	};
	/** All of what is published then is there once, and in order. */
	const arrives = async (run: string, messages: number) => {
		const publisher = await rig.publish("edge1", { run, messages, subject: "vehicle.sensor" });
		await publisher.done;
		had += messages;
		await rig.arrived(STREAM, had, WITHIN_MS);
		const { total } = await rig.verdict(STREAM, run, { edge1: publisher.acks });
		const exact = { acknowledged: messages, arrived: messages, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 };
		expect(total).toEqual(exact);
		await publisher.stop();
	};

	it.each([50, 2_000])("loses nothing of %i messages, where the hub had 500 of the old one", LONG, async (messages) => {
		await arrives(`before-${messages}`, 500);
		await madeAnew();
		await arrives(`after-${messages}`, messages);
	});

	// The numbers of delivery begin at 1 then as well, and nothing shows that they are of another consumer.
	it("nor where the hub has just asked for its consumer", LONG, async () => {
		const [hub] = rig.bench.hubs;
		await arrives("before-restart", 500);
		await hub?.kill();
		await hub?.start();
		const reached = () => rig.bench.api("edge1", "INFO");
		await eventually(reached, { what: "the hub reaches edge1", within: WITHIN_MS });
		await madeAnew();
		await arrives("after-restart", 2_000);
	});
});
