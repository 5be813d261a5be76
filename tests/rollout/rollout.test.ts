import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RolloutHub } from "../../cli/rollout/hub";
import { type StartFlags, startOptions } from "../../cli/rollout/options";
import { takeStep } from "../../cli/rollout/run";
import { seenBy } from "../../cli/rollout/seen";
import { start } from "../../cli/rollout/start";
import { back, go, pause, stop } from "../../cli/rollout/steer";
import { rolloutView } from "../../cli/rollout/view";
import { bundleSeed } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import type { StackOutputs } from "../../contract/outputs";
import { type RolloutOutput, rolloutOutput } from "../../contract/rollout";
import { deviceRole } from "../../topology/permissions";
import { plan } from "../../topology/plan";
import type { HaveState } from "../../topology/rollout/have";
import { outputsOf } from "../bundle/outputs";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { makeFleet, makeSettings } from "../topology/fixtures";
import { commandOutputs, rolloutCommand } from "./command";
import { makeBuckets } from "./hub";
import { ScriptedDevice } from "./scripted";

const NAMES = Array.from({ length: 20 }, (_, i) => `truck-${String(i + 1).padStart(2, "0")}`);
/** Releases that are no good: every even one. */
const judge = (release: number): HaveState => (release % 2 === 0 ? "returned" : "good");

/** A rollout at a real hub, to devices that speak the contract over real links. */
describe("a rollout to 20 devices", () => {
	let bench: Bench;
	let outputs: StackOutputs;
	const devices = new Map<string, ScriptedDevice>();
	const said: string[] = [];
	let file = "";

	beforeAll(async () => {
		bench = await startBench({ rules: { role: deviceRole([]) } });
		await makeBuckets(bench);
		const { topology } = plan(makeFleet({ devices: NAMES }), makeSettings({ hub: { kind: "local" } }));
		if (!topology) throw new Error("no topology");
		const { urls, ca } = bench.connection;
		const made = outputsOf(topology, { keys: bench.keys, urls, ca });
		outputs = commandOutputs(bench, made);
		file = bench.path("outputs.json");
		writeFileSync(file, JSON.stringify(outputs), { mode: 0o600 });
		const key = publicKey(bundleSeed(bench.keys.fleetSecret));
		for (const name of NAMES) devices.set(name, new ScriptedDevice(bench, name, key, judge, name === "truck-01"));
	});
	afterAll(async () => {
		for (const device of devices.values()) device.leave();
		rmSync(file, { force: true });
		await bench?.close();
	});

	const device = (name: string): ScriptedDevice => {
		const found = devices.get(name);
		if (!found) throw new Error(name);
		return found;
	};
	/** As another machine would have it, which knows nothing but the hub. */
	const hub = (): RolloutHub => {
		const { control } = bench;
		// What the command itself sees of links is tried with it, below.
		const linked = async () => new Set(NAMES.filter((name) => device(name).isHere));
		return {
			connection: control.hub,
			api: control.api("hub"),
			seen: seenBy(control.hub),
			linked,
			close: async () => {},
		};
	};
	const begin = async (release: number, more: Partial<StartFlags> = {}) => {
		const flags: StartFlags = {
			release: String(release),
			all: true,
			waves: "3,50%,100%",
			threshold: "0",
			pause: "0s",
			within: "1h",
			yes: true,
			...more,
		};
		const it = hub();
		await it.seen.look();
		return start(outputs, it, flags, startOptions(flags), (line) => said.push(line));
	};
	const view = async (): Promise<RolloutOutput> => {
		const it = hub();
		await it.seen.look();
		const found = it.seen.rollout();
		if (!found) throw new Error("no rollout");
		return rolloutOutput.parse(rolloutView(found.plan, found.current, it.seen, await it.linked(), Date.now()));
	};
	/** Operator and devices by turns, until the rollout is in this phase. */
	const until = async (phase: RolloutOutput["phase"], each?: () => Promise<unknown>) => {
		const it = hub();
		await eventually(
			async () => {
				await takeStep(it);
				await each?.();
				await Promise.all([...devices.values()].map((one) => one.look()));
				const found = it.seen.rollout();
				return found?.current.phase === phase;
			},
			{ what: `the rollout is ${phase}`, within: 90_000 },
		);
	};
	const running = (release: number) => NAMES.filter((name) => device(name).runs === release);

	test("finds nobody that has ever asked, and begins nothing", async () => {
		await expect(begin(2)).rejects.toThrow("none of these devices has ever asked for a release");
		for (const one of devices.values()) await one.come();
	});

	test("only shows what it would do, unless told to", async () => {
		said.length = 0;
		expect(await begin(2, { yes: false })).toBe(false);
		expect(said[0]).toBe("release 2 to 20 devices of 1 site, 0 failures tolerated");
		expect(said[1]).toMatch(/^ {2}wave 1: 3 devices: truck-01, truck-02/);
		expect(said.at(-1)).toBe("nothing was done; --yes begins it");
		await expect(view()).rejects.toThrow("no rollout");
	});

	test("of a bad release stops after the first three, which are back; nobody else was told", async () => {
		await begin(2);
		await until("failed");
		const seen = await view();
		expect(seen).toMatchObject({ phase: "failed", wave: 1, reason: "3 failed, and 0 may" });
		expect(seen.counts).toMatchObject({ failed: 3, untold: 17 });
		expect(seen.devices["truck-01"]).toMatchObject({
			release: 1,
			state: "returned",
			reason: "its streams did not come",
		});
		expect(running(1)).toEqual(NAMES);
		expect(NAMES.filter((name) => device(name).orders.length > 0)).toEqual(["truck-01", "truck-02", "truck-03"]);
		// And it stays so, whoever goes on.
		for (let i = 0; i < 3; i++) await takeStep(hub());
		await Promise.all([...devices.values()].map((one) => one.look()));
		expect(NAMES.flatMap((name) => device(name).orders)).toHaveLength(3);
	});

	test("of a good one comes to everybody, wave by wave; the files are those that were signed", async () => {
		await begin(3);
		await expect(begin(5)).rejects.toThrow(/a rollout of release 3 is running: see it through, or end it with/);
		const most: number[] = [];
		await until("done", async () => most.push(running(3).length));
		expect(running(3)).toEqual(NAMES);
		// Three first, and the half before the rest.
		expect([...new Set(most)].filter((n) => ![0, 3, 10, 20].includes(n))).toEqual([]);
		const { files } = device("truck-01");
		expect(files["etc/leaf.conf"]?.toString()).toContain('server_name: "truck-01"');
		expect(files["leafline-device.js"]?.length).toBeGreaterThan(100_000);
		expect(Object.keys(files)).not.toContain("etc/device.creds");
	});

	test("takes no release that is not above all that devices have", async () => {
		await expect(begin(3)).rejects.toThrow(/truck-01.* has release 3 or a later one: say --release 4/);
	});

	test("waits where it is told to, and goes on from another machine", async () => {
		await begin(5, { approve: true, waves: "1" });
		await until("asking");
		for (let i = 0; i < 3; i++) await takeStep(hub());
		expect(running(5)).toEqual([]);
		const one = hub();
		await one.seen.look();
		await go(one);
		await until("asking");
		expect(running(5)).toEqual(["truck-01"]);
		const other = hub();
		await other.seen.look();
		await go(other);
		await pause(other, () => {});
		for (let i = 0; i < 3; i++) await takeStep(hub());
		await Promise.all([...devices.values()].map((it) => it.look()));
		expect(running(5)).toEqual(["truck-01"]);
		await go(other);
		await until("done");
		expect(running(5)).toEqual(NAMES);
	});

	test("to whom has been away through three of them comes in one go; the others do not wait", async () => {
		device("truck-20").leave();
		for (const release of [7, 9, 11]) {
			await begin(release, { waves: "100%" });
			await until("done");
			expect(running(release)).toEqual(NAMES.slice(0, -1));
		}
		const before = device("truck-20").orders.length;
		// After the last wave its order waits for it, whoever has the command.
		await takeStep(hub());
		await takeStep(hub());
		await device("truck-20").come();
		await device("truck-20").look();
		expect(device("truck-20").runs).toBe(11);
		expect(device("truck-20").orders.length).toBe(before + 1);
	});

	test("is stopped: who has not begun does not begin; taken back: who has it leaves it", async () => {
		await begin(13, { waves: "2" });
		const it = hub();
		await takeStep(it);
		await takeStep(it);
		await device("truck-01").look();
		await it.seen.look();
		await stop(it, () => {});
		await takeStep(it);
		await Promise.all([...devices.values()].map((one) => one.look()));
		expect(running(13)).toEqual(["truck-01"]);
		await it.seen.look();
		await back(outputs, it, () => {});
		await Promise.all([...devices.values()].map((one) => one.look()));
		expect(running(11)).toEqual(NAMES);
		expect((await view()).phase).toBe("back");
		await expect(go(it)).rejects.toThrow("is over (back)");
	});

	test("begun by two at once is begun by one", async () => {
		const all = await Promise.allSettled([begin(15), begin(15)]);
		expect(all.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		const [lost] = all.filter((it) => it.status === "rejected");
		expect(String(lost?.reason)).toMatch(/somebody else begins a rollout|a rollout of release 15 is/);
		const it = hub();
		await it.seen.look();
		await stop(it, () => {});
	});

	test("by the command itself, killed in the middle and gone on with", async () => {
		const leafline = (...args: string[]) => rolloutCommand(file, ...args);
		const first = leafline("start", "--release", "17", "--all", "--waves", "3,50%,100%", "--pause", "0s", "--yes");
		const looks = async () => Promise.all([...devices.values()].map((one) => one.look()));
		await eventually(
			async () => {
				await looks();
				return running(17).length >= 3;
			},
			{ what: "the first wave has it", within: 90_000 },
		);
		first.child.kill("SIGKILL");
		await first.ended;
		const second = leafline("go");
		await eventually(
			async () => {
				await looks();
				return second.child.exitCode !== null;
			},
			{ what: "the rollout ends", within: 90_000 },
		);
		expect(second.text()).toMatch(/release 17: done, wave 3 of 3/);
		expect(await second.ended).toBe(0);
		expect(running(17)).toEqual(NAMES);
		const status = leafline("status", "--json");
		expect(await status.ended).toBe(0);
		expect(rolloutOutput.parse(JSON.parse(status.text())).counts).toMatchObject({ good: 20 });
		const none = leafline("start", "--release", "17", "--all", "--waves", "10%,5x", "--yes");
		expect(await none.ended).toBe(1);
		expect(none.text()).toContain("--waves 10%,5x is no list of sizes");
	});
});
