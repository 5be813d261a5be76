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

	const hubRestarts = async () => {
		const [hub] = rig.bench.hubs;
		await hub?.kill();
		await hub?.start();
		const reached = () => rig.bench.api("edge1", "INFO");
		await eventually(reached, { what: "the hub reaches edge1", within: WITHIN_MS });
	};
	/** Nothing of the stream before is taken for the new one's: the hub asks again when it was restarted. */
	const neverAgain = async (run: string) => {
		await hubRestarts();
		await arrives(run, 20);
		expect(await rig.lastSequence(STREAM)).toBe(had);
	};
	const heardOf = async () => {
		const { sources } = await rig.bench.api("hub", `STREAM.INFO.${STREAM}`);
		return (sources as { active: number }[]).every(({ active }) => active >= 0);
	};

	// Nothing shows then that the first message is of another stream: it has the number that the old one's would have.
	it("takes 50 messages once, where the hub had asked for the old one and got nothing of it", LONG, async () => {
		await eventually(heardOf, { what: "the hub has its consumer", within: WITHIN_MS });
		await madeAnew();
		await arrives("empty", 50);
		await neverAgain("after-empty");
	});

	it.each([50, 2_000])("loses nothing of %i messages, where the hub had 500 of the old one", LONG, async (messages) => {
		await arrives(`before-${messages}`, 500);
		await madeAnew();
		await arrives(`after-${messages}`, messages);
	});

	// The numbers of delivery begin at 1 then as well, and nothing shows that they are of another consumer.
	it("nor where the hub has just asked for its consumer", LONG, async () => {
		await arrives("before-restart", 500);
		await hubRestarts();
		await madeAnew();
		await arrives("after-restart", 2_000);
	});

	// As in a buffer that drops its oldest while the link is down.
	it("nor takes anything twice, where the new one's first messages are gone", LONG, async () => {
		await arrives("before-drop", 50);
		await hubRestarts();
		await eventually(heardOf, { what: "the hub has its consumer", within: WITHIN_MS });
		await madeAnew();
		const { owner } = rig.device("edge1");
		await owner.request("$JS.API.STREAM.PURGE.edge1_can", JSON.stringify({ seq: 20_000 }), { timeout: 10_000 });
		await arrives("after-drop", 50);
		await neverAgain("again-drop");
	});
});
