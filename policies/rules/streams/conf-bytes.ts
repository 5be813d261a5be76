import { type Maybe, UNKNOWN } from "../../model";
import { block, type Conf, setting } from "../hub/conf";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * A size of a server's configuration in bytes: a number, or a text such as `100GiB`. The server counts `K`, `M`, … by
 * 1,000, and `KB`, `Ki`, `KiB` by 1,024. `undefined` for anything else.
 */
export function confBytes(value: unknown): number | undefined {
	if (typeof value === "number") {
		return value;
	}
	const [, digits, unit = "", binary] =
		/^(\d+)\s*([kmgtp]?)(b|i|ib)?$/i.exec(typeof value === "string" ? value.trim() : "") ?? [];
	if (digits === undefined) {
		return undefined;
	}
	const power = unit === "" ? 0 : (UNITS[unit.toLowerCase()] ?? 0);
	return Number(digits) * (binary === undefined ? 1000 : 1024) ** power;
}

/** What JetStream may use of a server's disk in bytes; `undefined` where the configuration does not say. */
export function maxFileOf(conf: Conf): Maybe<number | undefined> {
	if (setting(conf, "jetstream") === UNKNOWN) return UNKNOWN;
	const value = setting(block(conf, "jetstream"), "max_file");
	return value === UNKNOWN ? UNKNOWN : confBytes(value);
}
