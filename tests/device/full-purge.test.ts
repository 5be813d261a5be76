import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "nats";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { freePorts } from "../support/ports";
import { makeServers, type Server, type Servers } from "../support/servers";
import { type SmallDisk, smallDisk, whyNoDisk } from "./small-disk";

/** What a purge writes of so many messages that are gone is more than what is left of a page of the disk. */
const MESSAGES = 4_000;
const GONE = 3_000;
const STREAM = { name: "can", subjects: ["can.>"], storage: "file", discard: "new", max_bytes: 8 * 1024 ** 2 };
const DISK_BYTES = 64 * 1024 ** 2;
const STANDS_STILL_MS = 5_000;

const missing = whyNoDisk();
if (missing !== undefined)
	console.warn(`tests/device/full-purge.test.ts: skipped, for there is no small disk: ${missing}`);

describe.skipIf(missing !== undefined)("room is made on a disk that is full", () => {
	let servers: Servers;
	let folder: string;
	let disk: SmallDisk;
	let server: Server;
	let nc: NatsConnection;

	/** A server whose stream is trimmed when its disk has no room left to write down what is gone. */
	async function trimmed(program?: string): Promise<unknown> {
		servers = makeServers();
		folder = mkdtempSync(join(tmpdir(), "leafline-full-purge-"));
		disk = await smallDisk(folder, DISK_BYTES);
		const [port = 0] = await freePorts(1);
		const conf = `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${disk.path}/store", max_file: 16MB }\n`;
		server = servers.add("edge", { client: port }, conf);
		await server.start(program === undefined ? {} : { program });
		nc = await connect({ servers: `127.0.0.1:${port}` });
		await ask("STREAM.CREATE.can", STREAM);
		const jetstream = nc.jetstream();
		await Promise.all(Array.from({ length: MESSAGES }, () => jetstream.publish("can.x", "x".repeat(100))));
		disk.fill();
		return ask("STREAM.PURGE.can", { seq: GONE + 1 }).catch((error: Error) => error);
	}

	async function ask(call: string, body: unknown = {}): Promise<Record<string, unknown>> {
		const answer = await nc.request(`$JS.API.${call}`, JSON.stringify(body), { timeout: STANDS_STILL_MS });
		return answer.json();
	}

	afterEach(async () => {
		await nc?.close();
		await servers?.close();
		await disk?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	it("answers, and ends in good order with everything that is left", { timeout: 120_000 }, async () => {
		expect(await trimmed()).not.toBeInstanceOf(Error);
		expect(server.log()).toContain("no space left");
		expect(await ask("STREAM.INFO.can")).toHaveProperty("state");
		disk.free();
		await server.kill("SIGTERM");
		await server.start();
		const held = async () => ((await ask("STREAM.INFO.can")).state as { messages: number; last_seq: number }) ?? false;
		const { messages, last_seq } = await eventually(held, { what: "the stream is back", within: 60_000 });
		expect(last_seq).toBe(MESSAGES);
		expect(messages).toBeGreaterThanOrEqual(MESSAGES - GONE);
		const last = await ask("STREAM.MSG.GET.can", { seq: MESSAGES });
		expect(last).toHaveProperty("message");
	});

	it("with the official server: that stream answers nobody any more", {
		timeout: 120_000,
	}, async () => {
		expect(await trimmed(await officialServer())).toBeInstanceOf(Error);
		await expect(ask("STREAM.INFO.can")).rejects.toThrow();
	});
});
