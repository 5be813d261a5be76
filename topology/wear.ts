import type { Fleet, Hardware } from "../config/model";
import { formatBytes, formatDuration, formatRate } from "./format";
import type { Problem } from "./model";
import { downStoredBytes, edgeStoredBytes } from "./sizes";

/** What a device writes to its disk, at the rates of the fleet file. */
export interface Wear {
	/** Messages, the file system's own journal, and what a sync costs; with room to spare (docs/benchmarks.md, "Wear"). */
	readonly bytesPerSecond: number;
	/** Syncs of all classes. */
	readonly syncsPerSecond: number;
	/** How long a disk of the stated endurance lasts. Absent where none is stated. */
	readonly lastsMs?: number;
}

/**
 * What one sync writes beside the messages: the journal of the file system, and whole pages. On ext4 and xfs 9 to 38 kB
 * were seen with an interval, the more the longer it is, and at most 20 kB with `always` (docs/benchmarks.md, "Wear").
 */
const SYNC_BYTES = 40_000;
const ALWAYS_BYTES = 20_000;
/** Of streams in which nothing happens. */
const IDLE_BYTES_PER_SECOND = 2_000;

/** The file system writes its journal at least so often, whoever syncs (ext4, `commit`). */
const KERNEL_MS = 5_000;

const YEAR_MS = 365 * 86_400_000;

interface Traffic {
	readonly rate: number;
	readonly bytes: number;
}

/** Of the devices of a group. @param device the one with the longest name */
export function wear(fleet: Fleet, hardware: Hardware, device: string): Wear {
	const { sync, enduranceBytes } = hardware;
	const classes = onDisk(fleet, device);
	const every = (ms: number) => sum(classes, ({ rate }) => Math.min(rate, 1000 / ms));
	const syncsPerSecond = sync === "always" ? sum(classes, ({ rate }) => rate) : every(sync);
	const synced = sync === "always" ? syncsPerSecond * ALWAYS_BYTES : every(Math.min(sync, KERNEL_MS)) * SYNC_BYTES;
	const stored = sum(classes, ({ rate, bytes }) => rate * bytes);
	const bytesPerSecond = Math.ceil(IDLE_BYTES_PER_SECOND + stored + synced);
	const lasts = enduranceBytes === undefined ? {} : { lastsMs: Math.floor((enduranceBytes * 1000) / bytesPerSecond) };
	return { bytesPerSecond, syncsPerSecond, ...lasts };
}

/** What a device's disk cannot do, or not for long; and classes that ask for what they do not get. */
export function wearProblems(fleet: Fleet, group: string, planned: Wear): Problem[] {
	const { hardware: name = "" } = fleet.groups[group] ?? {};
	const hardware = fleet.hardware[name];
	if (!hardware) return [];
	return [
		...notSynced(fleet, name, hardware),
		...tooManySyncs(fleet, name, hardware, planned),
		...wornOut(name, hardware, planned),
	];
}

function notSynced(fleet: Fleet, name: string, { sync }: Hardware): Problem[] {
	return Object.entries(fleet.classes).flatMap(([className, { sync: wanted, storage }]): Problem[] => {
		if (wanted === undefined) return [];
		const problem = (message: string, remedy: string): Problem[] => [
			{ document: "fleet", path: ["classes", className, "sync"], message, remedy },
		];
		if (storage === "memory")
			return problem("always, and storage: memory is never on disk", "write storage: file, or leave sync out");
		if (sync === "always") return [];
		return problem(
			`always, but hardware ${name} states ${formatDuration(sync)} for all classes of its devices: a server has one setting`,
			`write sync: always for hardware ${name}, or leave its sync out`,
		);
	});
}

/** Publishers would wait for the disk, and the device would never take what the fleet file says it takes. */
function tooManySyncs(
	fleet: Fleet,
	name: string,
	{ sync, syncsPerSecond: most }: Hardware,
	{ syncsPerSecond }: Wear,
): Problem[] {
	if (sync !== "always" || syncsPerSecond <= most) return [];
	const [asking] = Object.entries(fleet.classes).find(([, it]) => it.sync !== undefined) ?? [];
	const [largest] = Object.entries(fleet.classes)
		.filter(([, { storage }]) => storage === "file")
		.sort(([, a], [, b]) => b.rate - a.rate)[0] ?? [""];
	return [
		{
			document: "fleet",
			path: asking === undefined ? ["hardware", name, "sync"] : ["classes", asking, "sync"],
			message: `always is one sync for each message of all classes: ${formatRate(syncsPerSecond)}, and the disk of hardware ${name} does ${formatRate(most)}`,
			remedy: `put more readings of ${largest} into one message, keep it in memory, or state how many syncs the disk does (hardware.${name}.syncs); without always a power cut may take the last 250ms`,
		},
	];
}

function wornOut(
	name: string,
	{ enduranceBytes = 0 }: Hardware,
	{ lastsMs, bytesPerSecond, syncsPerSecond }: Wear,
): Problem[] {
	if (lastsMs === undefined || lastsMs >= YEAR_MS) return [];
	const year = formatBytes((bytesPerSecond * YEAR_MS) / 1000);
	return [
		{
			document: "fleet",
			path: ["hardware", name, "endurance"],
			message: `${formatBytes(enduranceBytes)} are written in ${formatDuration(lastsMs)}: ${formatBytes(bytesPerSecond)} a second in ${formatRate(syncsPerSecond)} syncs, ${year} a year`,
			remedy:
				"put more readings into one message, let debug classes have storage: memory, lengthen sync, or take a disk that lasts",
		},
	];
}

/** Classes whose messages go to the disk, in both directions. */
function onDisk(fleet: Fleet, device: string): Traffic[] {
	const uplinks = Object.entries(fleet.classes)
		.filter(([, { storage }]) => storage === "file")
		.map(([name, { rate, sizeBytes }]) => ({ rate, bytes: edgeStoredBytes(device, name, sizeBytes) }));
	const downlinks = Object.entries(fleet.downlink).map(([name, { rate, sizeBytes }]) => {
		return { rate, bytes: downStoredBytes(device, name, sizeBytes) };
	});
	return [...uplinks, ...downlinks];
}

function sum(classes: readonly Traffic[], value: (traffic: Traffic) => number): number {
	return classes.reduce((total, each) => total + value(each), 0);
}
