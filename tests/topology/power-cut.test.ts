import fc from "fast-check";
import { expect, test } from "vitest";
import { readCut, writeCut } from "../../topology/cut-note";
import { mostTaken, powerCutLoss } from "../../topology/power-cut";

test("what a power cut took is one sentence, with every class that can have lost something", () => {
	const file = { storage: "file" as const };
	const losses = (sync: number | "always") => ({
		can: powerCutLoss({ sync }, { ...file, rate: 2_000 }, 0),
		alarm: powerCutLoss({ sync }, { ...file, rate: 1 }, 0),
		debug: powerCutLoss({ sync }, { rate: 50, storage: "memory" }, 90_000),
	});
	expect(mostTaken(losses(250))).toBe(
		"at most 500 messages of can (its last 250ms), 1 of alarm (250ms) and 4,500 of debug (1.5m) at the planned rates, plus what came during one sync of its disk",
	);
	expect(mostTaken(losses("always"))).toBe(
		"at most 4,500 messages of debug (its last 1.5m) at the planned rate, plus what came during one sync of its disk",
	);
	const { can, alarm } = losses("always");
	expect(mostTaken({ can, alarm })).toBe("nothing");
	expect(mostTaken({ alarm: losses(250).alarm })).toBe(
		"at most 1 message of alarm (its last 250ms) at the planned rate, plus what came during one sync of its disk",
	);
});

test("a cut is read as it was written", () => {
	// Years of four digits, as clocks have them.
	const time = fc.integer({ min: 0, max: 253_402_300_799_999 });
	fc.assert(
		fc.property(time, fc.option(time, { nil: undefined }), (at, after) => {
			const cut = after === undefined ? { at } : { at, after };
			expect(readCut(writeCut(cut))).toEqual(cut);
		}),
	);
});

test("whatever else a device says of a cut is none", () => {
	for (const text of [undefined, "", "yesterday", "2026-11-26T08:14:11.000Z after", "x".repeat(100_000)]) {
		expect(readCut(text)).toBeUndefined();
	}
	expect(readCut("2026-11-26T08:14:11.000Z after the other one, and so on")).toBeUndefined();
	fc.assert(
		fc.property(fc.string(), (text) => {
			const cut = readCut(text);
			expect(cut === undefined || Number.isFinite(cut.at)).toBe(true);
		}),
	);
});
