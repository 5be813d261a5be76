import * as fs from "node:fs";
import { connect } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import { type Publisher, startPublisher } from "../../cli/demo/publisher";
import { readBack } from "../../cli/demo/readback";
import { encodePayload } from "../../cli/demo/traffic";
import { judge } from "../../cli/demo/verdict";
import { bundleSeed } from "../../components/identity/keys";
import { publicKey } from "../../components/identity/nkey";
import { createLink, type Link } from "../../components/links/shaper";
import { rolloutOutput } from "../../contract/rollout";
import type { Topology } from "../../topology/model";
import type { HaveState } from "../../topology/rollout/have";
import { nudgeSubject, ROLLOUT_BUCKET, wantKey } from "../../topology/rollout/names";
import { whyNotInstalled } from "../bundle/installed";
import { outputsOf } from "../bundle/outputs";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { hubOf, makeHubStreams, planFleet } from "../support/rig";
import { commandOutputs, rolloutCommand } from "./command";
import { makeBuckets, put } from "./hub";
import { type Machine, makeMachine } from "./machine";
import { orderFor } from "./orders";
import { changedBundle, haveOf, publishBundle } from "./publish";
import { ScriptedDevice } from "./scripted";

const fleet = (clientPort: number, mqtt = "") => `apiVersion: leafline/v1
fleet: rollout
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: 250ms, clientPort: ${clientPort} }
link: { up: 100Mbit/s, rtt: 10ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1, edge2], hardware: board${mqtt} }
`;
const PROGRAM = "leafline-device.js";
const MQTT = "leafline-mqtt.service";
/** A unit that one release has and no other. */
const OWN_UNIT = "leafline-camera.service";
const LONG = 300_000;
const why = whyNotInstalled();

/** `edge1` is installed in a root of its own; `edge2` speaks the contract only, and comes with the second wave. */
describe.skipIf(why)(
	`a device that pulls its releases${why ? ` (skipped: ${why})` : ""}`,
	{ timeout: 2 * LONG },
	() => {
		let bench: Bench;
		let topology: Topology;
		let machine: Machine;
		let other: ScriptedDevice;
		let link: Link | undefined;
		let port = 0;
		let mqttPort = 0;
		let seed = "";
		let traffic: Publisher;
		const out = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-rollout-"));
		const outputsFile = path.join(out, "outputs.json");
		const bundle = (release: number, device = "edge1") => path.join(out, `${release}`, device);

		beforeAll(async () => {
			const [clientPort = 0, linkPort = 0, third = 0] = await freePorts(3);
			port = clientPort;
			mqttPort = third;
			const settings = { hub: { kind: "local" }, leaves: { local: false } } as const;
			topology = planFleet(fleet(port), settings);
			bench = await startBench({ topology });
			await makeBuckets(bench);
			await makeHubStreams(topology, bench);
			link = await createLink({
				listen: linkPort,
				target: { host: "127.0.0.1", port: bench.hubs[0]?.ports.leaf ?? 0 },
			});
			const urls = [`tls://127.0.0.1:${linkPort}`];
			const known = { keys: bench.keys, ca: bench.ca, urls, owner: "leafline/test" };
			seed = bundleSeed(bench.keys.fleetSecret);
			const make = (release: number, names: readonly string[], credentials: "together" | "none") =>
				makeBundles(outputsOf(topology, known), names, path.join(out, `${release}`), {
					format: "dir",
					extras: [],
					credentials,
					release,
				});
			await make(1, ["edge1"], "together");
			await make(2, ["edge1", "edge2"], "none");
			const withMqtt = planFleet(fleet(port, `, mqtt: { port: ${mqttPort} }`), settings);
			const outputs = commandOutputs(bench, outputsOf(withMqtt, known));
			fs.writeFileSync(outputsFile, JSON.stringify(outputs), { mode: 0o600 });
			machine = makeMachine(bundle(1));
			await machine.boot();
			await eventually(async () => (await haveOf(bench, "edge1"))?.release === 1, {
				what: "the device says what it has",
				within: LONG,
			});
			other = new ScriptedDevice(bench, "edge2", publicKey(seed), () => "good");
			await other.come();
			const payload = (counter: number) => encodePayload("rollout", "edge1", counter, 128);
			traffic = await startPublisher({ port, subject: "vehicle.sensor", messages: 1e9, rate: 50, payload });
		}, 2 * LONG);
		afterAll(async () => {
			await traffic?.stop();
			other?.leave();
			await machine?.close();
			await link?.close();
			await bench?.close();
			fs.rmSync(out, { recursive: true, force: true });
		});

		const rollout = (...args: readonly string[]) => rolloutCommand(outputsFile, ...args);

		/** Waits until the device would hear of an order: else it asks when its link comes up, which takes up to 45 s. */
		async function listens(): Promise<void> {
			const url = `http://127.0.0.1:${bench.hubs[0]?.ports.monitor}/leafz?subs=1`;
			const heard = async () => (await (await fetch(url)).text()).includes(nudgeSubject("edge1"));
			await eventually(heard, { what: "the device listens for orders", within: LONG });
		}

		/** A release that is there for one device of a rollout by hand, or in a folder for the command. */
		const changed = (release: number, device: string, files: Readonly<Record<string, string>>) =>
			changedBundle(bundle(2, device), bundle(release, device), seed, release, files);

		/** Orders a release, without the command. @returns the order's number */
		async function order(release: number, files: Readonly<Record<string, string>>, withinMs: number): Promise<number> {
			const number = Date.now();
			const dir = changed(release, "edge1", files);
			await listens();
			await publishBundle(bench, dir, orderFor(dir, seed, number, { withinMs }));
			return number;
		}

		async function until(what: string, seen: () => boolean | Promise<boolean>): Promise<void> {
			await eventually(seen, { what, within: LONG }).catch(async (error: unknown) => {
				const said = JSON.stringify(await haveOf(bench, "edge1"));
				throw new Error(`${error}\nlast said: ${said}\n${machine.log().slice(-3_000)}`);
			});
		}

		const latest = async () => (await haveOf(bench, "edge1"))?.latest;
		/** @returns the reason */
		async function comesTo(release: number, state: HaveState): Promise<string> {
			await until(`release ${release} comes to ${state}`, async () => {
				const it = await latest();
				return it?.release === release && it.state === state;
			});
			return (await latest())?.reason ?? "";
		}

		/** Its time is over once this was seen of it, however long that takes. */
		async function goesBack(release: number, seen: RegExp, reason: RegExp): Promise<void> {
			const before = machine.log().length;
			machine.trialTime("stands");
			await until(`${seen} is seen of release ${release}`, () => {
				const verdict = machine.read("run/leafline-rollout/verdict");
				return seen.test(machine.log().slice(before)) && reason.test(verdict);
			});
			machine.trialTime("over");
			expect(await comesTo(release, "returned")).toMatch(reason);
			machine.trialTime("runs");
			expect(inForce()).toBe(1);
			expect(machine.read("opt/leafline/release")).toBe("1");
			expect((await haveOf(bench, "edge1"))?.release).toBe(1);
		}

		const inForce = () => JSON.parse(machine.read("opt/leafline/current/manifest.json")).release as number;
		const conf = (device = "edge1") => fs.readFileSync(path.join(bundle(2, device), "etc/leaf.conf"), "utf8");
		const unitFile = (name: string) => fs.existsSync(path.join(machine.root, "etc/systemd/system", name));

		it("goes back by itself from one whose program crashes, with the units that only that one had", async () => {
			const camera = "[Service]\nExecStart=/usr/bin/sleep 86400\n[Install]\nWantedBy=multi-user.target\n";
			machine.trialTime("stands");
			await order(10, { [PROGRAM]: "process.exit(1);\n", [`systemd/${OWN_UNIT}`]: camera }, 2_000);
			await until("its unit runs", () => machine.runs(OWN_UNIT));
			machine.trialTime("over");
			expect(await comesTo(10, "returned")).toMatch(/nothing was heard of its device program/);
			machine.trialTime("runs");
			expect(inForce()).toBe(1);
			await until("its unit has ended", () => !machine.runs(OWN_UNIT));
			expect([unitFile(OWN_UNIT), unitFile(`multi-user.target.wants/${OWN_UNIT}`)]).toEqual([false, false]);
		});

		it("goes back by itself from one whose link does not come", async () => {
			const nowhere = conf().replace(/tls:\/\/127.0.0.1:\d+/, "tls://127.0.0.1:1");
			await order(12, { "etc/leaf.conf": nowhere }, 3_000);
			await goesBack(12, /127\.0\.0\.1:1\b.*refused/, /its link to the hub is not up/);
		});

		it("goes back from one whose configuration is refused, and the rollout stops: nobody else is told", async () => {
			for (const device of ["edge1", "edge2"])
				changed(20, device, { "etc/leaf.conf": `${conf(device)}\nno_such_thing: 1\n` });
			await listens();
			const told = other.orders.length;
			const from = ["--from", path.join(out, "20"), "--within", "3m"];
			const command = rollout(
				"start",
				"--release",
				"20",
				"--all",
				"--waves",
				"1,100%",
				"--pause",
				"0s",
				...from,
				"--yes",
			);
			await goesBack(20, /no_such_thing/, /its server does not run/).catch((error: unknown) => {
				throw new Error(`${error}\n${command.text()}`);
			});
			expect(await command.ended, command.text()).toBe(1);
			expect(command.text()).toMatch(/release 20: failed: nobody else is told \(1 failed, and 0 may\), wave 1 of 2/);
			const status = rollout("status", "--json");
			expect(await status.ended).toBe(1);
			const { devices } = rolloutOutput.parse(JSON.parse(status.text()));
			expect(devices.edge1).toMatchObject({ outcome: "failed", state: "returned", release: 1 });
			expect(devices.edge1?.reason).toMatch(/its server does not run/);
			expect(devices.edge2).toMatchObject({ outcome: "untold", release: 1 });
			await other.look();
			expect(other.orders.length).toBe(told);
		});

		it("takes a good one, cut off from power in the middle, twice; then the others have it", async () => {
			await listens();
			const command = rollout("start", "--release", "30", "--all", "--waves", "1,100%", "--pause", "0s", "--yes");
			await until("it is on trial", () => machine.read("opt/leafline/trial") !== "");
			const watch = rollout("status", "--watch");
			for (let cut = 0; cut < 2; cut++) {
				await machine.cutPower();
				await machine.boot();
				expect([1, 30]).toContain(inForce());
			}
			await comesTo(30, "good").catch((error: unknown) => {
				throw new Error(`${error}\n${command.text()}`);
			});
			expect(inForce()).toBe(30);
			expect(machine.read("opt/leafline/release")).toBe("30");
			expect(machine.read("opt/leafline/trial")).toBe("");
			await until("the rollout is over", async () => {
				await other.look();
				return command.child.exitCode !== null;
			});
			expect(await command.ended, command.text()).toBe(0);
			expect(command.text()).toMatch(/release 30: done, wave 2 of 2/);
			expect(other.orders.at(-1)).toMatchObject({ release: 30, action: "install" });
			expect(await watch.ended, watch.text()).toBe(0);
			expect(watch.text()).toMatch(/release 30: under way, wave 1 of 2[\s\S]*release 30: done, wave 2 of 2/);
		});

		/** Whether programs on the device can connect by MQTT. */
		const takesMqtt = () =>
			new Promise<boolean>((resolve) => {
				const socket = connect({ host: "127.0.0.1", port: mqttPort });
				// CONNECT of MQTT 3.1.1, with the name x; CONNACK is 0x20.
				socket.once("connect", () => socket.write(Buffer.from("100d00044d5154540402003c000178", "hex")));
				socket.once("data", (data) => {
					resolve(data[0] === 0x20);
					socket.destroy();
				});
				for (const event of ["error", "close"]) socket.once(event, () => resolve(false));
			});

		it("takes MQTT since that release, which brings it", async () => {
			await until("programs can connect by MQTT", takesMqtt);
			expect(machine.runs(MQTT)).toBe(true);
		});

		it("does not take an order that is older than one it has seen", async () => {
			const { order: newest = 0 } = (await latest()) ?? {};
			await listens();
			await put(bench, ROLLOUT_BUCKET, wantKey("edge1"), orderFor(bundle(1), seed, newest - 1));
			await until("it refuses the older order", () =>
				machine.log().includes(`${newest - 1}, that is older than one that this device has seen`),
			);
			expect(inForce()).toBe(30);
		});

		it("leaves it for the one before when that is ordered, and takes no MQTT then", async () => {
			await listens();
			const command = rollout("back", "--yes");
			expect(await command.ended, command.text()).toBe(0);
			await until("release 1 is in force again, and good", async () => {
				const have = await haveOf(bench, "edge1");
				return have?.release === 1 && have.latest?.state === "good" && have.latest.release !== 30;
			});
			expect(inForce()).toBe(1);
			await until("its bridge has ended", () => !machine.runs(MQTT));
			expect(await takesMqtt()).toBe(false);
		});

		it("has lost nothing of what programs published meanwhile, and has it once and in order", async () => {
			await traffic.stop();
			const outputs = outputsOf(topology, { keys: bench.keys, ca: bench.ca }).leafline;
			const verdict = async () => {
				const read = await readBack(outputs, hubOf(bench), new Map([["hub_can", 0]]), "rollout");
				return judge({ edge1: traffic.acks }, read).total;
			};
			let last: Awaited<ReturnType<typeof verdict>> | undefined;
			const all = async () => {
				last = await verdict();
				return last.lost === 0;
			};
			await eventually(all, { what: "all arrive", within: LONG });
			expect(last).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
			expect(last?.arrived).toBeGreaterThan(100);
		});
	},
);
