import * as fs from "node:fs";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import type { Kernel, SyncRate } from "./judge-machine";

/** What this machine's disk and kernel are like. */

/** Long enough for a card to show its pauses, and too short to wear it. */
const MEASURE_MS = 1_500;
const MOST_SYNCS = 500;
/** About a message with its header. */
const BYTES = 512;

/**
 * Writes and syncs a file of its own in the folder, which it takes away again.
 * @throws Error where it cannot
 */
export function measureSyncs(folder: string): SyncRate {
	const file = path.join(folder, `.leafline-doctor-${process.pid}`);
	const open = fs.openSync(file, "wx", 0o600);
	try {
		const block = Buffer.alloc(BYTES, 1);
		const began = performance.now();
		let slowestMs = 0;
		let syncs = 0;
		for (let at = began; at - began < MEASURE_MS && syncs < MOST_SYNCS; syncs++) {
			fs.writeSync(open, block);
			fs.fsyncSync(open);
			const done = performance.now();
			slowestMs = Math.max(slowestMs, done - at);
			at = done;
		}
		return { perSecond: (syncs * 1000) / (performance.now() - began), slowestMs };
	} finally {
		fs.closeSync(open);
		fs.rmSync(file, { force: true });
	}
}

/** Kind of the memory card below a folder, `SD` or `MMC`; undefined of any other disk. */
export function cardKind(folder: string): string | undefined {
	try {
		const { dev } = fs.statSync(folder);
		// As makedev(3) puts them together.
		const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
		const place = fs.realpathSync(`/sys/dev/block/${major}:${minor}`);
		const [disk] = /mmcblk\d+/.exec(place) ?? [];
		return disk === undefined ? undefined : fs.readFileSync(`/sys/block/${disk}/device/type`, "utf8").trim();
	} catch {
		return undefined;
	}
}

/** @param server process of the device's server, if one runs */
export function readKernel(server?: number): Kernel {
	const sysctl = ["vm.dirty_expire_centisecs", "vm.dirty_writeback_centisecs"].flatMap((name) => {
		const value = Number(read(`/proc/sys/${name.replaceAll(".", "/")}`) ?? "none");
		return Number.isFinite(value) ? [[name, value] as const] : [];
	});
	const files = /^Max open files\s+(\d+)/m.exec((server && read(`/proc/${server}/limits`)) || "")?.[1];
	const memory = /^MemTotal:\s+(\d+) kB/m.exec(read("/proc/meminfo") ?? "")?.[1];
	return {
		sysctl: Object.fromEntries(sysctl),
		...(files !== undefined && { openFiles: Number(files) }),
		...(memory !== undefined && { memoryBytes: Number(memory) * 1024 }),
	};
}

/** Bytes of all files below a folder; 0 where there is none. */
export function storedBytes(folder: string): number {
	try {
		let sum = 0;
		for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
			if (!entry.isFile()) continue;
			// The server may take one away meanwhile.
			sum += fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name), { throwIfNoEntry: false })?.size ?? 0;
		}
		return sum;
	} catch {
		return 0;
	}
}

function read(file: string): string | undefined {
	try {
		return fs.readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}
