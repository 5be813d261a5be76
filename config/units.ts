import { oneOf, show } from "./words";

/**
 * Numbers with units, as users write them: durations, sizes, rates of messages, speeds of links. A number without a
 * unit is refused, for nobody can tell whether `30` means seconds or minutes. Parsing never rounds: what is not a whole
 * number of the base unit (milliseconds, bytes, bits a second) is refused as well.
 */

/** What was parsed, or what is wrong with it and what to write instead. */
export type Result<T> =
	| { readonly ok: true; readonly value: T }
	| { readonly ok: false; readonly message: string; readonly remedy: string };

/** One kind of quantity. */
export interface UnitKind {
	/** With its article, for messages: `a duration`. */
	readonly name: string;
	/** Units by their exact spelling, each in base units. */
	readonly units: Readonly<Record<string, number>>;
	/** Other spellings that people try, in lower case unless the case tells, and what they should have written. */
	readonly aliases: Readonly<Record<string, string>>;
	/** Units for a number that has none. */
	readonly suggested: readonly string[];
	readonly example: string;
	/** Several parts in falling order, as in `1h30m`. */
	readonly compound?: boolean;
	/** Only rates are fractions of their base unit. */
	readonly fractions?: boolean;
}

const KI = 1024;
const MINUTE = 60_000;

/** Milliseconds. */
export const DURATION: UnitKind = {
	name: "a duration",
	units: { ms: 1, s: 1000, m: MINUTE, h: 60 * MINUTE, d: 1440 * MINUTE, w: 7 * 1440 * MINUTE },
	aliases: spelt({
		ms: "msec millis",
		s: "sec secs second seconds",
		m: "min mins minute minutes",
		h: "hr hrs hour hours",
		d: "day days",
		w: "week weeks",
	}),
	suggested: ["ms", "s", "m", "h"],
	example: "30m",
	compound: true,
};

/** Bytes. `KB` is 1,000 and `KiB` is 1,024 bytes. */
export const SIZE: UnitKind = {
	name: "a size",
	units: { ...steps("B", 1), KiB: KI, MiB: KI ** 2, GiB: KI ** 3, TiB: KI ** 4, KB: 1e3 },
	aliases: spelt({
		B: "b byte bytes",
		KB: "kb",
		MB: "mb",
		GB: "gb",
		TB: "tb",
		KiB: "k ki kib",
		MiB: "m mi mib",
		GiB: "g gi gib",
		TiB: "t ti tib",
	}),
	suggested: ["B", "KiB", "MiB", "GiB"],
	example: "128B",
};

/** Messages a second. */
export const RATE: UnitKind = {
	name: "a rate",
	units: { "/s": 1, "/min": 1 / 60, "/h": 1 / 3600, "/d": 1 / 86_400 },
	aliases: spelt({
		"/s": "hz /sec /second msg/s msgs/s",
		"/min": "/m /minute msg/min",
		"/h": "/hr /hour",
		"/d": "/day",
	}),
	suggested: ["/s"],
	example: "2000/s",
	fractions: true,
};

/** Bits a second. `kB/s` are 8,000 and `kbit/s` are 1,000 of them. */
export const BIT_RATE: UnitKind = {
	name: "a speed",
	units: { ...steps("bit/s", 1), ...steps("B/s", 8) },
	aliases: spelt({
		"bit/s": "bps bits/s",
		"kbit/s": "kbps kb/s kbit k",
		"Mbit/s": "mbps mb/s mbit m",
		"Gbit/s": "gbps gb/s gbit g",
		"kB/s": "KB/s",
	}),
	suggested: ["kbit/s", "Mbit/s"],
	example: "20Mbit/s",
};

/**
 * Reads a number with its unit.
 * @param input as YAML gave it; only a string can be right
 */
export function parseUnit(kind: UnitKind, input: unknown): Result<number> {
	// A number that is written with zeros more than it needs is a symbol.
	const bare = typeof input === "symbol" ? input.description : input;
	if (isBare(bare)) {
		return wrong(`${show(input)} has no unit`, `write ${oneOf(kind.suggested.map((unit) => `${bare}${unit}`))}`);
	}
	const parts = typeof input === "string" ? splitParts(kind, input) : undefined;
	if (!parts) return wrong(`${show(input)} is not ${kind.name}`, remedy(kind, input));
	const exact = parts.reduce((sum, { number, scale }) => sum + times(number, scale), 0);
	const value = kind.fractions ? exact : Math.round(exact);
	if (Math.abs(value - exact) > 1e-6) {
		return wrong(`${show(input)} is no whole number of ${Object.keys(kind.units)[0]}`, "use a smaller unit");
	}
	if (value > Number.MAX_SAFE_INTEGER) return wrong(`${show(input)} is too big`, `write for example ${kind.example}`);
	return { ok: true, value };
}

/** Milliseconds as `250ms`, `30m` or `1h30m`: exact, so that it reads back as the same number. */
export function formatDuration(ms: number): string {
	if (ms === 0) return "0s";
	let rest = ms;
	let text = "";
	for (const unit of ["d", "h", "m", "s", "ms"]) {
		const scale = DURATION.units[unit] ?? 1;
		const count = Math.floor(rest / scale);
		if (count > 0) text += `${count}${unit}`;
		rest -= count * scale;
	}
	return text;
}

/** Bytes as `32GiB`, `5GB` or `130B`: exact, in the biggest unit that leaves a whole number. */
export function formatSize(bytes: number): string {
	return inBiggestUnit(SIZE, bytes, ["TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "KB", "B"]);
}

/** Bits a second as `20Mbit/s`: exact, in the biggest unit that leaves a whole number. */
export function formatBitRate(bitsPerSecond: number): string {
	return inBiggestUnit(BIT_RATE, bitsPerSecond, ["Gbit/s", "Mbit/s", "kbit/s", "bit/s"]);
}

/** Messages a second as `2000/s`, or `2/min` where that is the whole number. */
export function formatRate(perSecond: number): string {
	for (const [unit, seconds] of [
		["/s", 1],
		["/min", 60],
		["/h", 3600],
		["/d", 86_400],
	] as const) {
		const count = Math.round(perSecond * seconds);
		if (count / seconds === perSecond) return `${count}${unit}`;
	}
	return `${perSecond}/s`;
}

function inBiggestUnit(kind: UnitKind, value: number, units: readonly string[]): string {
	const unit = value === 0 ? undefined : units.find((candidate) => value % (kind.units[candidate] ?? 1) === 0);
	return `${value / (kind.units[unit ?? ""] ?? 1)}${unit ?? units.at(-1)}`;
}

/** `B`, `kB`, `MB`, `GB` and `TB`, or the same of bits. */
function steps(unit: string, scale: number): Record<string, number> {
	return Object.fromEntries(
		["", "k", "M", "G", "T"].map((prefix, index) => [`${prefix}${unit}`, scale * 1000 ** index]),
	);
}

/** Turns right spelling to wrong ones into wrong one to right one. */
function spelt(words: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(words).flatMap(([right, wrongs]) => wrongs.split(" ").map((one) => [one, right])),
	);
}

function isBare(input: unknown): boolean {
	if (typeof input === "number") return Number.isFinite(input) && input >= 0;
	return typeof input === "string" && /^\d+(\.\d+)?$/.test(input);
}

/** `1h30m` in two parts; nothing if it is no quantity, or its parts do not fall. */
function splitParts(kind: UnitKind, input: string): { number: number; scale: number }[] | undefined {
	const parts: { number: number; scale: number }[] = [];
	let rest = input;
	do {
		const part = /^(\d+(?:\.\d+)?) ?([A-Za-z/]+)/.exec(rest);
		const scale = lookUp(kind.units, part?.[2]);
		if (!part || scale === undefined || scale >= (parts.at(-1)?.scale ?? Number.POSITIVE_INFINITY)) return undefined;
		parts.push({ number: Number(part[1]), scale });
		rest = rest.slice(part[0].length);
	} while (kind.compound && rest !== "");
	return rest === "" ? parts : undefined;
}

/** Divides where the unit is a fraction, for 120 × (1 / 60) is not quite 2. */
function times(number: number, scale: number): number {
	return scale < 1 ? number / Math.round(1 / scale) : number * scale;
}

function remedy(kind: UnitKind, input: unknown): string {
	const tried = typeof input === "string" ? /^(\d+(?:\.\d+)?)\s*([A-Za-z/]+)$/.exec(input.trim()) : null;
	const unit = lookUp(kind.aliases, tried?.[2]) ?? lookUp(kind.aliases, tried?.[2]?.toLowerCase());
	if (tried && unit) return `did you mean ${tried[1]}${unit}?`;
	return `write a number and ${oneOf(Object.keys(kind.units))}, for example ${kind.example}`;
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string | undefined): T | undefined {
	return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

function wrong(message: string, remedyText: string): Result<number> {
	return { ok: false, message, remedy: remedyText };
}
