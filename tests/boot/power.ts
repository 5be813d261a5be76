import { expect, it } from "vitest";
import { type Publisher, startPublisher } from "../../cli/demo/publisher";
import { readBack } from "../../cli/demo/readback";
import { encodePayload } from "../../cli/demo/traffic";
import { judge } from "../../cli/demo/verdict";
import { buildOutputs } from "../../contract/build";
import { NODE } from "../../render/node/files";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { type Device, hubMessages } from "./devices";
import { diskOf, type Site, serialOf, strayFiles } from "./site";
import { keepWriting, lossOf } from "./writes";

const OWN_STREAM = "power";
/** One that administrators may publish on. */
const OWN_SUBJECT = "down.power.power.x";
/** Writes go on for so long before the cut. */
const WRITING_MS = 8_000;
/** What the device publishes meanwhile, and for a while after the cut. */
const MESSAGES = 6_000;
const RATE = 200;

/** An orderly reboot, and one that nobody asked for. The disks have other names each time. */
export function power(site: () => Site, device: Device): void {
	const names: string[] = [];

	it("after a reboot, with the disks in another order: the same volume, nothing formatted, the data in it", async () => {
		const { machine, disks, lines, healthy, cloud } = site();
		names.push((await diskOf(machine, NODE.storeDir)).device);
		const before = await hubMessages(site(), "hub_can");
		const [uuid, formatted] = [await fileSystem(site()), await formats(site())];
		const asked = cloud.requests.length;
		await machine.shutDown();
		const started = Date.now();
		await machine.on([disks.data, disks.root, disks.blank, disks.foreign]);
		await healthy(1_800_000);
		console.log(`  healthy ${Math.round((Date.now() - started) / 1000)} s after it was switched on`);
		const { serial, device: name } = await diskOf(machine, NODE.storeDir);
		names.push(name);
		expect(serial).toBe(serialOf(site().world));
		expect(await fileSystem(site())).toBe(uuid);
		expect(await formats(site())).toBe(formatted);
		await (await site().control()).ready(300_000);
		expect(await hubMessages(site(), "hub_can")).toBe(before);
		expect((await lines()).length).toBeGreaterThan(0);
		// The machine is no new instance: what user-data has installed runs, not user-data.
		expect(cloud.requests.slice(asked).some((request) => request.includes("GetParametersByPath"))).toBe(true);
		expect(names[0]).not.toBe(names[1]);
	});

	it("a power cut during writes: all that was acknowledged before the last sync_interval is there", async () => {
		const { machine, disks, healthy, world } = site();
		const way = await site().control();
		await way.request(`${ADMIN_API}.STREAM.CREATE.${OWN_STREAM}`, {
			...{ name: OWN_STREAM, subjects: [OWN_SUBJECT], retention: "limits", storage: "file", num_replicas: 1 },
		});
		// nats-server 2.15.2 does not sync a stream's meta.inf, so that a power cut soon after would leave it empty and the
		// stream, though its messages are there, would not be loaded. The node's kernel writes it within seconds.
		const publisher = await startPublisher({
			port: device.port,
			subject: "vehicle.speed",
			messages: MESSAGES,
			rate: RATE,
			payload: (counter) => encodePayload("power", "edge1", counter, 128),
		});
		const writes = keepWriting(way.hub, OWN_SUBJECT, { inFlight: 64 });
		await eventually(() => writes.acknowledged.size > 100, { what: "writes are acknowledged", within: 600_000 });
		await new Promise((resolve) => setTimeout(resolve, WRITING_MS));
		const cutAt = performance.now();
		await machine.cut();
		writes.stop();

		await machine.on([disks.blank, disks.data, disks.foreign, disks.root]);
		await healthy(1_800_000);
		await (await site().control()).ready(300_000);
		names.push((await diskOf(machine, NODE.storeDir)).device);
		expect((await diskOf(machine, NODE.storeDir)).serial).toBe(serialOf(site().world));
		expect(await strayFiles(machine)).toBe("");
		const kept = await numbersIn(site(), OWN_STREAM);
		const loss = lossOf(writes, cutAt, kept);
		const interval = Number(world.topology.settings.hub.sync);
		console.log(
			`  ${loss.acknowledged} acknowledged, ${loss.lost} lost, the oldest of them ${loss.oldestMs} ms before the cut ` +
				`(sync_interval ${interval} ms; longest silence ${loss.silenceMs} ms); the volume was ${names.join(", ")}`,
		);
		expect(loss.acknowledged).toBeGreaterThan(500);
		// A sync begins an interval after the last one ended, and takes its time, which an emulator on a busy computer
		// has less of: as long as the longest silence between two acknowledgements, or half a second.
		expect(loss.oldestMs).toBeLessThan(2 * interval + 500 + loss.silenceMs);
		await arrivedWhole(site(), publisher);
	});
}

/** What the device holds is on the hub after all, once, in its order: also what the hub had and lost. */
async function arrivedWhole(site: Site, publisher: Publisher): Promise<void> {
	await publisher.stop();
	const acknowledged = publisher.acks;
	const count = acknowledged.reduce((sum, one) => sum + one, 0);
	const outputs = buildOutputs(site.world.topology, {
		ca: site.world.connection.ca,
		versionFloor: "2.15.0",
		pending: {},
	});
	const way = await site.control();
	const hub = {
		connection: way.hub,
		api: way.api,
		connected: async () => undefined,
		version: "",
		versions: async () => ({}),
		close: async () => {},
	};
	const stream = `$JS.edge1.API.STREAM.INFO.edge1_can`;
	const all = async () => {
		const { state } = (await way.request(stream, undefined, { timeoutMs: 60_000 })) as { state: { messages: number } };
		return state.messages === (await hubMessages(site, "hub_can"));
	};
	await eventually(all, { what: "the hub has as many messages as the device", within: 900_000 });
	const verdict = judge({ edge1: acknowledged }, await readBack(outputs, hub, new Map([["hub_can", 0]]), "power"));
	const { arrived, lost, twice, outOfOrder } = verdict.total;
	console.log(
		`  device: ${count} acknowledged; hub: ${arrived} arrived, ${lost} lost, ${twice} twice, ${outOfOrder} out of order`,
	);
	expect(count).toBeGreaterThan(1_000);
	expect({ lost, twice, outOfOrder }).toEqual({ lost: 0, twice: 0, outOfOrder: 0 });
}

async function numbersIn(site: Site, stream: string): Promise<Set<number>> {
	const way = await site.control();
	const info = (await way.request(`${ADMIN_API}.STREAM.INFO.${stream}`)) as {
		state: { last_seq: number; messages: number };
	};
	const numbers = new Set<number>();
	if (info.state.messages === 0) return numbers;
	const consumer = await way.hub.jetstream({ apiPrefix: ADMIN_API }).consumers.get(stream);
	const messages = await consumer.consume({ max_messages: 5_000 });
	for await (const message of messages) {
		numbers.add(Number(message.string()));
		if (message.seq >= info.state.last_seq) break;
	}
	await messages.close();
	return numbers;
}

async function formats({ lines }: Site): Promise<number> {
	return (await lines()).filter((line) => line.startsWith("formatting")).length;
}

function fileSystem({ machine }: Site): Promise<string> {
	return machine.ask(`findmnt -nro UUID ${NODE.mount}`);
}
