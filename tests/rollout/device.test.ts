import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import { type Publisher, startPublisher } from "../../cli/demo/publisher";
import { readBack } from "../../cli/demo/readback";
import { encodePayload } from "../../cli/demo/traffic";
import { judge } from "../../cli/demo/verdict";
import { bundleSeed } from "../../components/identity/keys";
import { createLink, type Link } from "../../components/links/shaper";
import { stream } from "../../components/streams/provider/index";
import type { Topology } from "../../topology/model";
import type { HaveState } from "../../topology/rollout/have";
import { ROLLOUT_BUCKET, wantKey } from "../../topology/rollout/names";
import { whyNotInstalled } from "../bundle/installed";
import { outputsOf } from "../bundle/outputs";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { hubOf, planFleet } from "../support/rig";
import { makeBuckets, put } from "./hub";
import { type Machine, makeMachine } from "./machine";
import { orderFor } from "./orders";
import { changedBundle, haveOf, publishBundle } from "./publish";

const fleet = (clientPort: number) => `apiVersion: leafline/v1
fleet: rollout
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: 250ms, clientPort: ${clientPort} }
link: { up: 100Mbit/s, rtt: 10ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;
const PROGRAM = "leafline-device.js";
const SERVER = "bin/nats-server";
const why = whyNotInstalled();

describe.skipIf(why)(`a device that pulls its releases${why ? ` (skipped: ${why})` : ""}`, () => {
	let bench: Bench;
	let topology: Topology;
	let machine: Machine;
	let link: Link | undefined;
	let port = 0;
	let seed = "";
	let orders = 0;
	let traffic: Publisher;
	const out = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-rollout-"));
	const bundle = (release: number) => path.join(out, `${release}`, "edge1");
	let program = "";

	beforeAll(async () => {
		const [clientPort = 0, linkPort = 0] = await freePorts(2);
		port = clientPort;
		topology = planFleet(fleet(port), { hub: { kind: "local" }, leaves: { local: false } });
		bench = await startBench({ topology });
		await makeBuckets(bench);
		const common = { connection: bench.connection, resourceUrn: "", owner: "leafline/test", allowDataLoss: false };
		for (const { config: whole, consumers } of Object.values(topology.hubStreams)) {
			const { sources = [], ...config } = whole;
			const byName = Object.fromEntries(sources.map((source) => [source.name, source]));
			await stream.create({ ...common, adopt: false, config, sources: byName, consumers });
		}
		link = await createLink({ listen: linkPort, target: { host: "127.0.0.1", port: bench.hubs[0]?.ports.leaf ?? 0 } });
		const urls = [`tls://127.0.0.1:${linkPort}`];
		const outputs = outputsOf(topology, { keys: bench.keys, ca: bench.ca, urls, owner: "leafline/test" });
		seed = bundleSeed(bench.keys.fleetSecret);
		const make = (release: number, credentials: "together" | "none") =>
			makeBundles(outputs, ["edge1"], path.join(out, `${release}`), {
				format: "dir",
				extras: [],
				credentials,
				release,
			});
		await make(1, "together");
		await make(2, "none");
		program = fs.readFileSync(path.join(bundle(1), PROGRAM), "utf8");
		machine = makeMachine(bundle(1));
		await machine.boot();
		await eventually(async () => (await haveOf(bench, "edge1"))?.release === 1, {
			what: "the device says what it has",
			within: 120_000,
		});
		const payload = (counter: number) => encodePayload("rollout", "edge1", counter, 128);
		traffic = await startPublisher({ port, subject: "vehicle.sensor", messages: 1e9, rate: 50, payload });
	}, 300_000);
	afterAll(async () => {
		await traffic?.stop();
		await machine?.close();
		await link?.close();
		await bench?.close();
		fs.rmSync(out, { recursive: true, force: true });
	});

	/** Orders a release. @returns the order's number */
	async function order(release: number, files: Readonly<Record<string, string>>, withinMs: number): Promise<number> {
		const dir = changedBundle(bundle(2), path.join(out, `changed-${release}`), seed, release, files);
		orders++;
		await publishBundle(bench, dir, orderFor(dir, seed, orders, { withinMs }));
		return orders;
	}

	async function comesTo(number: number, state: HaveState, within = 180_000): Promise<string> {
		let seen = "";
		await eventually(
			async () => {
				const { latest } = (await haveOf(bench, "edge1")) ?? {};
				seen = JSON.stringify(latest);
				return latest?.order === number && latest.state === state;
			},
			{ what: `order ${number} comes to ${state}`, within },
		).catch((error: unknown) => {
			throw new Error(`${error}\nlast said: ${seen}\n${machine.log().slice(-3_000)}`);
		});
		return (await haveOf(bench, "edge1"))?.latest?.reason ?? "";
	}

	const inForce = () => JSON.parse(machine.read("opt/leafline/current/manifest.json")).release as number;

	it.each([
		["whose server does not start", 15_000, { [SERVER]: "#!/bin/sh\nexit 1\n" }, /its server does not run/],
		["whose program crashes", 4_000, { [PROGRAM]: "process.exit(1);\n" }, /nothing was heard of its device program/],
		[
			"whose configuration is refused",
			15_000,
			() => ({ "etc/leaf.conf": `${conf()}\nno_such_thing: {` }),
			/its server does not run/,
		],
		[
			"whose link does not come",
			25_000,
			() => ({ "etc/leaf.conf": conf().replace(/tls:\/\/127.0.0.1:\d+/, "tls://127.0.0.1:1") }),
			/its link to the hub is not up/,
		],
	])("goes back by itself from one %s", { timeout: 300_000 }, async (_, withinMs, files, reason) => {
		const number = await order(10 + orders, typeof files === "function" ? files() : files, withinMs);
		expect(await comesTo(number, "returned")).toMatch(reason);
		expect(inForce()).toBe(1);
		expect(machine.read("opt/leafline/release")).toBe("1");
		expect((await haveOf(bench, "edge1"))?.release).toBe(1);
	});
	const conf = () => fs.readFileSync(path.join(bundle(2), "etc/leaf.conf"), "utf8");

	it("comes up on one of the two when the power is cut in the middle, twice, and to the new one in the end", {
		timeout: 300_000,
	}, async () => {
		const number = await order(30, { [PROGRAM]: `${program}\n// 30\n` }, 120_000);
		await eventually(() => machine.read("opt/leafline/trial") !== "", {
			what: "it is on trial",
			within: 120_000,
		});
		await machine.cutPower();
		await machine.boot();
		expect([1, 30]).toContain(inForce());
		await machine.cutPower();
		await machine.boot();
		expect([1, 30]).toContain(inForce());
		await comesTo(number, "good");
		expect(inForce()).toBe(30);
		expect(machine.read("opt/leafline/release")).toBe("30");
		expect(machine.read("opt/leafline/trial")).toBe("");
		// An order that was carried out is not carried out again, nor an older one.
		await put(bench, ROLLOUT_BUCKET, wantKey("edge1"), orderFor(bundle(1), seed, number - 1));
		await eventually(() => machine.log().includes("is older than one that this device has seen"), {
			what: "the device refuses an older order",
			within: 120_000,
		}).catch((error: unknown) => {
			throw new Error(`${error}\n${machine.log().slice(-3_000)}`);
		});
		expect(inForce()).toBe(30);
	});

	it("has lost nothing of what programs published meanwhile, and has it once and in order", {
		timeout: 300_000,
	}, async () => {
		await traffic.stop();
		const outputs = outputsOf(topology, { keys: bench.keys, ca: bench.ca }).leafline;
		const verdict = async () => {
			const read = await readBack(outputs, hubOf(bench), new Map([["hub_can", 0]]), "rollout");
			return judge({ edge1: traffic.acks }, read).total;
		};
		await eventually(async () => (await verdict()).lost === 0, { what: "all arrive", within: 180_000 });
		expect(await verdict()).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
		expect((await verdict()).arrived).toBeGreaterThan(100);
	});
});
