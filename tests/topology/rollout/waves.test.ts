import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Current, currentValue, isOver, readCurrent } from "../../../topology/rollout/current";
import type { DeviceView } from "../../../topology/rollout/outcome";
import { type Plan, planValue, readPlan, type WaveSize, waveSizes, wavesOf } from "../../../topology/rollout/plan";
import { outcomesOf, step } from "../../../topology/rollout/step";

const sites = fc
	.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/), { minLength: 1, maxLength: 30 })
	.chain((names) =>
		fc.array(fc.nat({ max: 3 }), { minLength: names.length, maxLength: names.length }).map((of) => {
			const all: Record<string, string[]> = {};
			for (const [i, name] of names.entries()) all[`site${of[i]}`] = [...(all[`site${of[i]}`] ?? []), name];
			return all;
		}),
	);
const sizes: fc.Arbitrary<WaveSize[]> = fc.array(
	fc.oneof(
		fc.integer({ min: 1, max: 40 }).map((devices) => ({ devices })),
		fc.integer({ min: 1, max: 100 }).map((percent) => ({ percent })),
	),
	{ maxLength: 4 },
);

describe("waves", () => {
	test("everybody is in one and in no other, and they hold what their sizes say", () => {
		fc.assert(
			fc.property(sites, sizes, (sites, sizes) => {
				const waves = wavesOf(sites, sizes);
				const all = Object.values(sites).flat();
				expect(waves.flat().sort()).toEqual([...all].sort());
				expect(waves.every((wave) => wave.length > 0)).toBe(true);
				const [first] = sizes;
				const wanted = first && ("devices" in first ? first.devices : Math.ceil((all.length * first.percent) / 100));
				if (wanted !== undefined) expect(waves[0]).toHaveLength(Math.min(all.length, wanted));
			}),
		);
	});

	test("take of each site in turn, whatever order devices are named in", () => {
		const a = wavesOf({ north: ["a", "b", "c"], south: ["d"] }, [{ devices: 2 }, { percent: 75 }]);
		expect(a).toEqual([["a", "d"], ["b"], ["c"]]);
		expect(wavesOf({ south: ["d"], north: ["c", "a", "b"] }, [{ devices: 2 }, { percent: 75 }])).toEqual(a);
	});

	test.each([
		["1,10%,100%", [{ devices: 1 }, { percent: 10 }, { percent: 100 }]],
		["3", [{ devices: 3 }]],
		[" 5% , 20 ", [{ percent: 5 }, { devices: 20 }]],
		["", undefined],
		["0", undefined],
		["101%", undefined],
		["1,,2", undefined],
		["-1", undefined],
		["1.5", undefined],
		["all", undefined],
	])("%s", (text, expected) => expect(waveSizes(text)).toEqual(expected));
});

interface Options {
	readonly threshold: number;
	readonly perSite: number | null;
	readonly pauseMs: number;
	readonly approve: boolean;
}

const options: fc.Arbitrary<Options> = fc.record({
	threshold: fc.nat({ max: 2 }),
	perSite: fc.option(fc.integer({ min: 1, max: 3 })),
	pauseMs: fc.constantFrom(0, 5_000),
	approve: fc.boolean(),
});

function planned(sites: Record<string, string[]>, sizes: WaveSize[], { perSite, ...more }: Options): Plan {
	const waves = wavesOf(sites, sizes);
	const fixed = { version: 1, rollout: "r1", release: 2, order: 1, withinMs: 60_000, parts: [] } as const;
	return { ...fixed, waves, sites, ...more, ...(perSite !== null && { perSite }) };
}

const BEGIN: Current = { version: 1, rollout: "r1", phase: "running", held: false, wave: 0, since: 0, telling: [] };

/** A fleet that speaks the contract, and whoever goes on with the rollout, who may be killed between any two writes. */
class World {
	now = 0;
	current = BEGIN;
	readonly told = new Map<string, { at: number }>();
	readonly said = new Map<string, NonNullable<DeviceView["latest"]>>();
	readonly away = new Set<string>();
	readonly tellings: string[] = [];

	constructor(readonly plan: Plan) {}

	view = (device: string): DeviceView => {
		const [told, latest] = [this.told.get(device), this.said.get(device)];
		return { linked: !this.away.has(device), ...(told && { told }), ...(latest && { latest }) };
	};

	/** @param killed before it writes where it stands */
	go(killed = false): void {
		this.now += 1_000;
		const { tell, untell, current } = step(this.plan, this.current, this.view, this.now);
		for (const device of tell) {
			if (this.told.has(device)) continue;
			this.tellings.push(device);
			this.told.set(device, { at: this.now });
		}
		for (const device of untell) this.told.delete(device);
		if (!killed && current) this.current = current;
	}

	act(device: string, what: "fetch" | "good" | "bad" | "leave" | "come"): void {
		if (what === "leave") this.away.add(device);
		if (what === "come") this.away.delete(device);
		const order = { order: this.plan.order, release: this.plan.release };
		if (this.away.has(device)) return;
		const before = this.said.get(device);
		if (what === "fetch" && this.told.has(device) && !before) this.said.set(device, { ...order, state: "pulling" });
		if (before?.state === "pulling" && (what === "good" || what === "bad")) {
			this.said.set(device, { ...order, state: what === "good" ? "good" : "returned" });
		}
	}

	/** Devices that may change over at any moment, by site. */
	busy(): number[] {
		const open = (name: string) => {
			const state = this.said.get(name)?.state;
			return state === "pulling" || (state === undefined && this.told.has(name));
		};
		return Object.values(this.plan.sites).map((site) => site.filter(open).length);
	}

	failures(): number {
		return [...outcomesOf(this.plan, this.view, this.now).values()].filter((it) => it === "failed").length;
	}
}

const events = fc.array(
	fc.record({
		what: fc.constantFrom("fetch", "good", "good", "bad", "leave", "come", "go", "go", "killed", "pause", "resume"),
		who: fc.nat({ max: 29 }),
	}),
	{ maxLength: 200 },
);

describe("a rollout", () => {
	test("tells nobody twice or too many of a site, and nobody after a failure too many, whatever devices and operators do", () => {
		fc.assert(
			fc.property(sites, sizes, options, events, (sites, sizes, more, events) => {
				const world = new World(planned(sites, sizes, more));
				const all = world.plan.waves.flat();
				for (const { what, who } of events) {
					const device = all[who % all.length] ?? "";
					const before = {
						tellings: world.tellings.length,
						failures: world.failures(),
						telling: world.current.telling,
					};
					if (what === "pause") world.current = { ...world.current, held: true };
					else if (what === "resume") {
						const asking = world.current.phase === "asking";
						world.current = {
							...world.current,
							held: false,
							...(asking && { phase: "running" as const, since: world.now }),
						};
					} else if (what === "go" || what === "killed") world.go(what === "killed");
					else world.act(device, what);
					const fresh = world.tellings.slice(before.tellings);
					// What was decided before a failure was seen may still be said; nothing is decided after it.
					expect(fresh.every((name) => before.telling.includes(name))).toBe(true);
					const decided = world.current.telling.filter((name) => !before.telling.includes(name));
					if (before.failures > more.threshold || (before.telling.length === 0 && world.current.held))
						expect(decided).toEqual([]);
					if (more.perSite !== null) expect(Math.max(...world.busy())).toBeLessThanOrEqual(more.perSite);
					const open = new Set(world.plan.waves.slice(0, world.current.wave + 1).flat());
					expect(fresh.every((name) => open.has(name))).toBe(true);
				}
			}),
			{ numRuns: 300 },
		);
	});

	test("of a good release comes to everybody, who was away as well, in any number of runs", () => {
		fc.assert(
			fc.property(sites, sizes, options, fc.array(fc.boolean(), { maxLength: 30 }), (sites, sizes, more, away) => {
				const world = new World(planned(sites, sizes, { ...more, threshold: 0 }));
				const all = world.plan.waves.flat();
				for (const [i, name] of all.entries()) if (away[i]) world.act(name, "leave");
				for (let i = 0; i < 60 * all.length; i++) {
					world.go(i % 3 === 0);
					if (world.current.phase === "asking")
						world.current = { ...world.current, phase: "running", since: world.now };
					for (const name of all) world.act(name, i % 2 === 0 ? "fetch" : "good");
					if (i === 20) for (const name of all) world.act(name, "come");
				}
				expect(world.current.phase).toBe("done");
				expect([...outcomesOf(world.plan, world.view, world.now).values()]).toEqual(all.map(() => "good"));
				expect(world.tellings.length).toBe(all.length);
			}),
			{ numRuns: 50 },
		);
	});

	test("that fails takes orders back of whom has not begun, and says why", () => {
		const world = new World(
			planned({ all: ["a", "b", "c", "d"] }, [{ devices: 3 }], {
				threshold: 0,
				perSite: null,
				pauseMs: 0,
				approve: false,
			}),
		);
		world.go();
		world.go();
		expect([...world.told.keys()]).toEqual(["a", "b", "c"]);
		world.act("a", "fetch");
		world.act("b", "fetch");
		world.act("a", "bad");
		world.go();
		expect(world.current).toMatchObject({ phase: "failed", reason: "1 failed, and 0 may" });
		expect([...world.told.keys()]).toEqual(["a", "b"]);
		for (let i = 0; i < 5; i++) world.go();
		expect(world.tellings).toEqual(["a", "b", "c"]);
	});

	test("takes one that neither comes nor goes for failed when its time is up, and one that left before it began for away", () => {
		const world = new World(
			planned({ all: ["a", "b"] }, [], { threshold: 1, perSite: null, pauseMs: 0, approve: false }),
		);
		world.go();
		world.go();
		world.act("a", "fetch");
		world.act("b", "leave");
		world.now += 61_000;
		world.go();
		expect(Object.fromEntries(outcomesOf(world.plan, world.view, world.now))).toEqual({ a: "failed", b: "untold" });
		world.act("b", "come");
		world.go();
		world.go();
		expect(world.told.get("b")?.at).toBe(world.now);
	});
});

test("plan and place come back as they were written", () => {
	fc.assert(
		fc.property(sites, sizes, options, (sites, sizes, more) => {
			const plan = planned(sites, sizes, more);
			expect(readPlan(planValue(plan))).toEqual(plan);
			expect(isOver(readCurrent(currentValue({ ...BEGIN, phase: "failed", reason: "x" })))).toBe(true);
		}),
	);
	expect(readCurrent(currentValue(BEGIN))).toEqual(BEGIN);
});
