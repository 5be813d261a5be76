import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseFleet } from "../../config/fleet";
import { plan } from "../../topology/plan";
import { wear } from "../../topology/wear";
import { makeFleet, makeSettings, uplink } from "./fixtures";

const TB = 1e12;
const problemsOf = (changes: Parameters<typeof makeFleet>[0]) => plan(makeFleet(changes), makeSettings()).problems;

describe("what a device writes to its disk", () => {
	const rows = readFileSync("docs/benchmarks.md", "utf8")
		.split("\n")
		.map((line) => line.split("|").map((cell) => cell.trim().replaceAll(",", "")))
		.filter((cells) => /^(10ms|100ms|250ms|1s|1m|always)$/.test(cells[3] ?? "") && /^[13]$/.test(cells[2] ?? ""))
		.flatMap(([, , classes, sync, stored = "", written = ""]) => {
			const seen = written.split(" · ").map((kB) => Number(kB) * 1000);
			const rates = stored.split(" · ").map(Number);
			return rates.map((rate, run) => ({
				classes: Number(classes),
				sync: interval(sync),
				rate,
				seen: seen[run] ?? Number.NaN,
			}));
		});

	it("was measured twice at every rate", () => {
		expect(rows.length).toBeGreaterThanOrEqual(100);
		expect(rows.every(({ rate, seen }) => Number.isFinite(rate) && Number.isFinite(seen))).toBe(true);
	});

	it("is never planned to be less than was seen", () => {
		for (const { classes: many, sync, rate, seen } of rows) {
			const names = Array.from({ length: many }, (_, n) => [`c${n}`, uplink({ rate: rate / many, sizeBytes: 128 })]);
			const fleet = makeFleet({ sync, classes: Object.fromEntries(names) });
			const { board } = fleet.hardware;
			if (!board) throw new Error("no hardware");
			const { bytesPerSecond } = wear(fleet, board, "edge1");
			expect(bytesPerSecond, `${many} at ${sync}, ${rate}/s`).toBeGreaterThanOrEqual(seen);
		}
	});

	it("is an output, with how long a disk lasts where its endurance is stated", () => {
		const classes = { can: uplink({ rate: 2_000 }), debug: uplink({ rate: 9, storage: "memory" }) };
		const { topology } = plan(
			makeFleet({ classes, bufferBytes: 2 ** 34, enduranceBytes: 60 * TB }),
			makeSettings({ hub: { fileBytes: 2 ** 45 } }),
		);
		const { bytesPerSecond = 0, lastsMs, syncsPerSecond } = topology?.budgets.buffer.all?.wear ?? {};
		expect(syncsPerSecond).toBe(4);
		expect(lastsMs).toBe(Math.floor((60 * TB * 1000) / bytesPerSecond));
	});

	it("refuses a disk that does not last a year, with what wears it", () => {
		const [problem, ...others] = problemsOf({ enduranceBytes: TB });
		expect(others).toEqual([]);
		expect(problem).toMatchObject({
			path: ["hardware", "board", "endurance"],
			message: expect.stringMatching(/^931GiB are written in \d+(\.\d)?d: .* a second in 5\/s syncs, .* a year$/),
			remedy: expect.stringMatching(/^put more readings into one message/),
		});
	});
});

describe("a class that may lose nothing", () => {
	const fleetOf = (hardware: string, classes: string) =>
		parseFleet(
			`apiVersion: leafline/v1\nfleet: small\nhardware: { pi: { ${hardware} } }\nclasses: { ${classes} }\ngroups: { all: { devices: "a" } }\n`,
			"x.yaml",
		);
	const ALARM = "alarm: { rate: 1/s, size: 1KiB, whenFull: refuse, sync: always }";
	const CAN = "can: { rate: 100/s, size: 1KiB, whenFull: refuse }";
	const planned = (hardware: string, classes: string) => {
		const { fleet, problems } = fleetOf(hardware, classes);
		return fleet ? plan(fleet, makeSettings()) : { problems, topology: undefined };
	};

	it("has the whole device synced where the hardware says nothing else and its disk can", () => {
		const { topology, problems } = planned("buffer: 8GiB", `${ALARM}, ${CAN}`);
		expect(problems).toEqual([]);
		expect(topology?.fleet.hardware.pi?.sync).toBe("always");
		const { can, alarm } = topology?.budgets.buffer.all?.classes ?? {};
		expect([can?.powerCut, alarm?.powerCut]).toEqual([
			{ ms: 0, messages: 0 },
			{ ms: 0, messages: 0 },
		]);
	});

	it("is refused where the hardware states another interval", () => {
		expect(planned("sync: 250ms, buffer: 8GiB", `${ALARM}, ${CAN}`).problems).toEqual([
			{
				document: "fleet",
				path: ["classes", "alarm", "sync"],
				message: "always, but hardware pi states 250ms for all classes of its devices: a server has one setting",
				remedy: "write sync: always for hardware pi, or leave its sync out",
			},
		]);
	});

	it("is refused where bulk beside it is more than the disk can sync, unless the disk is said to do more", () => {
		const bulk = "can: { rate: 2000/s, size: 128B, whenFull: refuse }";
		const refusal = {
			message: "always is one sync for each message of all classes: 2,001/s, and the disk of hardware pi does 200/s",
			remedy:
				"put more readings of can into one message, keep it in memory, or state how many syncs the disk does (hardware.pi.syncs); without always a power cut may take the last 250ms",
		};
		const settings = makeSettings({ hub: { fileBytes: 2 ** 45 } });
		const problems = (hardware: string, classes: string) => {
			const { fleet } = fleetOf(hardware, classes);
			return fleet && plan(fleet, settings).problems;
		};
		expect(problems("buffer: 8GiB", `${ALARM}, ${bulk}`)).toEqual([
			{ document: "fleet", path: ["classes", "alarm", "sync"], ...refusal },
		]);
		expect(problems("buffer: 8GiB, syncs: 2500/s", `${ALARM}, ${bulk}`)).toEqual([]);
		// The same of a device that is to sync everything without a class that asks for it.
		const { path, message } = problems("buffer: 8GiB, sync: always", bulk)?.[0] ?? {};
		expect(path).toEqual(["hardware", "pi", "sync"]);
		expect(message).toMatch(/2,000\/s, and the disk of hardware pi does 200\/s$/);
	});

	it("is refused in memory", () => {
		const { problems } = planned("buffer: 8GiB", ALARM.replace("refuse", "refuse, storage: memory"));
		expect(problems).toMatchObject([
			{
				path: ["classes", "alarm", "sync"],
				message: "always, and storage: memory is never on disk",
				remedy: "write storage: file, or leave sync out",
			},
		]);
	});

	it("can say nothing but always, for the interval is the hardware's", () => {
		const { problems } = fleetOf("buffer: 8GiB", ALARM.replace("sync: always", "sync: 10ms"));
		expect(problems).toHaveLength(1);
		expect(problems[0]?.path).toEqual(["classes", "alarm", "sync"]);
	});
});

function interval(text = ""): number | "always" {
	const [, number = "", unit = ""] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
	return text === "always" ? text : Number(number) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"];
}
