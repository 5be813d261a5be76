/** Numbers with units, spelled as the fleet file spells them; and names, when they are many. */

const BYTES = { base: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB"] };
const BITS = { base: 1000, units: ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"] };

/** For reading: `1.5GiB`. */
export function formatBytes(bytes: number): string {
	return rounded(bytes, BYTES);
}

/** For reading: `4.4Mbit/s`. */
export function formatBits(bitsPerSecond: number): string {
	return rounded(bitsPerSecond, BITS);
}

/** Rounded up to a whole number of a unit, so that it can be written into the file and is enough: `1093MiB`. */
export function enoughBytes(bytes: number): string {
	return roundedUp(bytes, BYTES);
}

/** As `enoughBytes`, of a link's speed. */
export function enoughBits(bitsPerSecond: number): string {
	return roundedUp(bitsPerSecond, BITS);
}

/** For reading: `30m`, `1.5h`. */
export function formatDuration(ms: number): string {
	const units = [
		["d", 86_400_000],
		["h", 3_600_000],
		["m", 60_000],
		["s", 1000],
	] as const;
	const unit = units.find(([, size]) => ms >= size);
	return unit === undefined ? `${Math.round(ms)}ms` : `${decimal(ms / unit[1])}${unit[0]}`;
}

/** For reading: `2,000/s`. */
export function formatRate(perSecond: number): string {
	return `${decimal(perSecond).replace(/\B(?=(\d{3})+$)/g, ",")}/s`;
}

interface Scale {
	readonly base: number;
	readonly units: readonly string[];
}

function rounded(value: number, { base, units }: Scale): string {
	const index = Math.max(
		0,
		units.findLastIndex((_, i) => value >= base ** i),
	);
	return `${decimal(value / base ** index)}${units[index]}`;
}

/** In the largest unit that does not waste more than a tenth. */
function roundedUp(value: number, { base, units }: Scale): string {
	const index = Math.max(
		0,
		units.findLastIndex((_, i) => Math.ceil(value / base ** i) * base ** i <= value * 1.1),
	);
	return `${Math.ceil(value / base ** index)}${units[index]}`;
}

function decimal(value: number): string {
	return String(value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
}

const NAMES_SHOWN = 5;

/** The first few names in order, and how many more there are. */
export function some(names: readonly string[]): string {
	const shown = [...names].sort().slice(0, NAMES_SHOWN).join(", ");
	return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}
