import * as fs from "node:fs";
import * as path from "node:path";
import { foreign } from "../../config/printable";
import { BUNDLE, INSTALLED, modeOf, SECRETS } from "../../render/bundle/layout";
import type { FileEntry, Manifest } from "../../render/bundle/manifest";
import { messageOf } from "../../system/message";
import { formatBytes } from "../../topology/format";
import type { Order } from "../../topology/rollout/order";
import { replaceSynced } from "../disk";
import { hashAlong, hashOf, linkable } from "../linkable";
import { DeviceError } from "../spec";
import { verifyManifest } from "../verify";
import { verifiedOrder, WANT_BYTES } from "./order";
import { Installed, Pulled, SEEN } from "./places";

/** A manifest names some twenty files. */
const MANIFEST_BYTES = 1024 ** 2;
/** What must be free beside the release itself. */
const SPARE_BYTES = 2 * 1024 ** 2;
const SPARE_INODES = 64;
/** A device that was ready so long ago may have lost its link since, by no fault of the release. */
const FRESH_MS = 10 * 60_000;

/**
 * Makes a release of what the device program has pulled, as root, of whom nobody but this program may ask it: the folder is
 * another account's, so everything is copied first and judged then, by the key and the name that are installed.
 *
 * @param storeDir `store_dir` of the server
 * @param base `/opt/leafline`
 * @param out folder that becomes the release; not there yet
 * @returns what `switch` is to do: `install ID RELEASE ORDER SECONDS LINK`, `back …` the same, or `done STATE ID RELEASE ORDER REASON`
 * @throws DeviceError for an order that cannot be trusted, or that was carried out already
 */
export function takeRelease(storeDir: string, base: string, out: string, now = Date.now()): string {
	const pulled = new Pulled(storeDir);
	const releases = new Installed(base);
	const key = releases.text(path.basename(INSTALLED.key));
	const device = releases.text("device");
	const order = verifiedOrder(readOther(pulled.want, WANT_BYTES), key, device);
	refuseOlder(releases, order);
	replaceSynced(path.join(base, SEEN), `${order.order}\n`, "take");
	// The device program asks for nothing older either.
	fs.chmodSync(path.join(base, SEEN), 0o644);
	const age = now - (fs.statSync(pulled.ready, { throwIfNoEntry: false })?.mtimeMs ?? 0);
	const how = `${order.order} ${Math.ceil(order.withinMs / 1_000)} ${age < FRESH_MS ? "up" : "down"}`;
	try {
		if (order.action === "back") return back(releases, order, how);
		return `install ${install(pulled, releases, order, { key, device, out })} ${order.release} ${how}`;
	} catch (error) {
		if (!(error instanceof DeviceError) && !isOfTheDisk(error)) throw error;
		return `done refused - ${order.release} ${order.order} ${foreign(messageOf(error), 250)}`;
	}
}

/** Of what somebody has kept of the hub's traffic nothing can be made. */
function refuseOlder(releases: Installed, { order }: Order): void {
	const seen = releases.newestOrder();
	if (order < seen) throw new DeviceError(`the order ${order} is older than ${seen}, which this device has seen`);
	if (releases.outcome()?.order === order) throw new DeviceError(`the order ${order} was carried out already`);
}

/** Leaves a release for the one before, where it is still there. */
function back(releases: Installed, { release, order }: Order, how: string): string {
	const current = releases.inForce() ?? "-";
	if (releaseOf(releases, current) !== release) {
		return `done good ${current} ${releaseOf(releases, current) ?? 0} ${order} release ${release} is not in force`;
	}
	const previous = releases.previous();
	const number = previous === undefined ? undefined : releaseOf(releases, previous);
	if (previous === undefined || number === undefined) throw new DeviceError("the release before is not there any more");
	return `back ${previous} ${number} ${how}`;
}

function releaseOf(releases: Installed, id: string): number | undefined {
	try {
		return (JSON.parse(fs.readFileSync(path.join(releases.folder(id), BUNDLE.manifest), "utf8")) as Manifest).release;
	} catch {
		return undefined;
	}
}

interface Installing {
	readonly key: string;
	readonly device: string;
	readonly out: string;
}

/** @returns its folder in `releases` */
function install(pulled: Pulled, releases: Installed, order: Order, { key, device, out }: Installing): string {
	if (!order.manifest) throw new DeviceError("the order names no manifest");
	const text = readOther(pulled.manifest, Math.min(order.manifest.bytes, MANIFEST_BYTES));
	if (hashOf(text) !== order.manifest.sha256) throw new DeviceError("the manifest is not the one that was ordered");
	const manifest = verifyManifest(text, order.manifest.signature, { key, device });
	refuseUnfit(releases, manifest, order);
	const current = releases.folder(releases.inForce() ?? "-");
	const files = Object.entries(manifest.files);
	// Each is read once: among them are the server and Node.
	const had = new Set(files.filter(([name, entry]) => linkable(path.join(current, name), entry)).map(([name]) => name));
	refuseWithoutRoom(
		releases.base,
		files.filter(([name]) => !had.has(name)),
	);
	for (const [name, entry] of files) {
		const target = path.join(out, name);
		fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
		if (had.has(name)) fs.linkSync(path.join(current, name), target);
		else copyOther(pulled.part(entry.sha256), target, name, entry);
	}
	fs.writeFileSync(path.join(out, BUNDLE.manifest), text);
	fs.writeFileSync(path.join(out, BUNDLE.signature), `${order.manifest.signature}\n`);
	for (const name of SECRETS) keepSecret(path.join(current, name), path.join(out, name));
	for (const name of [BUNDLE.server, BUNDLE.node]) keepLink(path.join(current, name), path.join(out, name));
	return hashOf(text).slice(0, 16);
}

/** @throws DeviceError for what this device does not take, whoever has signed it */
export function refuseUnfit(releases: Installed, manifest: Manifest, order: Order): void {
	if (manifest.release !== order.release) {
		throw new DeviceError(`the order is for release ${order.release}, and the bundle is ${manifest.release}`);
	}
	const installed = Number(releases.text("release") || 0);
	if (manifest.release < installed) {
		throw new DeviceError(`release ${installed} is installed, and this is ${manifest.release}, an older one`);
	}
	const arch = { arm64: "arm64", x64: "amd64" }[process.arch as string];
	if (manifest.arch !== undefined && manifest.arch !== arch) {
		throw new DeviceError(`the bundle is for ${manifest.arch}, and this is ${arch ?? process.arch}`);
	}
}

function refuseWithoutRoom(base: string, files: readonly (readonly [string, FileEntry])[]): void {
	const { bavail, bsize, ffree, files: inodes } = fs.statfsSync(base);
	const needed = files.reduce((sum, [, { bytes }]) => sum + Math.ceil(bytes / bsize) * bsize, SPARE_BYTES);
	if (bavail * bsize < needed) {
		throw new DeviceError(
			`there is no room in ${base}: ${formatBytes(needed)} are needed, ${formatBytes(bavail * bsize)} are free`,
		);
	}
	// Some file systems have no number of them, and say 0.
	if (inodes > 0 && ffree < files.length + SPARE_INODES) {
		throw new DeviceError(
			`there is no room in ${base}: ${files.length + SPARE_INODES} inodes are needed, ${ffree} are free`,
		);
	}
}

/** A file of another account: no link, no pipe, and no more of it than it should have. */
function openOther(file: string): number {
	const open = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
	if (fs.fstatSync(open).isFile()) return open;
	fs.closeSync(open);
	throw new DeviceError(`${file} is no file`);
}

function readOther(file: string, most: number): Buffer {
	const open = openOther(file);
	try {
		const parts: Buffer[] = [];
		hashAlong(open, most, (part) => parts.push(Buffer.from(part)));
		return Buffer.concat(parts);
	} finally {
		fs.closeSync(open);
	}
}

/** @throws DeviceError when it is not what was signed */
function copyOther(file: string, target: string, name: string, { sha256: wanted, bytes }: FileEntry): void {
	const from = openOther(file);
	try {
		const to = fs.openSync(target, "wx", 0o600);
		try {
			const found = hashAlong(from, bytes, (part) => fs.writeSync(to, part));
			if (found !== wanted) throw new DeviceError(`${name} is not what was signed: it was damaged on the way`);
			fs.fchmodSync(to, modeOf(name));
		} finally {
			fs.closeSync(to);
		}
	} finally {
		fs.closeSync(from);
	}
}

function keepSecret(from: string, to: string): void {
	fs.copyFileSync(from, to);
	fs.chmodSync(to, 0o600);
}

/** Where the device has a server or a Node of its own, releases lead there. */
function keepLink(from: string, to: string): void {
	if (fs.existsSync(to) || !fs.lstatSync(from, { throwIfNoEntry: false })?.isSymbolicLink()) return;
	fs.mkdirSync(path.dirname(to), { recursive: true, mode: 0o755 });
	fs.symlinkSync(fs.readlinkSync(from), to);
}

function isOfTheDisk(error: unknown): boolean {
	return error instanceof Error && "syscall" in error;
}
