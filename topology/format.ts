/** Numbers with units as the fleet file writes them, rounded for reading. */

/** `1.5 GiB`. */
export function formatBytes(bytes: number): string {
	return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

/** `4.4 Mbit/s`. */
export function formatBits(bitsPerSecond: number): string {
	return scaled(bitsPerSecond, 1000, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
}

/** `30 min`; the two largest units at most. */
export function formatDuration(ms: number): string {
	if (!Number.isFinite(ms)) {
		return "for ever";
	}
	const units: [string, number][] = [
		["d", 86_400_000],
		["h", 3_600_000],
		["min", 60_000],
		["s", 1000],
	];
	const unit = units.find(([, size]) => ms >= size);
	return unit === undefined ? `${Math.round(ms)} ms` : `${decimal(ms / unit[1])} ${unit[0]}`;
}

/** `2,000/s`. */
export function formatRate(perSecond: number): string {
	return `${Math.round(perSecond).toLocaleString("en-US")}/s`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
	let index = 0;
	let rest = value;
	while (rest >= base && index < units.length - 1) {
		rest /= base;
		index++;
	}
	return `${decimal(rest)} ${units[index]}`;
}

function decimal(value: number): string {
	return String(value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
}
