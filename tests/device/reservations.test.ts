import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ballastFile, withBallast } from "../../device/ballast";
import { type Reservations, readReservations, reservationsFile, writeReservations } from "../../device/reservations";

const WHOLE: Reservations = {
	version: 1,
	device: "edge1",
	reserved: { edge1_can: { sequence: 262_144, created: "2026-11-25T00:00:00Z" } },
	sealed: { edge1_can: "abc" },
};

describe("what is written down of a device's sequences", () => {
	let store: string;
	beforeEach(() => {
		store = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-reserved-"));
	});
	afterEach(() => fs.rmSync(store, { recursive: true, force: true }));

	const put = (text: string) => {
		fs.mkdirSync(path.dirname(reservationsFile(store)), { recursive: true });
		fs.writeFileSync(reservationsFile(store), text);
	};

	it("is read as it was written, and nothing is there at first", () => {
		expect(readReservations(store, "edge1")).toBeUndefined();
		writeReservations(store, WHOLE, "keep");
		expect(readReservations(store, "edge1")).toEqual(WHOLE);
		expect(fs.readdirSync(path.dirname(reservationsFile(store)))).toEqual(["ballast", "reserved.json"]);
	});

	const text = JSON.stringify(WHOLE);
	it.each([
		["empty", "", /reserved\.json is empty, so nobody knows which sequences of edge1 were used/],
		["only blanks", "\n \n", /is empty/],
		["truncated", text.slice(0, 60), /is damaged, so nobody knows/],
		["of zeros", "\0".repeat(200), /is damaged/],
		["of another version", text.replace('"version":1', '"version":2'), /is damaged/],
		["without marks", JSON.stringify({ ...WHOLE, reserved: undefined }), /is damaged/],
		["with a mark that is none", text.replace("262144", "-0.5"), /is damaged/],
		[
			"of another device",
			text.replace('"edge1"', '"edge2"'),
			/is of device edge2, not of edge1: this store is another's/,
		],
	])("is refused when it is %s, with the way out", (_what, content, message) => {
		put(content);
		expect(() => readReservations(store, "edge1")).toThrow(message);
		expect(() => readReservations(store, "edge1")).toThrow(/take the store away to begin anew, or, .* this file alone/);
	});

	it("is written on the ballast when there is no other room, and the ballast is there again afterwards", () => {
		const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
		const file = ballastFile(store);
		let tries = 0;
		const write = () => {
			tries++;
			if (fs.existsSync(file)) throw full;
		};
		withBallast(store, write);
		expect([tries, fs.existsSync(file)]).toEqual([1, false]);

		writeReservations(store, WHOLE, "keep");
		withBallast(store, write);
		expect([tries, fs.statSync(file).size]).toEqual([3, 16 << 10]);
	});

	it("leaves the ballast alone when something else is wrong, and says what is when there is none", () => {
		writeReservations(store, WHOLE, "keep");
		const fail = (code: string) => () => {
			throw Object.assign(new Error(code), { code });
		};
		expect(() => withBallast(store, fail("EROFS"))).toThrow("EROFS");
		expect(fs.existsSync(ballastFile(store))).toBe(true);
		expect(() => withBallast(store, fail("ENOSPC"))).toThrow("ENOSPC");
		expect(() => withBallast(store, fail("ENOSPC"))).toThrow("ENOSPC");
	});

	it("is refused when it cannot be written", () => {
		fs.writeFileSync(path.dirname(reservationsFile(store)), "a file where the folder belongs");
		expect(() => writeReservations(store, WHOLE, "keep")).toThrow(/reserved\.json cannot be written: /);
	});
});
