import type { Fleet } from "../config/model";
import { longest } from "./buffer";
import { enoughBits, formatBits, formatDuration, formatRate } from "./format";
import type { LinkBudget, Problem } from "./model";
import { compressionFactor, downWireBytes, wireBytes } from "./sizes";
import { uplinkWindows, windowFor } from "./windows";

/**
 * The second budget: whether a group's link carries its traffic, with room to catch up after an outage.
 */

/** Part of the stated speed that streams get to use: a window of three bandwidth-delay products leaves a quarter idle. */
const USABLE = 0.75;

/** Catching up may take this many outages; with longer ones the next outage comes before the last is made good. */
const MOST_OUTAGES = 10;

/** How long the hub's messages may occupy a device's downlink. */
const DOWN_DELAY_MS = 500;

export function linkBudget(fleet: Fleet, group: string): { budget: LinkBudget; problems: Problem[] } {
	const { link, devices } = fleet.groups[group] ?? {};
	if (link === undefined || devices === undefined) {
		throw new Error(`there is no group ${group}`);
	}
	const device = longest(devices);
	const factor = compressionFactor(link.compression);
	const up = Object.entries(fleet.classes).map(([name, { rate, sizeBytes }]) => ({
		part: "classes",
		name,
		rate,
		bits: rate * wireBytes(device, name, sizeBytes) * 8 * factor,
	}));
	const down = Object.entries(fleet.downlink).map(([name, { rate, sizeBytes }]) => ({
		part: "downlink",
		name,
		rate,
		bits: rate * downWireBytes(device, name, sizeBytes) * 8 * factor,
	}));
	const needed = total(up);
	const available = Math.floor(link.upBitsPerSecond * USABLE);
	const budget: LinkBudget = {
		group,
		neededBitsPerSecond: needed,
		availableBitsPerSecond: available,
		catchUpMs: catchUp(needed, available, link.outageMs),
		windows: { ...uplinkWindows(fleet.classes, link, device), ...downlinkWindows(fleet, group) },
	};
	const check = { group, outageMs: link.outageMs };
	return {
		budget,
		problems: [
			...tooSlow({ ...check, loads: up, speed: link.upBitsPerSecond, direction: "up" }),
			...tooSlow({ ...check, loads: down, speed: link.downBitsPerSecond, direction: "down" }),
		],
	};
}

function downlinkWindows(fleet: Fleet, group: string): Record<string, number> {
	const { link, devices } = fleet.groups[group] ?? {};
	const device = longest(devices ?? []);
	return Object.fromEntries(
		Object.entries(fleet.downlink).map(([name, { sizeBytes }]) => [
			name,
			link ? windowFor(link.downBitsPerSecond, downWireBytes(device, name, sizeBytes), DOWN_DELAY_MS, link) : 0,
		]),
	);
}

/** Time to drain the backlog of an outage while new messages arrive; `Infinity` for never. */
function catchUp(needed: number, available: number, outageMs: number): number {
	return needed >= available ? Number.POSITIVE_INFINITY : Math.ceil((outageMs * needed) / (available - needed));
}

interface Load {
	readonly part: string;
	readonly name: string;
	readonly rate: number;
	readonly bits: number;
}

interface Check {
	readonly group: string;
	readonly outageMs: number;
	readonly loads: readonly Load[];
	readonly speed: number;
	readonly direction: "up" | "down";
}

function tooSlow({ group, outageMs, loads, speed, direction }: Check): Problem[] {
	const needed = total(loads);
	const available = speed * USABLE;
	const time = catchUp(needed, available, outageMs);
	const [first] = loads;
	if (first === undefined || time <= MOST_OUTAGES * outageMs) {
		return [];
	}
	const largest = loads.reduce((a, b) => (b.bits > a.bits ? b : a), first);
	// needed × outage ÷ (available − needed) = MOST_OUTAGES × outage, solved for the speed.
	const enough = Math.ceil((needed * (1 + 1 / MOST_OUTAGES)) / USABLE);
	const verdict = Number.isFinite(time)
		? `would take ${formatDuration(time)} to catch up after an outage of ${formatDuration(outageMs)}`
		: "can never catch up after an outage";
	return [
		{
			document: "fleet",
			path: [largest.part, largest.name, "rate"],
			message:
				`the link of group ${group} ${verdict}: its classes need ${formatBits(needed)} ${direction}, ` +
				`${formatBits(largest.bits)} of it for ${largest.name} at ${formatRate(largest.rate)}, ` +
				`and of its ${formatBits(speed)} streams get ${formatBits(available)}`,
			remedy:
				`lower the rate or size, put several readings into one message, ` +
				`or state a link with ${direction}: ${enoughBits(enough)} or more`,
		},
	];
}

function total(loads: readonly Load[]): number {
	return Math.ceil(loads.reduce((sum, { bits }) => sum + bits, 0));
}
