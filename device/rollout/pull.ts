import * as fs from "node:fs";
import * as path from "node:path";
import { OWN } from "../../render/bundle/layout";
import type { FileEntry, Manifest } from "../../render/bundle/manifest";
import { syncFolder } from "../../system/synced";
import { sleep } from "../../system/wait";
import { formatBytes } from "../../topology/format";
import { CHUNK_BYTES, chunksOf } from "../../topology/rollout/names";
import { hashOf, hashOfFile, linkable } from "../linkable";
import type { Releases } from "../releases/releases";
import { diskRoom } from "../room";
import { DeviceError } from "../spec";
import type { Pulled } from "./places";

/** What must stay free on the disk of the store, whose streams have their own limits beside it. */
const SPARE_BYTES = 16 * 1024 ** 2;
/** What a power cut takes of a file that is under way: so much is fetched again. */
const SYNC_EVERY_BYTES = 1024 ** 2;

export interface PullOptions {
	readonly hub: Pick<Releases, "chunk">;
	readonly pulled: Pulled;
	/** The release in force: what it has the same of need not come. */
	readonly current: string;
	readonly bytesPerSecond: number;
	/** Bytes that are to come, and how many of them are there. */
	progress(bytes: number, fetched: number): void;
	/** @default the machine's */
	readonly wait?: (ms: number) => Promise<void>;
}

interface Part extends FileEntry {
	readonly place: "own" | "part";
}

/**
 * Fetches what a manifest names and the device has not, a chunk at a time, no faster than it may. What is there of an
 * earlier run is gone on with.
 * @throws DeviceError for what another try does not mend, Error when the hub does not answer
 */
export async function pullRelease(manifest: Manifest, options: PullOptions): Promise<void> {
	const { pulled, current } = options;
	const wanted = new Map<string, Part>();
	for (const [name, entry] of Object.entries(manifest.files)) {
		if (linkable(path.join(current, name), entry)) continue;
		wanted.set(entry.sha256, { ...entry, place: OWN.includes(name) ? "own" : "part" });
	}
	forgetOthers(pulled, wanted);
	const parts = [...wanted.values()];
	const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
	let fetched = parts.reduce((sum, part) => sum + bytesThere(pulled, part), 0);
	refuseWithoutRoom(pulled, bytes - fetched);
	options.progress(bytes, fetched);
	for (const part of parts) {
		const before = bytesThere(pulled, part);
		await pullPart(part, options, (there) => options.progress(bytes, fetched - before + there));
		fetched += part.bytes - before;
	}
	syncFolder(path.dirname(pulled.part("-")));
}

/** One file, which has its name when it is whole. */
export async function pullPart(
	{ sha256, bytes, place }: Part,
	{ hub, pulled, bytesPerSecond, wait = sleep }: Omit<PullOptions, "progress" | "current">,
	progress: (there: number) => void = () => {},
): Promise<void> {
	if (fs.existsSync(pulled.part(sha256))) return;
	fs.mkdirSync(path.dirname(pulled.part(sha256)), { recursive: true, mode: 0o700 });
	const file = pulled.partial(sha256);
	const open = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
	try {
		// A chunk that was half written is fetched again.
		let n = Math.floor(fs.fstatSync(open).size / CHUNK_BYTES);
		for (; n < chunksOf(bytes); n++) {
			const began = performance.now();
			const chunk = await hub.chunk(place, sha256, n);
			if (!chunk) throw new DeviceError(`the hub does not have ${sha256} (${n}) any more`);
			const expected = Math.min(CHUNK_BYTES, bytes - n * CHUNK_BYTES);
			if (chunk.data.length !== expected) throw new DeviceError(`${sha256} (${n}) is not as long as it should be`);
			fs.writeSync(open, chunk.data, 0, expected, n * CHUNK_BYTES);
			if (((n + 1) * CHUNK_BYTES) % SYNC_EVERY_BYTES === 0) fs.fdatasyncSync(open);
			progress(n * CHUNK_BYTES + expected);
			await wait(Math.max(0, (chunk.wire * 1_000) / bytesPerSecond - (performance.now() - began)));
		}
		fs.ftruncateSync(open, bytes);
		fs.fsyncSync(open);
	} finally {
		fs.closeSync(open);
	}
	if (hashOfFile(file) !== sha256) {
		// What a power cut left of it may be of no use, so it begins anew; the hub's own is then looked at for itself.
		fs.rmSync(file);
		throw new Error(`${sha256} came damaged: it is fetched again`);
	}
	fs.renameSync(file, pulled.part(sha256));
}

function bytesThere(pulled: Pulled, { sha256, bytes }: Part): number {
	if (fs.existsSync(pulled.part(sha256))) return bytes;
	const { size = 0 } = fs.statSync(pulled.partial(sha256), { throwIfNoEntry: false }) ?? {};
	return Math.min(bytes, Math.floor(size / CHUNK_BYTES) * CHUNK_BYTES);
}

/** What was fetched for an order that does not count any more. */
function forgetOthers(pulled: Pulled, wanted: ReadonlyMap<string, unknown>): void {
	const folder = path.dirname(pulled.part("-"));
	for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
		if (!wanted.has(name.replace(/\.partial$/, ""))) fs.rmSync(path.join(folder, name), { force: true });
	}
}

function refuseWithoutRoom(pulled: Pulled, bytes: number): void {
	const { freeBytes: free } = diskRoom(pulled.folder);
	if (free < bytes + SPARE_BYTES) {
		const needed = formatBytes(bytes + SPARE_BYTES);
		throw new DeviceError(`there is no room in ${pulled.folder}: ${needed} are needed, ${formatBytes(free)} are free`);
	}
}

/** The manifest itself, which is small. @throws as `pullRelease()` */
export async function pullManifest(
	{ sha256, bytes }: { readonly sha256: string; readonly bytes: number },
	{ hub, pulled }: Pick<PullOptions, "hub" | "pulled">,
): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for (let n = 0; n < chunksOf(bytes); n++) {
		const chunk = await hub.chunk("own", sha256, n);
		if (!chunk) throw new DeviceError("the hub does not have the manifest any more");
		chunks.push(chunk.data);
	}
	const text = Buffer.concat(chunks);
	if (hashOf(text) !== sha256) {
		throw new DeviceError("the manifest that the hub has is not the one that was ordered");
	}
	fs.writeFileSync(pulled.manifest, text);
	return text;
}
