import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { connect } from "nats";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import { freePorts } from "../support/ports";
import { planFleet } from "../support/rig";
import { makeServers } from "../support/servers";
import { outputsOf } from "./outputs";

const PROGRAM = path.join(__dirname, "../../bin/device/leafline-device.js");
const FLEET = `apiVersion: leafline/v1
fleet: boots
hardware:
  board: { arch: amd64, buffer: 64MiB }
link: { up: 20Mbit/s, rtt: 10ms, outage: 1m }
classes:
  can: { rate: 10/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 128B, accepts: alarm.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;

describe("the first-boot step of a bundle", () => {
	const servers = makeServers();
	let conf = "";
	let tests = 0;
	let etc = "";
	let store = "";
	beforeAll(async () => {
		const outputs = outputsOf(planFleet(FLEET, { hub: { kind: "local" }, leaves: { local: false } }));
		const options = { format: "dir", extras: [], credentials: "together", release: 1 } as const;
		await makeBundles(outputs, ["edge1"], servers.path("out"), options);
		conf = servers.path("out/edge1/etc");
	});
	beforeEach(() => {
		etc = servers.path(`etc-${++tests}`);
		store = servers.path(`store-${tests}`);
		fs.cpSync(conf, etc, { recursive: true });
		for (const name of ["device.json", "gate.conf"]) change(name, "/var/lib/nats/edge", store);
	});
	afterAll(() => servers.close());

	function change(name: string, from: string, to: string): void {
		const file = path.join(etc, name);
		fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(from, to));
	}

	/** @returns which streams it says that it has made */
	function start(): string {
		const [gate, streams] = ["gate", "streams"].map((step) =>
			spawnSync(process.execPath, [PROGRAM, step], { cwd: etc, encoding: "utf8", timeout: 60_000 }),
		);
		expect([gate?.stderr, gate?.status, streams?.stderr, streams?.status]).toEqual(["", 0, "", 0]);
		return /made (.*)/.exec(streams?.stdout ?? "")?.[1] ?? "";
	}

	/** What an update does to a stream whose class is not there any more. */
	async function remove(stream: string): Promise<void> {
		const [port = 0] = await freePorts(1);
		const text = fs.readFileSync(path.join(etc, "gate.conf"), "utf8").replace("127.0.0.1:-1", `127.0.0.1:${port}`);
		const server = servers.add(`update-${tests}`, { client: port }, text);
		await server.start();
		const nc = await connect({ port });
		expect(await (await nc.jetstreamManager()).streams.delete(stream)).toBe(true);
		await nc.close();
		await server.kill("SIGTERM");
	}

	it("makes what the store never had, and no stream again that an update has taken away since", {
		timeout: 300_000,
	}, async () => {
		expect(start()).toBe("edge1_can, edge1_alarm");
		expect(start()).toBe("");
		await remove("edge1_alarm");
		expect(start()).toBe("");
		// Another bundle says anew what there is to be.
		change("streams.json", "\n", "\n\n");
		expect(start()).toBe("edge1_alarm");
	});

	it("makes again what a power cut has taken, and all of it on another disk", { timeout: 300_000 }, () => {
		expect(start()).toBe("edge1_can, edge1_alarm");
		const [account = ""] = fs.readdirSync(`${store}/jetstream`);
		// As it was found: the description was never written, nor were any messages.
		const folder = `${store}/jetstream/${account}/streams/edge1_alarm`;
		fs.rmSync(folder, { recursive: true });
		fs.mkdirSync(folder);
		expect(start()).toBe("edge1_alarm");
		fs.rmSync(store, { recursive: true });
		expect(start()).toBe("edge1_can, edge1_alarm");
	});

	it("takes a store of a program that kept no note, and one whose note is damaged", { timeout: 300_000 }, async () => {
		expect(start()).toBe("edge1_can, edge1_alarm");
		const note = `${store}/leafline/streams.json`;
		fs.rmSync(note);
		expect(start()).toBe("");
		await remove("edge1_can");
		expect(start()).toBe("");
		fs.writeFileSync(note, "null");
		expect(start()).toBe("edge1_can");
		expect(JSON.parse(fs.readFileSync(note, "utf8")).streams).toEqual(["edge1_can", "edge1_alarm"]);
	});
});
