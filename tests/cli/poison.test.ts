import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { headers, type NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ADMIN_API } from "../../topology/permissions";
import { roomForHeaders } from "../../topology/source-header";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { run } from "../support/project";
import { api, type Stack, startStack } from "./stack";

/**
 * Messages that a device's stream takes and the hub does not, with all that come after them: leafline's server refuses
 * them when they are published (edge1), the official one acknowledges them (edge2).
 */
let stack: Stack;
let hub: NatsConnection;

const MENDED_MS = 150_000;
vi.setConfig({ testTimeout: 2 * MENDED_MS, hookTimeout: MENDED_MS });

beforeAll(async () => {
	stack = await startStack(["edge1", "edge2"]);
	hub = await stack.connect("hub");
	await stack.kill("edge2");
	await stack.start("edge2", await officialServer());
});
afterAll(async () => {
	await stack?.stop();
});

const FRAME = "NATS/1.0\r\nTrace: \r\n\r\n".length;
/** What a stream under this subject is published on; the stack's stores `vehicle.x` as `<device>.sensor.vehicle.x`. */
const storedAs = (device: string, subject: string) => `${device}.sensor.${subject}`;

async function publish(device: string, headerBytes: number, subject = "vehicle.sensor"): Promise<number> {
	const hdrs = headers();
	if (headerBytes > 0) hdrs.set("Trace", "x".repeat(headerBytes - FRAME));
	const options = headerBytes > 0 ? { headers: hdrs } : {};
	return (await (await stack.connect(device)).jetstream().publish(subject, `of ${headerBytes}`, options)).seq;
}

async function leafline(...args: string[]) {
	const command = [resolve("bin/cli/main.js"), ...args, "--outputs", stack.outputsFile];
	const { code, stdout, text } = await run(process.execPath, command, { cwd: stack.dir, env: stack.env });
	return { code, stdout, text: text.trimEnd() };
}

async function onHub(device: string): Promise<Record<string, number>> {
	const body = { subjects_filter: `${device}.sensor.>` };
	const info = (await api(hub, `${ADMIN_API}.STREAM.INFO.hub_sensor`, body)) as {
		state: { subjects?: Record<string, number> };
	};
	return info.state.subjects ?? {};
}
const arrived = (device: string, messages: number) =>
	eventually(async () => Object.values(await onHub(device)).reduce((sum, n) => sum + n, 0) === messages, {
		what: `${messages} of ${device} at the hub`,
		within: MENDED_MS,
	});

const LONG = `vehicle.${"x".repeat(3_000)}`;

test("leafline's server refuses what would not be sourced, to the byte, and what it takes is at the hub", async () => {
	for (const subject of ["vehicle.sensor", LONG]) {
		const room = roomForHeaders(storedAs("edge1", subject));
		for (const bytes of [room + 1, 65_500, 65_535]) {
			await expect(publish("edge1", bytes, subject)).rejects.toThrow("header size exceeds maximum allowed of 64k");
		}
		await publish("edge1", room, subject);
	}
	await publish("edge1", 0);
	await arrived("edge1", 3);
	expect(Object.keys(await onHub("edge1"))).toContain(storedAs("edge1", LONG));
});

test("with the official server status names it; heal takes it away when told to, with a copy, and all others arrive", async () => {
	await publish("edge2", 0);
	await arrived("edge2", 1);
	expect(await publish("edge2", 65_510)).toBe(2);
	expect(await publish("edge2", 65_510, LONG)).toBe(3);
	for (let n = 0; n < 9; n++) await publish("edge2", 0);

	const named = await eventually(
		async () => {
			const { stdout, code } = await leafline("status", "--json");
			const seen = JSON.parse(stdout) as { devices: Record<string, { notes: { code: string; text: string }[] }> };
			const note = seen.devices.edge2?.notes.find((it) => it.code === "stands-still" && /headers/.test(it.text));
			return note && { ...note, exit: code };
		},
		{ what: "status names it", within: MENDED_MS },
	);
	expect(named.text).toMatch(
		/^edge2_sensor stands still at sequence 1 for \d+:\d\d while 11 messages wait: message 2 has 65,510 bytes of headers, more than the hub can take with its own\. npx leafline heal edge2 --drop-poison <folder> saves it there and takes it away$/,
	);
	expect(named.exit).toBe(2);

	const left = await leafline("heal", "edge2");
	expect(left.text).toMatch(/^edge2_sensor: message 2 has 65,510 bytes .* --drop-poison <folder> saves it/);
	expect(left.code).toBe(2);

	const folder = join(stack.dir, "poison");
	const dry = await leafline("heal", "edge2", "--dry-run", "--drop-poison", folder);
	expect(dry.code).toBe(2);
	expect(existsSync(folder)).toBe(false);

	// A file that cannot be written: the message stays.
	mkdirSync(join(folder, "edge2_sensor-2.json"), { recursive: true });
	const unsaved = await leafline("heal", "edge2", "--drop-poison", folder);
	expect(unsaved.text).toMatch(/message 2 of edge2_sensor cannot be saved, and stays: /);
	expect(unsaved.code).toBe(2);
	const at = await api(await stack.connect("edge2"), "$JS.API.STREAM.MSG.GET.edge2_sensor", { seq: 2 });
	expect(at).toMatchObject({ message: { seq: 2 } });
	rmSync(folder, { recursive: true });

	const { text, code } = await leafline("heal", "edge2", "--drop-poison", folder);
	expect(text).toMatch(/message 2 has 65,510 bytes of headers.*\(save message 2 in .*poison, and take it away\)/);
	expect(text).toMatch(
		/message 3 has 65,510 bytes of headers.*: healed \(save message 3 in .*poison, and take it away\)$/,
	);
	expect(code).toBe(0);
	await arrived("edge2", 10);

	const copy = JSON.parse(readFileSync(join(folder, "edge2_sensor-3.json"), "utf8")) as Record<string, string>;
	expect(copy).toMatchObject({ stream: "edge2_sensor", seq: 3, subject: storedAs("edge2", LONG) });
	expect(Buffer.from(copy.data ?? "", "base64").toString()).toBe("of 65510");
	expect(Buffer.from(copy.hdrs ?? "", "base64")).toHaveLength(65_510);
	expect(existsSync(join(folder, "edge2_sensor-2.json"))).toBe(true);
});
