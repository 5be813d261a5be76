import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import { startPublisher } from "../../cli/demo/publisher";
import { readBack } from "../../cli/demo/readback";
import { encodePayload } from "../../cli/demo/traffic";
import { judge, type Verdict } from "../../cli/demo/verdict";
import { createLink, type Link } from "../../components/links/shaper";
import { edgeStreams } from "../../components/streams/provider/index";
import type { Topology } from "../../topology/model";
import { type Bench, startBench } from "../support/bench";
import { eventually } from "../support/eventually";
import { freePorts } from "../support/ports";
import { hubOf, makeHubStreams, monitoredSequence, planFleet } from "../support/rig";
import { type Installed, installBundle, whyNotInstalled } from "./installed";
import { outputsOf } from "./outputs";

const fleet = (clientPort: number) => `apiVersion: leafline/v1
fleet: offline
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: 250ms, clientPort: ${clientPort} }
link: { up: 50Mbit/s, rtt: 10ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 50/s, size: 128B, accepts: debug.>, storage: memory, whenFull: drop-oldest, hub: { keep: 1h } }
downlink:
  commands: { keep: 1h, size: 1KiB }
groups:
  all: { devices: [edge1], hardware: board }
`;
/** A source that found no consumer is tried again 10 s to 2 min later (nats-server, `stream.go`). */
const RETRIED_MS = 180_000;

const why = whyNotInstalled();

describe.skipIf(why)(`a device that has nothing but its bundle${why ? ` (skipped: ${why})` : ""}`, () => {
	let bench: Bench;
	let topology: Topology;
	let device: Installed;
	let link: Link | undefined;
	let port = 0;
	let linkPort = 0;
	let secrets: string[] = [];
	const out = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-offline-"));

	beforeAll(async () => {
		[port = 0, linkPort = 0] = await freePorts(2);
		topology = planFleet(fleet(port), { hub: { kind: "local" }, leaves: { local: false } });
		bench = await startBench({ topology });
		const outputs = outputsOf(topology, {
			keys: bench.keys,
			ca: bench.ca,
			urls: [`tls://127.0.0.1:${linkPort}`],
			owner: "leafline/test",
		});
		await makeBundles(outputs, ["edge1"], out, { format: "dir", extras: [], credentials: "together", release: 1 });
		secrets = ["device.creds", "leafline.nk"].flatMap(
			(name) => fs.readFileSync(path.join(out, "edge1/etc", name), "utf8").match(/SU[A-Z2-7]{56}/) ?? [],
		);
		device = installBundle(path.join(out, "edge1"));
	}, 240_000);
	afterAll(async () => {
		await device?.close();
		await link?.close();
		await bench?.close();
		fs.rmSync(out, { recursive: true, force: true });
	});

	/** Has messages acknowledged by the device. @returns what became of them at the hub */
	async function publish(run: string, messages: number, to = "can"): Promise<() => Promise<Verdict["total"]>> {
		const payload = (counter: number) => encodePayload(run, "edge1", counter, 128);
		const subject = { can: "vehicle.sensor", debug: "debug.line" }[to] ?? "";
		const publisher = await startPublisher({ port, subject, messages, rate: 1e9, payload });
		await publisher.done;
		await publisher.stop();
		return async () => {
			const outputs = outputsOf(topology, { keys: bench.keys, ca: bench.ca }).leafline;
			return judge({ edge1: publisher.acks }, await readBack(outputs, hubOf(bench), new Map([[`hub_${to}`, 0]]), run))
				.total;
		};
	}

	async function allThere(verdict: () => Promise<Verdict["total"]>, messages: number): Promise<void> {
		await eventually(async () => (await verdict()).arrived >= messages, { what: "all arrive", within: RETRIED_MS });
		expect(await verdict()).toMatchObject({ arrived: messages, lost: 0, twice: 0, outOfOrder: 0, strayed: 0 });
	}

	/** Made behind the start of the server, not before it. */
	async function inMemory(times: number): Promise<void> {
		const made = () => device.log().split("edge1: made edge1_debug in memory\n").length - 1 === times;
		await eventually(made, { what: `streams in memory are made, ${times} times`, within: 30_000 });
	}

	it("takes publishes with no hub there, and all of it arrives once the link is there, without an update", {
		timeout: 300_000,
	}, async () => {
		await makeHubStreams(topology, bench);
		await device.start();
		device.startKeep();
		expect(device.log()).toContain("leafline: edge1: made edge1_can, edge1_commands\n");
		const verdict = await publish("offline", 5_000);
		await inMemory(1);
		const debug = await publish("debug", 500, "debug");
		expect(await monitoredSequence([bench.hubs[0]?.ports.monitor ?? 0], "hub_can")).toBe(0);
		link = await createLink({ listen: linkPort, target: { host: "127.0.0.1", port: bench.hubs[0]?.ports.leaf ?? 0 } });
		await allThere(verdict, 5_000);
		await allThere(debug, 500);
	});

	it("loses nothing that comes after a power cut", { timeout: 300_000 }, async () => {
		device.photograph();
		const taken = await publish("taken", 500);
		await allThere(taken, 500);
		await device.stop();
		device.putBack();
		await device.start();
		expect(device.log()).toMatch(/edge1_can: came back with 5000, goes on after \d{6,}\n/);
		await allThere(await publish("after", 1_000), 1_000);
		await inMemory(2);
		await allThere(await publish("debug-after", 300, "debug"), 300);
	});

	it("is taken over by the update that meets it, and stays as it was", { timeout: 300_000 }, async () => {
		const common = { connection: bench.connection, resourceUrn: "", owner: "leafline/test", allowDataLoss: false };
		const before = await bench.api("edge1", "STREAM.INFO.edge1_can");
		for (const [key, group] of Object.entries(topology.edgeGroups)) {
			const props = { ...common, key, adopt: [], ignorePending: false, ...group };
			const { props: before } = await edgeStreams.read(key, { ...props, pending: {} });
			expect(before?.devices, "nothing to do").toEqual({ edge1: {} });
			const { outs } = await edgeStreams.create(props);
			expect(outs.pending).toEqual({});
		}
		const after = (await bench.api("edge1", "STREAM.INFO.edge1_can")) as typeof before & {
			config: { metadata: object };
		};
		expect(after.created).toBe(before.created);
		expect(after.config.metadata).toMatchObject({ "leafline.owner": "leafline/test" });
		await allThere(await publish("met", 500), 500);
	});

	it("moves nothing after a clean end, and tells no secret to processes, logs or other users", {
		timeout: 120_000,
	}, async () => {
		await device.stop("SIGTERM");
		const began = device.log().length;
		await device.start();
		expect(device.log().slice(began)).not.toMatch(/leafline: edge1/);
		expect(secrets).toHaveLength(2);
		const said = [device.log(), ...device.processes()].join("\n");
		for (const secret of secrets) expect(said).not.toContain(secret);
		const open = fs.readdirSync(device.root, { recursive: true, withFileTypes: true }).filter((entry) => {
			const file = path.join(entry.parentPath, entry.name);
			if (!entry.isFile() || file.includes("/usr/") || (fs.statSync(file).mode & 0o044) === 0) return false;
			return secrets.some((secret) => fs.readFileSync(file, "latin1").includes(secret));
		});
		expect(open.map(({ name }) => name)).toEqual([]);
	});
});
