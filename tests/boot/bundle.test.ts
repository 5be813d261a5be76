import { mkdirSync } from "node:fs";
import type { Server } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import { readBack } from "../../cli/demo/readback";
import { judge } from "../../cli/demo/verdict";
import { readOrigin } from "../../jetstream/origin";
import type { Topology } from "../../topology/model";
import { outputsOf } from "../bundle/outputs";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { hubOf, makeHubStreams, monitoredSequence, planFleet, RIG_OWNER } from "../support/rig";
import { BOOTS_WITHIN_MS, enough, letThrough, openWayIn, program, RUN, write, writeSome } from "./device";
import { blankDisk, copyOnDisk, type Disk, type Machine, makeMachine, rootDisk } from "./machine";
import { layCable, OUTSIDE } from "./network";
import { lossOf, type Writes } from "./writes";

const CLIENT_PORT = 4222;
const LEAF_PORT = 7422;
const MOUNT = "/var/lib/nats";
const SYNC_MS = 250;
const FLEET = `apiVersion: leafline/v1
fleet: machine
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: ${SYNC_MS}ms, clientPort: ${CLIENT_PORT} }
link: { up: 50Mbit/s, rtt: 10ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 50/s, size: 128B, accepts: debug.>, storage: memory, whenFull: drop-oldest, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 1KiB }
groups:
  all: { devices: [edge1], hardware: board }
`;
/**
 * Half a core, of which `keep` takes a hundredth, is less than an emulated processor needs for it: what V8 interprets
 * takes it some fifty times as long.
 */
const KEEP_HAS_TIME = "/etc/systemd/system/leafline-keep.service.d";
const UNITS = ["leafline-server", "leafline-keep"];
const MIB = 1024 ** 2;
/** A source that found no consumer is tried again 10 s to 2 min later (nats-server, `stream.go`). */
const RETRIED_MS = 900_000;

describe("a device that has nothing but its bundle, under systemd in a machine of its own", () => {
	let topology: Topology;
	let bench: Bench;
	let machine: Machine;
	let disks: readonly Disk[] = [];
	let hub: Server | undefined;
	/** What was published so far, and when the power was cut meanwhile. */
	const all: { readonly writes: Writes; readonly cutAt?: number }[] = [];
	const next = () => all.reduce((sum, { writes }) => sum + writes.sent(), 0);

	beforeAll(async () => {
		const image = process.env.LEAFLINE_BOOT_IMAGE;
		if (!image) throw new Error("there is no root image; run: npm run test:boot");
		// An interrupted test runner leaves its workers; with this one, the machine and all servers end.
		process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
		layCable();
		topology = planFleet(FLEET, { hub: { kind: "local" }, leaves: { local: false } });
		bench = await startBench({ topology, names: [OUTSIDE] });
		await makeHubStreams(topology, bench);
		const { keys, ca } = bench;
		const outputs = outputsOf(topology, { keys, ca, urls: [`tls://${OUTSIDE}:${LEAF_PORT}`], owner: RIG_OWNER });
		const extras = ["server", "runtime"] as const;
		await makeBundles(outputs, ["edge1"], bench.path("out"), {
			...{ format: "dir", extras, arch: "amd64", credentials: "together", release: 1, mount: MOUNT },
		});
		const folder = bench.path("machine");
		mkdirSync(folder);
		machine = makeMachine(image, folder, ["cloud-init=disabled"]);
		disks = [
			rootDisk(image, folder),
			blankDisk(folder, "data", 1024 * MIB),
			copyOnDisk(folder, "stick", bench.path("out"), 512 * MIB),
		];
	}, 600_000);
	afterAll(async () => {
		hub?.close();
		await machine?.cut();
		await bench?.close();
	});
	// What the machine said last is the first thing to look at.
	beforeEach(() => {
		onTestFailed(async () => {
			const journal = await machine.run("journalctl -q -b -n 60 --no-pager", 60_000).catch(() => undefined);
			console.error(journal?.output ?? machine.console().split("\n").slice(-60).join("\n"));
		});
	});

	const journal = (since = "-b") => machine.ask(`journalctl -q -o cat ${since} -u leafline-server -u leafline-keep`);
	const active = async () => (await machine.run(`sleep 1; systemctl is-active ${UNITS.join(" ")}`)).code === 0;
	const seconds = (since: number) => Math.round((performance.now() - since) / 1000);

	/** Switches it on behind a power cut: nobody does anything to it. @returns whatever the gate said of the streams */
	async function bootsByItself(): Promise<string> {
		const began = performance.now();
		await machine.on(disks);
		const connection = await program();
		console.log(`  takes a program ${seconds(began)} s after it was switched on`);
		await connection.close();
		await eventually(active, { what: "both units are active", within: BOOTS_WITHIN_MS });
		return journal();
	}

	/** Publishes, and takes the power away meanwhile. */
	async function cutWhilePublishing(): Promise<void> {
		const connection = await program();
		const writes = write(connection, next());
		await enough(writes, 2_000);
		await new Promise((resolve) => setTimeout(resolve, 3_000));
		const cutAt = performance.now();
		await machine.cut();
		writes.stop();
		all.push({ writes, cutAt });
		await connection.close().catch(() => {});
	}

	async function publish(count: number): Promise<void> {
		const connection = await program();
		all.push({ writes: await writeSome(connection, next(), count) });
		await connection.close();
	}

	/** Sequence of the device of the last message that the hub has taken. */
	async function lastTaken(): Promise<number> {
		const last = await monitoredSequence([bench.hubs[0]?.ports.monitor ?? 0], "hub_can");
		const { message } = (await bench.api("hub", "STREAM.MSG.GET.hub_can", { seq: last })) as {
			message: { hdrs: string };
		};
		return readOrigin(message.hdrs)?.seq ?? 0;
	}

	const arrivals = () => {
		const { leafline } = outputsOf(topology, { keys: bench.keys, ca: bench.ca });
		return readBack(leafline, hubOf(bench), new Map([["hub_can", 0]]), RUN);
	};

	/** The last of what was published is at the hub: whatever was before it is too, or never will be. */
	async function lastIsThere(): Promise<void> {
		const last = Math.max(...(all.at(-1)?.writes.acknowledged.keys() ?? []));
		const there = async () => (await arrivals()).some(({ counter }) => counter === last);
		await eventually(there, { what: `number ${last} is at the hub`, within: RETRIED_MS });
	}

	/** Holds what is at the hub against what was acknowledged: nothing is missing but what the plan said of a cut. */
	async function verdict(): Promise<void> {
		const found = await arrivals();
		const kept = new Set(found.map(({ counter }) => counter));
		const said = topology.budgets.buffer.all?.classes.can?.powerCut.ms ?? 0;
		expect(said).toBe(SYNC_MS);
		const acks = new Uint8Array(next());
		let taken = 0;
		for (const { writes, cutAt } of all) {
			for (const number of writes.acknowledged.keys()) acks[number] = 1;
			const loss = lossOf(writes, cutAt ?? performance.now(), kept);
			if (cutAt === undefined) {
				expect(loss.lost, "of what no power cut met").toBe(0);
				continue;
			}
			taken += loss.lost;
			console.log(
				`  power cut: ${loss.acknowledged} acknowledged before, ${loss.lost} lost, the oldest ${loss.oldestMs} ms before ` +
					`the cut (planned ${said} ms; longest silence ${loss.silenceMs} ms)`,
			);
			// As at the hub (power.ts): a sync begins an interval after the last one ended, and takes its time.
			expect(loss.oldestMs).toBeLessThan(2 * said + 500 + loss.silenceMs);
		}
		const { acknowledged, arrived, lost, ...rest } = judge({ edge1: acks }, found).total;
		console.log(`  ${acknowledged} acknowledged, ${arrived} at the hub, ${lost} lost, ${rest.twice} twice`);
		expect({ lost, ...rest }).toEqual({ lost: taken, twice: 0, outOfOrder: 0, strayed: 0 });
	}

	it("is installed with no hub in reach: both units run in their sandbox, and it takes publishes", async () => {
		const began = performance.now();
		await machine.on(disks);
		const running = await machine.ask("sleep 1; uname -r", BOOTS_WITHIN_MS);
		console.log(`  ${running}: first command ${seconds(began)} s after it was switched on`);
		await machine.ask(
			`mke2fs -q -t ext4 -L data $(lsblk -dnpo NAME,SERIAL | awk '$2 == "data" { print $1 }') && mkdir -p ${MOUNT} /stick && ` +
				`echo 'LABEL=data ${MOUNT} ext4 noatime,nofail 0 2' >> /etc/fstab && systemctl daemon-reload && mount ${MOUNT} && ` +
				`mount -o ro $(lsblk -dnpo NAME,SERIAL | awk '$2 == "stick" { print $1 }') /stick`,
		);
		await machine.ask(
			`mkdir -p ${KEEP_HAS_TIME} && printf '[Service]\\nCPUQuota=\\n' > ${KEEP_HAS_TIME}/emulated.conf`,
		);
		const installing = performance.now();
		// On a computer that has hardly any time for it a unit's first start may fail: systemd tries again by itself.
		const { output } = await machine.run("/stick/edge1/install.sh", BOOTS_WITHIN_MS);
		expect(output).toMatch(/^edge1: release 1 \(\w+\) is installed anew$/m);
		console.log(`  install.sh took ${seconds(installing)} s, with server and Node in the bundle`);
		await openWayIn(machine, CLIENT_PORT);
		await eventually(active, { what: "both units are active", within: BOOTS_WITHIN_MS });
		expect(await journal()).toContain("leafline: edge1: made edge1_can, edge1_commands");
		await publish(2_000);
		await eventually(async () => (await journal()).includes("edge1: made edge1_debug in memory"), {
			...{ what: "the stream in memory is made", within: 600_000 },
		});
		expect(await monitoredSequence([bench.hubs[0]?.ports.monitor ?? 0], "hub_can")).toBe(0);
	});

	it("has the sandbox around the running processes that the units say", async () => {
		for (const unit of UNITS) {
			const status = await machine.ask(`cat /proc/$(systemctl show -P MainPID ${unit})/status`);
			const of = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)?.[1];
			const user = await machine.ask("id -u leafline");
			expect({ unit, uid: of("Uid")?.split("\t")[0], caps: of("CapBnd"), seccomp: of("Seccomp") }).toEqual({
				...{ unit, uid: user, caps: "0000000000000000", seccomp: "2" },
			});
			expect(of("NoNewPrivs")).toBe("1");
			const exposed = await machine.ask(`systemd-analyze security --no-pager ${unit} | tail -n 1`);
			console.log(`  ${unit}: ${exposed.trim()}`);
			expect(exposed).toMatch(/exposure level for leafline-\w+\.service: [01]\.\d/);
		}
		const seeds = await machine.ask("sed -n '/^SU/p' /etc/nats/device.creds /etc/nats/leafline.nk");
		const said = await machine.ask(
			"cat /proc/*/cmdline /proc/[0-9]*/environ 2> /dev/null | tr '\\0' '\\n'; journalctl -q",
		);
		expect(seeds.split("\n")).toHaveLength(2);
		for (const seed of seeds.split("\n")) expect(said).not.toContain(seed);
	});

	it("starts nothing without its data disk, writes nothing to the root disk, and goes on with it", async () => {
		// What stands in /etc/fstab systemd mounts for the unit: a disk that is away does not.
		const fstab = (change: string) => `sed -i '/LABEL=data/${change}' /etc/fstab && systemctl daemon-reload`;
		await machine.ask(`systemctl stop ${UNITS.join(" ")} && umount ${MOUNT} && ${fstab("s/^/#/")}`);
		const { code, output } = await machine.run("systemctl start leafline-server");
		expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/Assertion failed/) });
		expect(await machine.ask(`find ${MOUNT} -type f`)).toBe("");
		await machine.ask(`${fstab("s/^#//")} && systemctl start ${UNITS.join(" ")}`, BOOTS_WITHIN_MS);
		await publish(500);
		expect(await journal()).not.toContain("goes on after");
	});

	it("after a power cut while it publishes, with no hub yet: boots by itself and goes on", async () => {
		await cutWhilePublishing();
		expect(await bootsByItself()).toMatch(/edge1_can: came back with \d+, goes on after \d{6,}/);
		await publish(1_000);
	});

	it("once the hub is there, everything is on it, once and in order, but for what the plan said of the cut", async () => {
		const began = performance.now();
		hub = await letThrough(OUTSIDE, LEAF_PORT, bench.hubs[0]?.ports.leaf ?? 0);
		await lastIsThere();
		console.log(`  all at the hub ${seconds(began)} s after the hub was there`);
		await verdict();
	});

	it("a power cut while the hub takes what comes: nothing that is published afterwards is lost", async () => {
		await cutWhilePublishing();
		const taken = await lastTaken();
		const [, back, on] = /edge1_can: came back with (\d+), goes on after (\d+)/.exec(await bootsByItself()) ?? [];
		console.log(`  the hub had taken sequence ${taken}; the device came back with ${back}, and goes on after ${on}`);
		expect(Number(on)).toBeGreaterThan(Math.max(taken, Number(back)));
		await publish(2_000);
		await lastIsThere();
		await verdict();
	});

	it("goes on where it was after an orderly reboot", async () => {
		await machine.shutDown();
		await bootsByItself();
		await publish(500);
		await lastIsThere();
		await verdict();
	});
});
