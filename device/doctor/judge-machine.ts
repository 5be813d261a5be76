import { type DiskRoom, isFull, type StoreUse, shortage } from "../../topology/disk-room";
import { formatBytes, formatRate } from "../../topology/format";
import { DEVICE_SERVER_FLOOR, deviceServerTrouble } from "../../topology/server-floors";
import { type Finding, fault, good, unknown, warning } from "./finding";

/** Disk and kernel. All pure: what is read and measured comes in. */

/** @param printed by `nats-server --version`; empty where there is none */
export function serverFinding(printed: string): Finding {
	const version = printed.trim().replace(/^nats-server: v?/, "");
	const trouble = deviceServerTrouble(printed);
	const remedy = `install ${DEVICE_SERVER_FLOOR} or later, or make the bundle with --with server`;
	if (version === "") return unknown("server", "no nats-server runs here that could be looked at", remedy);
	return trouble === undefined ? good("server", `nats-server ${version}`) : fault("server", trouble, remedy);
}

/** @param folder of the store, for messages */
export function spaceFindings(folder: string, disk: DiskRoom, use: StoreUse): Finding[] {
	const free = `${formatBytes(disk.freeBytes)} free${disk.files > 0 ? ` and ${disk.freeFiles} inodes` : ""}`;
	const remedy = `make room below ${folder}'s mount point, or a smaller buffer in the fleet file and npm run up`;
	if (isFull(disk)) return [fault("space", `${folder}: the disk is full, ${free}: streams take nothing`, remedy)];
	const short = shortage(disk, use);
	if (short.length === 0) return [good("space", `${folder}: ${free}, enough for all that the streams may hold`)];
	return short.map(({ what, free, needed }) => {
		const figure = (n: number) => (what === "bytes" ? formatBytes(n) : `${n} inodes`);
		return warning(
			"space",
			`${folder}: ${figure(free)} free, and the streams may come to need ${figure(needed)}`,
			remedy,
		);
	});
}

/** Syncs, one after the other, of what a message of a class takes. */
export interface SyncRate {
	readonly perSecond: number;
	readonly slowestMs: number;
}

/** A disk that does what is asked and no more has nothing left when it collects its garbage. */
const MARGIN = 3;

/**
 * @param sync of the server: after each message, or its interval in ms
 * @param rates planned messages a second of each stream in files; undefined where the plan is not at hand
 */
export function syncFinding(
	measured: SyncRate,
	sync: "always" | number,
	rates: readonly (number | undefined)[],
): Finding {
	const known = rates.map((rate = Number.POSITIVE_INFINITY) => rate);
	const most = sync === "always" ? Number.POSITIVE_INFINITY : 1000 / sync;
	const needed = known.reduce((sum, rate) => sum + Math.min(rate, most), 0);
	const does = `${formatRate(Math.floor(measured.perSecond))} syncs, the slowest took ${Math.ceil(measured.slowestMs)} ms`;
	if (!Number.isFinite(needed)) {
		const text = `the disk does ${does}; each message waits for one, so the device takes no more than that`;
		return unknown("sync", text, "compare it with the rates of its classes in the fleet file");
	}
	const asks = `the streams need ${formatRate(Math.ceil(needed))}`;
	const remedy =
		"a faster disk (an SSD, no SD card), fewer messages (pack several into one), or in the fleet file a longer sync";
	if (measured.perSecond < needed) return fault("sync", `the disk does ${does}, and ${asks}: publishers wait`, remedy);
	if (measured.perSecond < needed * MARGIN)
		return warning("sync", `the disk does ${does}, and ${asks}: little is left`, remedy);
	return good("sync", `the disk does ${does}; ${asks}`);
}

/** @param kind of the disk below the store, as the kernel has it; undefined where it does not tell */
export function cardFinding(kind: string | undefined): Finding[] {
	if (kind !== "SD") return [];
	const remedy = "put the store on an SSD or eMMC: cards wear out, and some lose what they said was written";
	return [warning("sync", "the store is on an SD card", remedy)];
}

/** What the bundle's `sysctl` sets (`render/bundle/system.ts`). */
const MOST_CENTISECONDS = 100;

export interface Kernel {
	/** By name; one that cannot be read is absent. */
	readonly sysctl: Readonly<Record<string, number>>;
	/** Open files that the server may have; undefined where none runs, or nobody may look. */
	readonly openFiles?: number;
	readonly memoryBytes?: number;
}

/** Blocks, connections and the server's own; its default on most systems is 1,024. */
const FILES_NEEDED = 4_096;

/** @param needed memory of the server's streams and of the device program, in bytes */
export function kernelFindings({ sysctl, openFiles, memoryBytes }: Kernel, needed: number): Finding[] {
	const late = Object.entries(sysctl).filter(([, value]) => value > MOST_CENTISECONDS);
	const findings: Finding[] = [];
	if (late.length > 0) {
		const names = late.map(([name, value]) => `${name} = ${value}`).join(", ");
		const set = late.map(([name]) => `${name}=${MOST_CENTISECONDS}`).join(" ");
		findings.push(
			warning(
				"kernel",
				`${names}: a power cut soon after a stream was made may take it`,
				`sysctl -w ${set}; the bundle's installer keeps it`,
			),
		);
	}
	if (openFiles !== undefined && openFiles < FILES_NEEDED) {
		const remedy = `LimitNOFILE=${FILES_NEEDED} or more in the server's unit; the bundle's own has it`;
		findings.push(warning("kernel", `the server may have ${openFiles} files open`, remedy));
	}
	if (memoryBytes !== undefined && memoryBytes < needed) {
		const remedy = "hardware with more memory, or less of it for streams in the fleet file";
		findings.push(
			fault("kernel", `${formatBytes(memoryBytes)} of memory, and ${formatBytes(needed)} are promised`, remedy),
		);
	}
	return findings.length > 0
		? findings
		: [good("kernel", "writes soon what nobody syncs; files and memory are enough")];
}
