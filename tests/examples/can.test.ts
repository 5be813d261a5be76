import { spawn } from "node:child_process";
import type { MsgHdrs, NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Solo, startSolo } from "../device/solo";
import { eventually } from "../support/eventually";
import { planFleet } from "../support/rig";
import { makeServers, type Servers } from "../support/servers";
import { inGo } from "./programs";

/** The class of fleets/mine.yaml. */
const FLEET = `apiVersion: leafline/v1
fleet: cans
hardware:
  board: { arch: amd64, buffer: 64MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 20/s, size: 1600B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;

const FRAMES = 30_050;

/** As `candump -L` prints it: identifiers of 11 and of 29 bits, remote frames, errors, no data. */
function line(index: number): string {
	const microseconds = 1_748_256_000_000_000 + index * 500 + (index % 7);
	const time = `(${Math.floor(microseconds / 1e6)}.${`${microseconds % 1e6}`.padStart(6, "0")})`;
	const data = Buffer.alloc(8);
	data.writeUInt32BE(index, 4);
	const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
	const kinds = [
		`${hex(index % 0x800, 3)}#${data.toString("hex").toUpperCase()}`,
		`${hex(0x18fe0000 + (index % 0x10000), 8)}#${data.subarray(4).toString("hex").toUpperCase()}`,
		"7FF#R",
		"123#R4",
		"20000080#0000000000000000",
		"001#",
	];
	return `${time} can0 ${kinds[index % 50 < 44 ? index % 2 : (index % 50) - 44]}`;
}

/** The lines of a message, as README.md says that one is taken apart. */
function linesOf(payload: Uint8Array, headers: MsgHdrs | undefined): string[] {
	const bytes = Buffer.from(payload);
	const start = Number(headers?.get("Can-Start"));
	return Array.from({ length: bytes.length / 16 }, (_, frame) => {
		const [identifier, rest] = [bytes.readUInt32LE(frame * 16), bytes.readUInt32LE(frame * 16 + 4)];
		const microseconds = start + (rest >>> 8);
		const time = `(${Math.floor(microseconds / 1e6)}.${`${microseconds % 1e6}`.padStart(6, "0")})`;
		const length = rest & 0xff;
		const isError = (identifier & 0x20000000) !== 0;
		const isLong = isError || (identifier & 0x80000000) !== 0;
		const digits = (identifier & (isError ? 0x3fffffff : 0x1fffffff)) >>> 0;
		const name = digits
			.toString(16)
			.toUpperCase()
			.padStart(isLong ? 8 : 3, "0");
		const data = bytes
			.subarray(frame * 16 + 8, frame * 16 + 8 + length)
			.toString("hex")
			.toUpperCase();
		const isRemote = (identifier & 0x40000000) !== 0;
		return `${time} ${headers?.get("Can-Bus")} ${name}#${isRemote ? `R${length || ""}` : data}`;
	});
}

describe("canpack", () => {
	const program = inGo("can");
	let servers: Servers;
	let device: Solo;
	beforeAll(async () => {
		servers = makeServers();
		device = await startSolo(servers, planFleet(FLEET), "edge1", { limited: true });
		await device.makeStreams();
	});
	afterAll(async () => {
		await device?.close();
		await servers?.close();
	});

	it("packs every frame of a log once and in order, though the server is killed and the log comes twice", async ({
		skip,
	}) => {
		if ("why" in program) skip(program.why);
		else {
			const log = Array.from({ length: FRAMES }, (_, index) => line(index));
			const first = run(program.command[0] ?? "", [...log, "rubbish", "(1.000000) can0 123##1AABB"]);
			await eventually(async () => (await messagesOf(device.owner)) > 20, { what: "some are stored" });
			await device.server.kill();
			await device.server.start();
			expect(await first).toMatchObject({
				code: 0,
				said: expect.stringContaining("30050 frames in 301 messages are stored"),
			});
			expect((await first).said.match(/left out/g)).toHaveLength(2);
			expect((await run(program.command[0] ?? "", log)).code).toBe(0);

			// Besides the one that the stream was made with.
			expect(await messagesOf(device.owner)).toBe(302);
			const found: string[] = [];
			for await (const message of await (await device.owner.jetstream().consumers.get("edge1_can")).consume()) {
				if (message.seq > 1) {
					expect(message.subject).toBe("edge1.can.vehicle.can");
					expect(message.data.length).toBeLessThanOrEqual(1_600);
					found.push(...linesOf(message.data, message.headers));
				}
				if (message.info.pending === 0) break;
			}
			expect(found).toEqual(log);
		}
	});

	function run(command: string, lines: readonly string[]): Promise<{ code: number | null; said: string }> {
		const child = spawn(command, [`nats://127.0.0.1:${device.port}`, "vehicle.can"], {
			stdio: ["pipe", "ignore", "pipe"],
		});
		let said = "";
		child.stderr.on("data", (text) => {
			said += text;
		});
		child.stdin.on("error", () => {});
		child.stdin.end(`${lines.join("\n")}\n`);
		return new Promise((done) => child.once("close", (code) => done({ code, said })));
	}
});

const messagesOf = async (nats: NatsConnection) =>
	(await (await nats.jetstreamManager()).streams.info("edge1_can")).state.messages;
