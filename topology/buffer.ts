import type { Fleet, Hardware } from "../config/model";
import { enoughBytes, formatBytes, formatDuration, formatRate } from "./format";
import type { BufferBudget, ClassBuffer, Problem } from "./model";
import { powerCutLoss } from "./power-cut";
import { downStoredBytes, edgeStoredBytes } from "./sizes";
import { hubSyncMs, KEEP_AT_MOST, settlesAfterMs } from "./trim";
import { wear, wearProblems } from "./wear";
import { uplinkWindows } from "./windows";

/**
 * The first budget: what the streams of a device must hold through the longest outage, against the hardware's buffer.
 * `max_file` drops nothing when it is reached, it only refuses, so the streams' own limits must stay below it.
 */

/**
 * Part of the buffer that the classes may take, after what is kept for programs. The rest is for blocks being emptied and
 * indexes; and for streams of the device's own programs, where the fleet file keeps nothing for them.
 */
const USABLE = 0.9;

/** Part that a device needs beyond rate × size × outage, because rates are not exact. */
const HEADROOM = 1.1;

/** No stream is smaller, or a burst of large messages would not fit. */
const SMALLEST = 1024 ** 2;

/** A class of few messages counts with this part when spare room is shared out: alarms come in bursts. */
const SMALLEST_SHARE = 0.05;

const STEP = 1024 ** 2;

interface Need {
	readonly bytes: number;
	/** Part of them for messages that the hub has, and that may not be purged yet. */
	readonly unsaid: number;
	readonly bytesPerMs: number;
	readonly storage: "file" | "memory";
}

/**
 * Limits of every class on the devices of one group, spare room shared out in proportion.
 * @param hubSync how often the hub writes to disk, in ms
 */
export function bufferBudget(
	fleet: Fleet,
	group: string,
	hubSync: number | "always",
): { budget: BufferBudget; problems: Problem[] } {
	const hardware = fleet.hardware[fleet.groups[group]?.hardware ?? ""];
	if (hardware === undefined) {
		throw new Error(`group ${group} has no hardware`);
	}
	const needs = classNeeds(fleet, group, settlesAfterMs(hubSyncMs(hubSync)));
	const problems: Problem[] = [];
	const classes: Record<string, ClassBuffer> = {};
	for (const storage of ["file", "memory"] as const) {
		const part = Object.entries(needs).filter(([, need]) => need.storage === storage);
		const needed = part.reduce((sum, [, { bytes }]) => sum + bytes, 0);
		const usable = usableBytes(hardware, storage);
		if (needed > usable) {
			problems.push(doesNotFit(fleet, group, storage, { part, needed, usable }));
		}
		const shares = shareOut(part, usable - needed, needed);
		for (const [name, { bytes, unsaid, bytesPerMs }] of part) {
			const maxBytes = Math.max(bytes, Math.floor((bytes + (shares[name] ?? 0)) / STEP) * STEP);
			const holdsMs = Math.floor((maxBytes - unsaid) / bytesPerMs);
			const rate = fleet.classes[name]?.rate ?? fleet.downlink[name]?.rate ?? 0;
			classes[name] = { maxBytes, holdsMs, powerCut: powerCutLoss(hardware, { rate, storage }, holdsMs) };
		}
	}
	const planned = wear(fleet, hardware, longest(fleet.groups[group]?.devices ?? []));
	problems.push(...wearProblems(fleet, group, planned));
	const neededBytes = sum(Object.values(needs), "file");
	const availableBytes = usableBytes(hardware, "file");
	return { budget: { group, neededBytes, availableBytes, classes, wear: planned }, problems };
}

function usableBytes({ bufferBytes, programsBytes, memoryBytes }: Hardware, storage: "file" | "memory"): number {
	const whole = storage === "file" ? bufferBytes - programsBytes : memoryBytes;
	return Math.max(0, Math.floor(USABLE * whole));
}

function classNeeds(fleet: Fleet, group: string, settlesMs: number): Record<string, Need> {
	const { link, devices } = fleet.groups[group] ?? { link: undefined, devices: [] };
	const device = longest(devices);
	const windows = link ? uplinkWindows(fleet.classes, link, device) : {};
	const needs: Record<string, Need> = {};
	for (const [name, { rate, sizeBytes, storage, whenFull }] of Object.entries(fleet.classes)) {
		const stored = edgeStoredBytes(device, name, sizeBytes);
		const bytesPerMs = (rate * stored) / 1000;
		// An outage may begin when messages that the hub has take all the room they may, and when a window is not yet
		// acknowledged: the hub does that when one is full, or after a second without a message, and not before. What it
		// has acknowledged last it may not have on its disk, so it has to stay.
		const refuses = whenFull === "refuse";
		const room = refuses ? 1 - KEEP_AT_MOST : 1;
		const unsaid = refuses ? Math.ceil(((windows[name] ?? 0) * stored + bytesPerMs * settlesMs) / room) : 0;
		needs[name] = need(bytesPerMs / room, link?.outageMs ?? 0, storage, unsaid);
	}
	for (const [name, { rate, sizeBytes, keepMs }] of Object.entries(fleet.downlink)) {
		// What the hub sends after an outage, and what the device's own programs have not read yet.
		const bytesPerMs = (rate * downStoredBytes(device, name, sizeBytes)) / 1000;
		needs[name] = need(bytesPerMs, keepMs, "file");
	}
	return needs;
}

/** Spare room in proportion to the need; a class that needs next to nothing is counted with a part of all needs. */
function shareOut(part: readonly [string, Need][], spare: number, needed: number): Record<string, number> {
	const weights = part.map(([name, { bytes }]) => [name, Math.max(bytes, needed * SMALLEST_SHARE)] as const);
	const whole = weights.reduce((total, [, weight]) => total + weight, 0);
	return Object.fromEntries(weights.map(([name, weight]) => [name, (Math.max(0, spare) * weight) / whole]));
}

function need(bytesPerMs: number, ms: number, storage: "file" | "memory", unsaid = 0): Need {
	return { bytes: unsaid + Math.max(SMALLEST, Math.ceil(bytesPerMs * ms * HEADROOM)), unsaid, bytesPerMs, storage };
}

function doesNotFit(
	fleet: Fleet,
	group: string,
	storage: "file" | "memory",
	{ part, needed, usable }: { part: [string, Need][]; needed: number; usable: number },
): Problem {
	const { hardware = "", link } = fleet.groups[group] ?? {};
	const [largest, { bytes }] = part.reduce((a, b) => (b[1].bytes > a[1].bytes ? b : a));
	const uplink = fleet.classes[largest];
	const { rate, sizeBytes } = uplink ?? fleet.downlink[largest] ?? { rate: 0, sizeBytes: 0 };
	const cause = uplink
		? `an outage of ${formatDuration(link?.outageMs ?? 0)}`
		: `a keep of ${formatDuration(fleet.downlink[largest]?.keepMs ?? 0)}`;
	const what = storage === "file" ? "buffer" : "memory";
	const total = formatBytes(totalOf(fleet.hardware[hardware], storage));
	const programs = storage === "file" ? (fleet.hardware[hardware]?.programsBytes ?? 0) : 0;
	const kept = programs > 0 ? ` (${formatBytes(programs)} are kept for programs)` : "";
	const enough = enoughBytes(Math.ceil(needed / USABLE) + programs);
	return {
		document: "fleet",
		path: uplink ? ["classes", largest] : ["downlink", largest],
		message:
			`does not fit: ${formatRate(rate)} of ${formatBytes(sizeBytes)} through ${cause} need ${formatBytes(bytes)} ` +
			`of ${what} on a device of group ${group}; all its classes need ${formatBytes(needed)}, and of the ` +
			`${total} of ${hardware || "its hardware"} streams may take ${formatBytes(usable)}${kept}`,
		remedy:
			storage === "file"
				? `give ${hardware || "the hardware"} a buffer of at least ${enough}, lower the rate or size, or plan for a shorter outage`
				: `give ${hardware || "the hardware"} at least ${enough} of memory, or use storage: file`,
	};
}

function totalOf(hardware: Hardware | undefined, storage: "file" | "memory"): number {
	return (storage === "file" ? hardware?.bufferBytes : hardware?.memoryBytes) ?? 0;
}

function sum(needs: readonly Need[], storage: "file" | "memory"): number {
	return needs.filter((each) => each.storage === storage).reduce((total, { bytes }) => total + bytes, 0);
}

/** The longest name makes the largest messages. */
export function longest(names: readonly string[]): string {
	return names.reduce((a, b) => (b.length > a.length ? b : a), "");
}
