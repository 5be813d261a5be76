/** Figures as people read them. All pure. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 60000 -> "60,000". */
export function count(value: number): string {
	return Math.round(value)
		.toString()
		.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** How long something has lasted: 21000 -> "0:21", 3 h -> "3:00:00", 4 days -> "4 d". */
export function clock(ms: number): string {
	if (ms >= 2 * DAY) return `${Math.floor(ms / DAY)} d`;
	const seconds = Math.floor(ms / SECOND);
	const two = (n: number) => String(n % 60).padStart(2, "0");
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes}:${two(seconds)}`;
	return `${Math.floor(minutes / 60)}:${two(minutes)}:${two(seconds)}`;
}

/** When something was: "2026-11-26 05:12 UTC". */
export function moment(at: number): string {
	return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** About how long: 14_500_000 -> "4 h". Rounded down, for it says how much time is left. */
export function span(ms: number): string {
	if (ms >= 2 * DAY) return `${count(Math.floor(ms / DAY))} d`;
	if (ms >= 2 * HOUR) return `${Math.floor(ms / HOUR)} h`;
	if (ms >= 2 * MINUTE) return `${Math.floor(ms / MINUTE)} min`;
	return `${Math.floor(Math.max(0, ms) / SECOND)} s`;
}

/** 0.4 s, 12.3 s. */
export function seconds(ms: number): string {
	return `${(Math.max(0, ms) / SECOND).toFixed(1)} s`;
}

/** 0.00123 -> "0.1%". What is there but rounds to nothing is "<0.1%". */
export function percent(fraction: number): string {
	const value = fraction * 100;
	if (value <= 0) return "0%";
	if (value < 0.1) return "<0.1%";
	return value < 10 ? `${Number(value.toFixed(1))}%` : `${Math.floor(value)}%`;
}

/**
 * 3 -> "3 devices", 1 -> "1 device".
 * @param verb of one, and of several: 1, "message", ["waits", "wait"] -> "1 message waits". @default none
 */
export function plural(n: number, noun: string, verb?: readonly [one: string, several: string]): string {
	const does = verb ? ` ${verb[n === 1 ? 0 : 1]}` : "";
	return `${count(n)} ${noun}${n === 1 ? "" : "s"}${does}`;
}

/** What a count of messages does that the hub has not got. */
export const WAIT = ["waits", "wait"] as const;

/** 34_000_000 -> "34 MB". */
export function bytes(value: number): string {
	const units = ["B", "kB", "MB", "GB", "TB", "PB"];
	let rest = value;
	let unit = 0;
	while (rest >= 1000 && unit < units.length - 1) {
		rest /= 1000;
		unit++;
	}
	return `${rest >= 10 || unit === 0 ? Math.round(rest) : Number(rest.toFixed(1))} ${units[unit]}`;
}

/** A line in pieces no wider than a terminal, where it can be broken at spaces; the further ones are indented by four. */
export function wrap(line: string, width = Number.POSITIVE_INFINITY): string[] {
	if (line.length < width) return [line];
	const indent = /^ */.exec(line)?.[0] ?? "";
	const lines: string[] = [];
	let current = "";
	for (const word of line.trimStart().split(" ")) {
		const start = lines.length === 0 ? indent : "    ";
		if (current === "") current = start + word;
		else if (current.length + 1 + word.length < width) current += ` ${word}`;
		else {
			lines.push(current);
			current = `    ${word}`;
		}
	}
	return [...lines, current];
}
