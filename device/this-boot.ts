import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { type Reservations, writeReservations } from "./reservations";

/*
 * Whether a store is the one that this machine had last, or an image of an earlier time. Nothing in a store can say so.
 * So each time that it is opened or closed it gets another name, its life, which stands in `reserved.json` and in a place
 * that no image of a disk brings back: `/run`, which systemd gives a unit (`RuntimeDirectory=`), or else the temporary
 * folder, with the machine's boot beside it. A store whose life is not known there is of another boot, or older.
 */

/**
 * Writes down what begins a new life of a store, and that this boot knows it.
 * @throws DeviceError as `writeReservations()`
 */
export function beginLife(storeDir: string, reservations: Reservations, writer: "gate" | "seal"): void {
	const life = randomUUID();
	writeReservations(storeDir, { ...reservations, at: new Date().toISOString(), life }, writer);
	try {
		remember(storeDir, life);
	} catch {
		// The next start takes the store for an older one then: that costs sequences, and nothing else.
	}
}

/** Whether a store that is in this life is as this boot of the machine saw it last. */
export function isNewest(storeDir: string, life: string | undefined): boolean {
	try {
		return life !== undefined && readIfThere(fileOf(storeDir)) === line(life);
	} catch {
		return false;
	}
}

function remember(storeDir: string, life: string): void {
	const file = fileOf(storeDir);
	fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
	forgetOtherBoots(path.dirname(file));
	fs.rmSync(file, { force: true });
	fs.writeFileSync(file, line(life), { mode: 0o600, flag: "wx" });
}

/** The temporary folder may be on a disk. */
function forgetOtherBoots(folder: string): void {
	const end = line("");
	for (const name of fs.readdirSync(folder)) {
		const file = path.join(folder, name);
		// Other devices of this machine write theirs at the same time.
		if (!(readIfThere(file) ?? end).endsWith(end)) fs.rmSync(file, { force: true });
	}
}

function readIfThere(file: string): string | undefined {
	try {
		return fs.readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}

/** @throws Error where nobody can say which boot this is, or somebody else's folder is in the way */
function line(life: string): string {
	return `${life} ${process.env.RUNTIME_DIRECTORY ? "run" : bootId()}\n`;
}

/** systemd hides it from units with `ProcSubset=pid`. */
function bootId(): string {
	return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function fileOf(storeDir: string): string {
	const [given] = (process.env.RUNTIME_DIRECTORY ?? "").split(":");
	const folder = given ? path.join(given, "lives") : path.join(tmpdir(), `leafline-lives-${process.getuid?.() ?? 0}`);
	const owner = fs.statSync(folder, { throwIfNoEntry: false })?.uid;
	if (owner !== undefined && owner !== process.getuid?.()) throw new Error(`${folder} is another user's`);
	return path.join(folder, createHash("sha256").update(storeDir).digest("hex").slice(0, 32));
}
