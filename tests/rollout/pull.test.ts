import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Pulled } from "../../device/rollout/places";
import { type PullOptions, pullRelease } from "../../device/rollout/pull";
import type { Manifest } from "../../render/bundle/manifest";
import { CHUNK_BYTES } from "../../topology/rollout/names";
import { rolloutBytesPerSecond } from "../../topology/rollout/rate";

describe("what a device fetches of a release", () => {
	let folder = "";
	let pulled: Pulled;
	let asked: string[] = [];
	let waited = 0;
	beforeEach(() => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-pull-"));
		pulled = new Pulled(folder);
		fs.mkdirSync(pulled.folder, { recursive: true });
		fs.mkdirSync(path.join(folder, "current"));
		asked = [];
		waited = 0;
	});
	afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

	const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
	const manifestOf = (files: Readonly<Record<string, Buffer>>) =>
		({
			files: Object.fromEntries(
				Object.entries(files).map(([name, bytes]) => [name, { sha256: hash(bytes), bytes: bytes.length }]),
			),
		}) as unknown as Manifest;

	/** A hub that has these; `give` may put something else in the place of a chunk. */
	function pull(
		files: Readonly<Record<string, Buffer>>,
		give: (data: Buffer, n: number) => Buffer | undefined = (data) => data,
		progress: PullOptions["progress"] = () => {},
	) {
		const byHash = new Map(Object.values(files).map((bytes) => [hash(bytes), bytes]));
		const hub: PullOptions["hub"] = {
			async chunk(place, sha256, n) {
				asked.push(`${place} ${n}`);
				const data = byHash.get(sha256)?.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
				const given = data && give(data, n);
				return given && { data: given, wire: given.length };
			},
		};
		const wait = async (ms: number) => {
			waited += ms;
		};
		const options = { hub, pulled, current: path.join(folder, "current"), bytesPerSecond: CHUNK_BYTES, progress, wait };
		return pullRelease(manifestOf(files), options);
	}

	const program = randomBytes(3 * CHUNK_BYTES + 5);
	const conf = Buffer.from("configuration");
	const FILES = { "leafline-device.js": program, "etc/leaf.conf": conf, "system/empty": Buffer.alloc(0) };

	it("is there whole, what is the device's own and what all have, and no faster than it may", async () => {
		const seen: number[] = [];
		await pull(FILES, undefined, (bytes, fetched) => seen.push(fetched / bytes));
		for (const bytes of Object.values(FILES)) expect(fs.readFileSync(pulled.part(hash(bytes)))).toEqual(bytes);
		expect(asked).toEqual(["part 0", "part 1", "part 2", "part 3", "own 0"]);
		expect(waited).toBeGreaterThan(2_500);
		expect([seen[0], seen.at(-1)]).toEqual([0, 1]);
		expect(seen).toEqual([...seen].sort((a, b) => a - b));
	});

	it("goes on where it was, however it ended, and leaves what an order before has fetched", async () => {
		const breaks = (data: Buffer, n: number) => {
			if (n === 2) throw new Error("no way to the hub");
			return data;
		};
		await expect(pull(FILES, breaks)).rejects.toThrow("no way to the hub");
		// Half a chunk more is on the disk.
		fs.appendFileSync(pulled.partial(hash(program)), program.subarray(2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 100));
		fs.writeFileSync(pulled.part("0".repeat(64)), "of another order");
		asked = [];
		await pull(FILES);
		expect(asked).toEqual(["part 2", "part 3", "own 0"]);
		expect(fs.readFileSync(pulled.part(hash(program)))).toEqual(program);
		expect(fs.existsSync(pulled.part("0".repeat(64)))).toBe(false);
		asked = [];
		await pull(FILES);
		expect(asked).toEqual([]);
	});

	it("is not what the release in force has the same of", async () => {
		fs.writeFileSync(path.join(folder, "current/leafline-device.js"), program);
		await pull(FILES);
		expect(asked).toEqual(["own 0"]);
	});

	it("is fetched anew when it came damaged, or a power cut has damaged it", async () => {
		const flipped = (data: Buffer) => Buffer.from(data.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
		await expect(pull({ "etc/leaf.conf": conf }, flipped)).rejects.toThrow(/came damaged: it is fetched again$/);
		await pull({ "etc/leaf.conf": conf });
		expect(fs.readFileSync(pulled.part(hash(conf)))).toEqual(conf);
		fs.rmSync(pulled.part(hash(conf)));
		fs.writeFileSync(pulled.partial(hash(program)), Buffer.alloc(2 * CHUNK_BYTES));
		await expect(pull(FILES)).rejects.toThrow(/came damaged/);
		await pull(FILES);
		expect(fs.readFileSync(pulled.part(hash(program)))).toEqual(program);
	});

	it.each([
		["does not have it any more", () => undefined, /^the hub does not have \w+ \(0\) any more$/],
		["cuts a chunk off", (data: Buffer) => data.subarray(1), /^\w+ \(0\) is not as long as it should be$/],
	])("is refused in one line where the hub %s", async (_, give, message) => {
		await expect(pull({ "etc/leaf.conf": conf }, give)).rejects.toThrow(message);
	});

	it("takes a tenth of a link, within bounds", () => {
		expect(rolloutBytesPerSecond(4_000_000)).toBe(50_000);
		expect(rolloutBytesPerSecond(1_000)).toBe(8_192);
		expect(rolloutBytesPerSecond(1e12)).toBe(1_048_576);
		expect(rolloutBytesPerSecond(undefined)).toBe(32_768);
	});
});
