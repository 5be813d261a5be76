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
	/** Other spellings that people try, in lower case, and what they should have written. */
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
	aliases: {
		msec: "ms",
		sec: "s",
		secs: "s",
		second: "s",
		seconds: "s",
		min: "m",
		mins: "m",
		minute: "m",
		minutes: "m",
		hr: "h",
		hour: "h",
		hours: "h",
		day: "d",
		days: "d",
		week: "w",
		weeks: "w",
	},
	suggested: ["s", "m", "h"],
	example: "30m",
	compound: true,
};

/** Bytes. `KB` is 1,000 and `KiB` is 1,024 bytes. */
export const SIZE: UnitKind = {
	name: "a size",
	units: {
		B: 1,
		kB: 1e3,
		KB: 1e3,
		MB: 1e6,
		GB: 1e9,
		TB: 1e12,
		KiB: KI,
		MiB: KI ** 2,
		GiB: KI ** 3,
		TiB: KI ** 4,
	},
	aliases: {
		b: "B",
		byte: "B",
		bytes: "B",
		k: "KiB",
		kb: "KB",
		kib: "KiB",
		ki: "KiB",
		m: "MiB",
		mb: "MB",
		mib: "MiB",
		mi: "MiB",
		g: "GiB",
		gb: "GB",
		gib: "GiB",
		gi: "GiB",
		t: "TiB",
		tb: "TB",
		tib: "TiB",
		ti: "TiB",
	},
	suggested: ["B", "KiB", "MiB"],
	example: "128B",
};

/** Messages a second. */
export const RATE: UnitKind = {
	name: "a rate",
	units: { "/s": 1, "/min": 1 / 60, "/h": 1 / 3600, "/d": 1 / 86_400 },
	aliases: {
		hz: "/s",
		"/sec": "/s",
		"/second": "/s",
		"msg/s": "/s",
		"msgs/s": "/s",
		"/m": "/min",
		"/minute": "/min",
		"/hr": "/h",
		"/hour": "/h",
		"/day": "/d",
	},
	suggested: ["/s"],
	example: "2000/s",
	fractions: true,
};

/** Bits a second. `kB/s` are 8,000 and `kbit/s` are 1,000 of them. */
export const BIT_RATE: UnitKind = {
	name: "a speed",
	units: {
		"bit/s": 1,
		"kbit/s": 1e3,
		"Mbit/s": 1e6,
		"Gbit/s": 1e9,
		"B/s": 8,
		"kB/s": 8e3,
		"MB/s": 8e6,
		"GB/s": 8e9,
	},
	aliases: {
		bps: "bit/s",
		"bits/s": "bit/s",
		kbps: "kbit/s",
		"kb/s": "kbit/s",
		mbps: "Mbit/s",
		"mb/s": "Mbit/s",
		"mbit/s": "Mbit/s",
		gbps: "Gbit/s",
		"gb/s": "Gbit/s",
		"gbit/s": "Gbit/s",
		kbit: "kbit/s",
		mbit: "Mbit/s",
		gbit: "Gbit/s",
		m: "Mbit/s",
		k: "kbit/s",
		g: "Gbit/s",
	},
	suggested: ["kbit/s", "Mbit/s"],
	example: "20Mbit/s",
};

const PART = /^(\d+(?:\.\d+)?) ?([A-Za-z/]+)/;

/**
 * Reads a number with its unit.
 * @param input as YAML gave it; only a string can be right
 */
export function parseUnit(kind: UnitKind, input: unknown): Result<number> {
	const bare = typeof input === "number" || (typeof input === "string" && /^\d+(\.\d+)?$/.test(input));
	if (bare)
		return wrong(`${show(input)} has no unit`, `write ${oneOf(kind.suggested.map((unit) => `${input}${unit}`))}`);
	if (typeof input !== "string")
		return wrong(`${show(input)} is not ${kind.name}`, `write for example ${kind.example}`);
	let rest = input;
	let value = 0;
	let previous = Number.POSITIVE_INFINITY;
	do {
		const part = PART.exec(rest);
		const scale = part && Object.hasOwn(kind.units, part[2] ?? "") ? kind.units[part[2] ?? ""] : undefined;
		if (!part || scale === undefined || scale >= previous)
			return wrong(`${show(input)} is not ${kind.name}`, remedy(kind, input));
		value += kind.fractions && scale < 1 ? Number(part[1]) / Math.round(1 / scale) : Number(part[1]) * scale;
		previous = scale;
		rest = rest.slice(part[0].length);
	} while (kind.compound && rest !== "");
	if (rest !== "") return wrong(`${show(input)} is not ${kind.name}`, remedy(kind, input));
	const whole = kind.fractions ? value : Math.round(value);
	if (Math.abs(whole - value) > 1e-6)
		return wrong(`${show(input)} is no whole number of ${Object.keys(kind.units)[0]}`, "use a smaller unit");
	if (whole > Number.MAX_SAFE_INTEGER) return wrong(`${show(input)} is too big`, `write for example ${kind.example}`);
	return { ok: true, value: whole };
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

/** A value as messages show it: quoted, without control characters, not longer than a line can take. */
export function show(value: unknown): string {
	if (value === undefined) return "nothing";
	if (Array.isArray(value)) return `a list of ${value.length}`;
	if (typeof value === "object" && value !== null) return "a map";
	const text = typeof value === "string" ? JSON.stringify(value) : String(value);
	return text.length > 64 ? `${text.slice(0, 60)}…"` : text;
}

/** `a`, `a or b`, `a, b or c`. */
export function oneOf(words: readonly string[]): string {
	return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function inBiggestUnit(kind: UnitKind, value: number, units: readonly string[]): string {
	const unit = value === 0 ? undefined : units.find((candidate) => value % (kind.units[candidate] ?? 1) === 0);
	return `${value / (kind.units[unit ?? ""] ?? 1)}${unit ?? units.at(-1)}`;
}

function remedy(kind: UnitKind, input: string): string {
	const tried = /^(\d+(?:\.\d+)?)\s*([A-Za-z/]+)$/.exec(input.trim());
	const spelt =
		tried && Object.hasOwn(kind.aliases, (tried[2] ?? "").toLowerCase())
			? kind.aliases[(tried[2] ?? "").toLowerCase()]
			: undefined;
	if (tried && spelt) return `did you mean ${tried[1]}${spelt}?`;
	return `write a number and ${oneOf(Object.keys(kind.units))}, for example ${kind.example}`;
}

function wrong(message: string, remedyText: string): Result<number> {
	return { ok: false, message, remedy: remedyText };
}
