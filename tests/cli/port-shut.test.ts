import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Note } from "../../cli/fleet/notes/note";
import type { DaemonDocument } from "../../components/daemon/document";
import { LOCAL_ROOT, leafDir, SERVER_FILES } from "../../components/daemon/layout";
import { readRecord } from "../../components/daemon/record";
import { reservationsFile, writeReservations } from "../../device/reservations";
import type { DeviceSpec } from "../../device/spec";
import { isRunning } from "../../system/process";
import { fillerSubject } from "../../topology/names";
import { type SmallDisk, smallDisk, whyNoDisk } from "../device/small-disk";
import { eventually } from "../support/eventually";
import { run } from "../support/project";
import { type Stack, startStack } from "./stack";

/**
 * A device of this machine whose gate cannot prove a safe start: what `status` says of it, with the process that starts
 * the devices of a local stack. Each test clears up what it brought about, by the remedy that the line names.
 */
let stack: Stack;
let disk: SmallDisk | undefined;
const DEVICES = ["edge1", "edge2"];
const WITHIN_MS = 120_000;
vi.setConfig({ testTimeout: 2 * WITHIN_MS, hookTimeout: WITHIN_MS });

beforeAll(async () => {
	stack = await startStack(DEVICES);
});
afterAll(async () => {
	for (const device of DEVICES) if (stack) await daemon("stop", folder(device)).ended;
	await stack?.stop();
	await disk?.close();
});

const folder = (device: string) => leafDir(join(stack.dir, LOCAL_ROOT), device);
const store = (device: string) => join(stack.dir, device);
const port = (device: string) => stack.outputs.leafline.devices[device]?.clientPort ?? 0;

/** The program that starts the processes of a local stack. */
function daemon(...args: string[]): {
	readonly child: ChildProcess;
	readonly ended: Promise<{ code: number | null; said: string }>;
} {
	const child = spawn(process.execPath, [resolve("bin/components/daemon/daemon.js"), ...args], {
		stdio: ["pipe", "ignore", "pipe"],
	});
	let said = "";
	child.stderr?.on("data", (text) => {
		said += text;
	});
	return { child, ended: once(child, "close").then(([code]) => ({ code, said })) };
}

/** As the stack starts a device's server: behind the gate. */
function startDevice(device: string) {
	const stream = { name: `${device}_sensor`, filler: fillerSubject(device, "sensor"), trim: true };
	const spec: DeviceSpec = {
		device,
		storeDir: store(device),
		gateConf: SERVER_FILES.gateConf,
		key: "none",
		hubSyncMs: 250,
		streams: [stream],
	};
	const gateConf = `server_name: ${device}\nlisten: "127.0.0.1:-1"\njetstream { store_dir: "${store(device)}", domain: ${device}, max_file: 1G }\n`;
	const document: DaemonDocument = {
		dir: folder(device),
		name: device,
		program: "nats-server",
		args: ["-c", join(stack.dir, `${device}.conf`)],
		before: { script: "../device/leafline-device.js", args: ["gate"] },
		ports: [port(device)],
		ready: { tcp: port(device) },
		readyTimeoutMs: WITHIN_MS,
		files: {
			"device.json": { content: JSON.stringify(spec) },
			[SERVER_FILES.gateConf]: { content: gateConf },
			[SERVER_FILES.credentials]: { content: stack.credentials(device) },
		},
	};
	const started = daemon("start");
	started.child.stdin?.end(JSON.stringify(document));
	return started;
}

async function status(device: string): Promise<{ readonly code: number; readonly notes: readonly Note[] }> {
	const args = [resolve("bin/cli/main.js"), "status", "--json", "--outputs", stack.outputsFile];
	const { code, stdout, text } = await run(process.execPath, args, { cwd: stack.dir, env: stack.env });
	if (!stdout.startsWith("{")) throw new Error(text);
	const { devices } = JSON.parse(stdout) as { devices: Record<string, { notes: Note[] }> };
	return { code, notes: devices[device]?.notes ?? [] };
}

/** All that is said of the device, when one note of it is of this kind. */
async function noted(device: string, kind: Note["code"]) {
	return eventually(
		async () => {
			const { code, notes } = await status(device);
			return notes.some((note) => note.code === kind) && { code, notes };
		},
		{ what: `${kind} of ${device}`, within: WITHIN_MS },
	);
}

const takesPublishers = (device: string) =>
	new Promise<boolean>((done) => {
		const socket = connect(port(device), "127.0.0.1");
		socket.once("connect", () => done(true)).once("error", () => done(false));
		socket.once("connect", () => socket.destroy());
	});

describe("a device whose reservation file", () => {
	let good = "";
	beforeAll(async () => {
		await stack.kill("edge1");
		writeReservations(store("edge1"), { version: 1, device: "edge1", reserved: {} }, "gate");
		good = readFileSync(reservationsFile(store("edge1")), "utf8");
	});
	const file = () => reservationsFile(store("edge1"));
	const ANEW = /; take the store away to begin anew, or, if its messages are to be kept, this file alone: /;

	test.each([
		[
			"is another device's",
			() => good.replace('"edge1"', '"edge7"'),
			/is of device edge7, not of edge1: this store is another's/,
		],
		["is empty", () => "", /is empty, so nobody knows which sequences of edge1 were used/],
		["is truncated", () => good.slice(0, 20), /is damaged, so nobody knows which sequences of edge1 were used/],
	])("%s", async (_what, content, message) => {
		writeFileSync(file(), content());
		const { code, said } = await startDevice("edge1").ended;
		expect([code, said.split("\n")[0]]).toEqual([1, "edge1 ended right after its start; the end of its log:"]);
		expect(await takesPublishers("edge1")).toBe(false);

		const seen = await status("edge1");
		expect(seen).toMatchObject({ code: 2, notes: [{ code: "port-shut", needsHand: true }] });
		const [{ text = "" } = {}] = seen.notes;
		expect(text).toMatch(message);
		expect(text).toMatch(ANEW);
		expect(text).toMatch(/^its client port stays shut: \/.*\. When that is mended, npm run up starts its server$/);

		rmSync(file());
	});

	test("cannot be written", async () => {
		// Root may write to a folder without the right to; nobody may replace a folder by a file.
		const draft = `${file()}.gate.new`;
		mkdirSync(draft);
		expect((await startDevice("edge1").ended).code).toBe(1);
		expect(await takesPublishers("edge1")).toBe(false);
		const seen = await status("edge1");
		expect(seen).toMatchObject({ code: 2, notes: [{ code: "port-shut", needsHand: true }] });
		expect(seen.notes[0]?.text).toMatch(
			/^its client port stays shut: \/.*reserved\.json cannot be written: .*; that folder must belong to the account .*, npm run up starts its server$/,
		);
		rmdirSync(draft);
	});

	test("was taken away, as the line says: it takes messages again, and the hub gets them", async () => {
		expect(await startDevice("edge1").ended).toEqual({ code: 0, said: "" });
		const client = await stack.connect("edge1");
		await client.jetstream().publish("vehicle.sensor", "21.5");
		await client.close();
		const well = async () => {
			const { code, notes } = await status("edge1");
			return code === 0 && !notes.some(({ code: note }) => note === "port-shut");
		};
		await eventually(well, { what: "edge1 is well", within: WITHIN_MS });
	});
});

const missing = whyNoDisk();
if (missing !== undefined)
	console.warn(`tests/cli/port-shut.test.ts: skipped in part, for there is no small disk: ${missing}`);

test.skipIf(missing !== undefined)(
	"a device whose disk goes read-only: while its server runs, and when it is started anew",
	async () => {
		await stack.kill("edge2");
		disk = await smallDisk(stack.dir, 64 << 20);
		cpSync(store("edge2"), join(disk.path, "store"), { recursive: true });
		rmSync(store("edge2"), { recursive: true });
		symlinkSync(join(disk.path, "store"), store("edge2"));
		expect(await startDevice("edge2").ended).toEqual({ code: 0, said: "" });
		const client = await stack.connect("edge2");
		const jetstream = client.jetstream();
		const taken = () =>
			jetstream.publish("vehicle.sensor", "21.5", { timeout: 1_000 }).then(
				() => true,
				() => false,
			);
		expect(await taken()).toBe(true);
		disk.fail();
		await eventually(async () => !(await taken()), { what: "nothing is taken", within: WITHIN_MS });
		const write = await noted("edge2", "write-error");
		expect(write.code).toBe(2);
		expect(write.notes.find(({ code }) => code === "write-error")?.text).toMatch(
			/read-only file system.* Its disk has gone read-only: mount it read-write, after a check of its file system, then restart its nats-server/,
		);

		await client.close();
		await daemon("stop", folder("edge2")).ended;
		const started = startDevice("edge2");
		const shut = await noted("edge2", "port-shut");
		expect(await takesPublishers("edge2")).toBe(false);
		expect(shut).toMatchObject({ code: 2, notes: [{ code: "port-shut", needsHand: true }] });
		expect(shut.notes[0]?.text).toMatch(
			/^its client port stays shut: \/.*reserved\.json cannot be written: EROFS.*; mount its disk read-write; waits for it$/,
		);
		// Whoever started it gives up in the end.
		const record = readRecord(folder("edge2"));
		if (!record) throw new Error("no record");
		process.kill(-record.pid, "SIGKILL");
		expect((await started.ended).code).toBe(1);
		expect(isRunning(record)).toBe(false);
		expect((await status("edge2")).notes[0]?.text).toMatch(
			/mount its disk read-write\. When that is mended, npm run up starts its server$/,
		);
		expect(existsSync(reservationsFile(store("edge2")))).toBe(true);
	},
);
