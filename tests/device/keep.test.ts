import * as fs from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KeptDevice } from "../../device/kept-device";
import { readReservations, reservationsFile } from "../../device/reservations";
import { BLOCK } from "../../topology/reserve";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";
import { type DeviceWithProgram, withProgram } from "./device";

const FLEET = `apiVersion: leafline/v1
fleet: kept
hardware:
  board: { arch: amd64, buffer: 16MiB }
link: { up: 100Mbit/s, rtt: 5ms, outage: 10s }
classes:
  can: { rate: 100/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "edge1", hardware: board }
`;

describe("the device program while the server runs", () => {
	let rig: Rig;
	let device: DeviceWithProgram;
	beforeAll(async () => {
		rig = await startRig(FLEET);
		device = withProgram(rig, "edge1");
		device.keep();
	});
	afterEach(() => device.complaints.splice(0));
	afterAll(async () => {
		await device?.close();
		await rig?.close();
	});

	const marks = () => readReservations(rig.bench.path("edge1"), "edge1")?.reserved ?? {};
	const payload = (counter: number) => Buffer.from(`room edge1 ${counter} `.padEnd(1024, "."));

	it("writes a mark down before anything is published", async () => {
		await eventually(() => marks().edge1_can?.sequence === BLOCK, { what: "a mark" });
	});

	it("makes room of what the hub has: more than fits goes through", async () => {
		const traffic = { run: "room", rate: 2_500, messages: 24_000, subject: "vehicle.sensor", payload };
		const publisher = await rig.publish("edge1", traffic);
		await publisher.done;
		await rig.arrived("hub_can", 24_000);
		const { total } = await rig.verdict("hub_can", "room", { edge1: publisher.acks });
		expect(total).toMatchObject({ acknowledged: 24_000, lost: 0, twice: 0, outOfOrder: 0 });
		await publisher.stop();
	});

	it("begins anew with a stream that was made anew", async () => {
		const before = marks().edge1_can;
		const { config } = await rig.bench.api("edge1", "STREAM.INFO.edge1_can");
		await rig.bench.api("edge1", "STREAM.DELETE.edge1_can");
		await rig.bench.api("edge1", "STREAM.CREATE.edge1_can", config);
		await eventually(() => marks().edge1_can?.created !== before?.created, { what: "a mark of the new stream" });
		expect(marks().edge1_can?.sequence).toBe(BLOCK);
	});

	it("leaves no connection behind when another configuration takes its place, also while it is making one", async () => {
		const names = async () => {
			const conf = fs.readFileSync(rig.bench.path("edge1.conf"), "utf8");
			const [, address] = /^http: "(.+)"$/m.exec(conf) ?? [];
			const answer = (await (await fetch(`http://${address}/connz`)).json()) as { connections: { name?: string }[] };
			return answer.connections.filter(({ name }) => name === "leafline-device");
		};
		const replaced = Array.from({ length: 5 }, () => new KeptDevice(rig.bench.path(""), device.kept, () => {}));
		const looking = replaced.map((each) => each.look());
		await Promise.all(replaced.map((each) => each.close()));
		await Promise.all(looking);
		await eventually(async () => (await names()).length === 1, {
			what: "one connection, that of the program which looks",
		});
	});

	it("says that a stream went back while its server ran, and keeps the mark", async () => {
		const file = reservationsFile(rig.bench.path("edge1"));
		const known = JSON.parse(fs.readFileSync(file, "utf8"));
		known.reserved.edge1_can.sequence = 3 * BLOCK;
		fs.writeFileSync(file, JSON.stringify(known));
		device.forget();
		const said = () =>
			device.complaints.some((line) => /edge1_can stands at 0 but has been near \d+: .* restart it/.test(line));
		await eventually(said, { what: "it says so" });
		expect(marks().edge1_can?.sequence).toBe(3 * BLOCK);

		await device.shutDown();
		const silent = () => device.complaints.some((line) => /^edge1: its server does not answer \(.+\)$/.test(line));
		await eventually(silent, { what: "it says that the server is away" });
		await device.boot();
		const { state } = await rig.bench.api("edge1", "STREAM.INFO.edge1_can");
		expect((state as { last_seq: number }).last_seq, "a restart moves it on").toBeGreaterThanOrEqual(3 * BLOCK);
	});
});
