import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storedAtHub, textsOf } from "../examples/stored";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { type Rig, startRig } from "../support/rig";
import { type BridgeProcess, mqttJs, startBridge } from "./bridge";

const FLEET = `apiVersion: leafline/v1
fleet: bridged
hardware:
  board: { arch: amd64, buffer: 16MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 2s }
classes:
  can: { rate: 20/s, size: 1KiB, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  full: { rate: 20/s, size: 1KiB, accepts: full.>, whenFull: refuse, hub: { keep: 1h } }
  five: { rate: 20/s, size: 1KiB, accepts: five.>, whenFull: refuse, hub: { keep: 1h } }
  three: { rate: 20/s, size: 1KiB, accepts: three.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;

const has = (program: string) => spawnSync(program, ["--help"], { stdio: "ignore" }).error === undefined;
const missing = ["mosquitto", "mosquitto_pub"].filter((program) => !has(program));
const title = missing.length > 0 ? `mosquitto (not run: ${missing.join(" and ")} missing)` : "mosquitto";

/** Where mosquitto is not installed these are counted as skipped. */
describe.skipIf(missing.length > 0)(title, () => {
	let rig: Rig;
	let bridge: BridgeProcess;
	let nats: NatsConnection;
	const started: ChildProcess[] = [];
	beforeAll(async () => {
		rig = await startRig(FLEET);
		const { owner, port } = rig.device("edge1");
		nats = owner;
		bridge = await startBridge(rig.bench.path("bridge"), rig.topology, "edge1", port);
	});
	afterAll(async () => {
		for (const child of started) child.kill("SIGKILL");
		await bridge?.kill();
		await rig?.close();
	});

	it.for([
		["mqttv311", "three"],
		["mqttv5", "five"],
	] as const)("mosquitto_pub publishes by %s, and each line is stored once and in order", async ([version, name]) => {
		const lines = numbered(1, 300);
		const args = ["-p", `${bridge.port}`, "-t", `${name}/line`, "-q", "1", "-l", "-V", version];
		const { status, stderr } = spawnSync("mosquitto_pub", args, { input: textOf(lines), encoding: "utf8" });
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(await textsOf(nats, `edge1_${name}`)).toEqual(lines);
	});

	it("mosquitto_pub is acknowledged what is stored of a full class, and no more", async () => {
		// It says what it does line by line only to a terminal.
		const args = ["-oL", "mosquitto_pub", "-p", `${bridge.port}`, "-t", "full/line", "-q", "1", "-l", "-d"];
		const child = spawn("stdbuf", args, { stdio: ["pipe", "pipe", "ignore"] });
		started.push(child);
		let said = "";
		child.stdout.on("data", (text) => {
			said += text;
		});
		child.stdin.on("error", () => {});
		child.stdin.end(textOf(numbered(1, 60).map((line) => line.padEnd(200_000, "."))));
		const acknowledged = () => said.split("received PUBACK").length - 1;
		const full = () =>
			nats
				.jetstream()
				.publish("edge1.full.x", new Uint8Array(200_000))
				.then(
					() => false,
					() => true,
				);
		await eventually(full, { what: "the class is full" });
		const settled = async () =>
			acknowledged() + (await foreignIn("edge1_full")) === (await textsOf(nats, "edge1_full")).length;
		await eventually(settled, { what: "each acknowledgement is a stored message" });
		expect(acknowledged()).toBeGreaterThan(2);
		expect(acknowledged()).toBeLessThan(60);
		expect(child.exitCode).toBeNull();
		child.kill("SIGKILL");
	});

	/** Messages that this test has stored itself to see whether the class is full. */
	const foreignIn = async (stream: string) =>
		(await textsOf(nats, stream)).filter((text) => !text.startsWith("message")).length;

	/** docs/from-mosquitto.md, step by step. */
	it("a bridge of mosquitto is replaced, with both side by side, compared, switched, and switched back", async () => {
		const hub = await storedAtHub(rig);
		const [cloudPort = 0, devicePort = 0] = await freePorts(2);
		const mosquitto = async (name: string, port: number, more: string) => {
			const file = rig.bench.path(`${name}.conf`);
			writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\n${more}`);
			const child = spawn("mosquitto", ["-c", file], { stdio: "ignore" });
			started.push(child);
			await eventually(
				() =>
					mqttJs({ ...bridge, port }, { reconnectPeriod: 0 })
						.then((client) => client.endAsync())
						.then(() => true),
				{
					what: `${name} listens`,
				},
			);
			return child;
		};
		await mosquitto("cloud", cloudPort, "");
		const old: string[] = [];
		const lake = await mqttJs({ ...bridge, port: cloudPort });
		lake.on("message", (_, payload) => old.push(payload.toString()));
		await lake.subscribeAsync("vehicle/#", { qos: 1 });
		const way = (name: string, port: number) =>
			`connection ${name}\naddress 127.0.0.1:${port}\ntopic vehicle/# out 1\ncleansession false\nnotifications false\n` +
			`bridge_protocol_version mqttv311\nremote_clientid ${name}\n`;
		const sideBySide = way("cloud", cloudPort) + way("leafline", bridge.port);
		const publish = (port: number, lines: readonly string[]) =>
			spawnSync("mosquitto_pub", ["-p", `${port}`, "-t", "vehicle/speed", "-q", "1", "-l"], { input: textOf(lines) })
				.status;
		const here = () => hub.texts("hub_can");

		// 1. Side by side: the old way goes on, and a second connection of the same broker takes a copy.
		let broker = await mosquitto("device", devicePort, sideBySide);
		await connected(bridge, "leafline");
		expect(publish(devicePort, numbered(1, 300))).toBe(0);
		await eventually(async () => old.length === 300 && (await here()).length === 300, { what: "both have them" });
		expect(digest(await here())).toBe(digest(old));

		// 2. Switched: programs publish to leafline itself, mosquitto is stopped when it has handed over what it had.
		broker.kill("SIGTERM");
		expect(publish(bridge.port, numbered(301, 600))).toBe(0);
		await eventually(async () => (await here()).length === 600, { what: "they are at the hub" });

		// 3. Switched back: as before, and leafline still gets everything.
		broker = await mosquitto("device", devicePort, sideBySide);
		await connected(bridge, "leafline");
		expect(publish(devicePort, numbered(601, 900))).toBe(0);
		await eventually(async () => old.length === 600 && (await here()).length === 900, { what: "both have them again" });
		expect(await here()).toEqual(numbered(1, 900));
		expect(digest(old)).toBe(digest([...numbered(1, 300), ...numbered(601, 900)]));
		await lake.endAsync();
	});
});

const numbered = (from: number, to: number) =>
	Array.from({ length: to - from + 1 }, (_, index) => `message ${from + index}`);

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

const digest = (texts: readonly string[]) => createHash("sha256").update(textOf(texts)).digest("hex");

/** A client of this name has a session at the bridge that outlives its connection. */
async function connected({ sessions }: BridgeProcess, client: string): Promise<void> {
	await eventually(() => sessions().includes(client), { what: `${client} is connected` });
}
