import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	BIT_RATE,
	DURATION,
	formatBitRate,
	formatDuration,
	formatRate,
	formatSize,
	parseUnit,
	RATE,
	SIZE,
	type UnitKind,
} from "../../config/units";

describe("units", () => {
	it.each([
		[DURATION, "250ms", 250],
		[DURATION, "30s", 30_000],
		[DURATION, "30m", 1_800_000],
		[DURATION, "7d", 604_800_000],
		[DURATION, "2w", 1_209_600_000],
		[DURATION, "1h30m", 5_400_000],
		[DURATION, "1.5h", 5_400_000],
		[DURATION, "0.001s", 1],
		[SIZE, "128B", 128],
		[SIZE, "1KiB", 1024],
		[SIZE, "1kB", 1000],
		[SIZE, "1KB", 1000],
		[SIZE, "32GiB", 34_359_738_368],
		[SIZE, "5GB", 5_000_000_000],
		[SIZE, "5 GB", 5_000_000_000],
		[SIZE, "1.5KiB", 1536],
		[RATE, "2000/s", 2000],
		[RATE, "120/min", 2],
		[RATE, "3600/h", 1],
		[RATE, "0.5/s", 0.5],
		[BIT_RATE, "20Mbit/s", 20_000_000],
		[BIT_RATE, "500kbit/s", 500_000],
		[BIT_RATE, "500kB/s", 4_000_000],
		[BIT_RATE, "1Gbit/s", 1_000_000_000],
	] satisfies [UnitKind, string, number][])("%# reads %s", (kind, text, value) => {
		expect(parseUnit(kind, text)).toEqual({ ok: true, value });
	});

	it.each([
		[DURATION, "", '"" is not a duration'],
		[DURATION, "m", '"m" is not a duration'],
		[DURATION, "1h 30m", '"1h 30m" is not a duration'],
		[DURATION, "1h1h", '"1h1h" is not a duration'],
		[DURATION, "-5s", '"-5s" is not a duration'],
		[DURATION, "1e3s", '"1e3s" is not a duration'],
		[SIZE, "1GiB1MiB", '"1GiB1MiB" is not a size'],
		[SIZE, "0.5B", '"0.5B" is no whole number of B'],
		[SIZE, "9999999TiB", '"9999999TiB" is too big'],
		[SIZE, "1constructor", '"1constructor" is not a size'],
		[RATE, "2000/s\n", '"2000/s\\n" is not a rate'],
		[BIT_RATE, Number.NaN, "NaN is not a speed"],
		[BIT_RATE, null, "null is not a speed"],
		[BIT_RATE, true, "true is not a speed"],
	] satisfies [UnitKind, unknown, string][])("%# refuses %s", (kind, input, message) => {
		expect(parseUnit(kind, input)).toMatchObject({ ok: false, message });
	});

	const roundTrips: [string, (value: number) => string, UnitKind, fc.Arbitrary<number>][] = [
		["durations", formatDuration, DURATION, fc.nat({ max: 3_650 * 86_400_000 })],
		["sizes", formatSize, SIZE, fc.oneof(fc.nat({ max: 2 ** 50 }), scaled(1024), scaled(1000))],
		["speeds", formatBitRate, BIT_RATE, fc.oneof(fc.nat({ max: 1e12 }), scaled(1000))],
		["rates", formatRate, RATE, fc.nat({ max: 1e6 })],
		["rates a minute", formatRate, RATE, fc.nat({ max: 1e6 }).map((count) => count / 60)],
		["rates a day", formatRate, RATE, fc.nat({ max: 1e6 }).map((count) => count / 86_400)],
	];
	it.each(roundTrips)("reads back what it writes: %s", (_, format, kind, values) => {
		fc.assert(
			fc.property(values, (value) => {
				expect(parseUnit(kind, format(value))).toEqual({ ok: true, value });
			}),
		);
	});

	it.each([DURATION, SIZE, RATE, BIT_RATE])("never throws, and always says what to do: $name", (kind) => {
		fc.assert(
			fc.property(fc.anything(), (input) => {
				const result = parseUnit(kind, input);
				return result.ok || (result.message !== "" && result.remedy !== "");
			}),
		);
	});

	it.each([DURATION, SIZE, RATE, BIT_RATE])("refuses every number without a unit: $name", (kind) => {
		fc.assert(
			fc.property(fc.nat(), fc.boolean(), (number, quoted) => {
				const result = parseUnit(kind, quoted ? String(number) : number);
				return !result.ok && result.message.endsWith("has no unit") && result.remedy.startsWith(`write ${number}`);
			}),
		);
	});

	it("suggests only what it reads", () => {
		for (const kind of [DURATION, SIZE, RATE, BIT_RATE]) {
			for (const unit of [...Object.values(kind.aliases), ...kind.suggested]) {
				expect(parseUnit(kind, `1${unit}`).ok).toBe(true);
			}
			for (const alias of Object.keys(kind.aliases)) {
				const result = parseUnit(kind, `1${alias}`);
				expect(result.ok ? "" : result.remedy).toBe(`did you mean 1${kind.aliases[alias]}?`);
			}
		}
	});
});

/** Whole numbers of a unit: a property over all numbers would hardly ever meet one. */
function scaled(base: number): fc.Arbitrary<number> {
	return fc
		.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 0, max: 4 }))
		.map(([n, power]) => n * base ** power);
}
