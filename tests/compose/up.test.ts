import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { makeBundles } from "../../cli/bundle/bundle";
import { makeTrial } from "../../cli/bundle/compose/trial";
import { composeWriter } from "../../cli/bundle/compose/write";
import { type ComposeFile, IMAGES } from "../../render/compose/model";
import { reportScript, serverScript, setupScript } from "../../render/compose/scripts";
import { eventually } from "../support/eventually";
import { type Composition, compose, whyNoContainers } from "./containers";

const FLEET = `apiVersion: leafline/v1
fleet: containers
hardware:
  board: { arch: amd64, buffer: 256MiB, sync: 250ms }
link: { up: 50Mbit/s, rtt: 10ms, outage: 1m }
classes:
  can: { rate: 500/s, size: 128B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  debug: { rate: 50/s, size: 128B, accepts: debug.>, storage: memory, whenFull: drop-oldest, hub: { keep: 1h } }
groups:
  all: { devices: [edge1], hardware: board }
`;
const WITHIN = 120_000;
const onPath = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
const exporter = onPath("prometheus-nats-exporter");
const why = whyNoContainers();

describe.skipIf(why)(`docker-compose.yml, run without containers${why ? ` (skipped: ${why})` : ""}`, () => {
	let dir = "";
	let containers: Composition;
	beforeAll(async () => {
		dir = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-up-"));
		fs.writeFileSync(path.join(dir, "fleet.yaml"), FLEET);
		const trial = await makeTrial(path.join(dir, "fleet.yaml"));
		const around = composeWriter(trial.outputs, ["edge1"], trial);
		const options = { format: "compose", extras: ["server"], credentials: "together", release: 1 } as const;
		await makeBundles(trial.outputs, ["edge1"], dir, options, undefined, around);
		const text = fs.readFileSync(path.join(dir, "docker-compose.yml"), "utf8").replaceAll("$$", "$");
		containers = compose(parse(text) as ComposeFile, dir, {
			[IMAGES.node]: process.execPath,
			[IMAGES.box]: onPath("nats"),
			[IMAGES.exporter]: exporter,
		});
	}, 240_000);
	afterAll(async () => {
		await containers?.close();
		fs.rmSync(dir, { recursive: true, force: true });
	});

	const ask = (service: string, subject: string, ...more: string[]) => {
		const words = ["nats", "--server", "nats://127.0.0.1:4222", "--timeout", "5s", ...more];
		return containers.exec(service, [...words, "request", "--raw", subject, ""]).output;
	};
	const messages = (answer: string) => Number(/"messages":(\d+)/.exec(answer)?.[1] ?? -1);
	const onDevice = () => messages(ask("edge1", "$JS.API.STREAM.INFO.edge1_can"));
	const admin = () => path.join(dir, "_compose/hub/setup/admin.creds");
	const onHub = () => messages(ask("hub", "$ADMIN.hub.API.STREAM.INFO.hub_can", "--creds", admin()));

	/** The load, for a while. @returns how many the device has then */
	async function load(): Promise<number> {
		const before = onDevice();
		await containers.up("edge1_load");
		await eventually(() => onDevice() > before + 300, { what: "the load publishes", within: WITHIN }).catch((error) => {
			throw new Error(`${error.message}: ${containers.log("edge1_load")}`);
		});
		await containers.stop("edge1_load");
		return onDevice();
	}

	it("has a device take its load with no hub there", { timeout: 300_000 }, async () => {
		await containers.up("edge1", "edge1_keep");
		const ready = () => containers.log("edge1").includes("leafline: edge1: made edge1_can\n");
		await eventually(ready, { what: "the streams are made", within: WITHIN });
		const made = () => containers.log("edge1_keep").includes("edge1: made edge1_debug in memory");
		await eventually(made, { what: "the stream in memory is made", within: WITHIN });
		expect(await load()).toBeGreaterThan(300);
		// The client port is on the loopback of the device's network, and on no other's.
		expect(containers.log("edge1")).toContain("Listening for client connections on 127.0.0.1:4222");
	});

	it("has a hub get its streams, and everything of the device, once it is there", { timeout: 300_000 }, async () => {
		const there = onDevice();
		await containers.up("hub", "hub_setup");
		expect(await containers.ended("hub_setup", WITHIN), containers.log("hub_setup")).toBe(0);
		expect(containers.log("hub_setup")).toContain("made by $ADMIN.hub.API.STREAM.CREATE.hub_can");
		await eventually(() => onHub() === there, { what: `${there} messages are at the hub`, within: WITHIN });
		await containers.up("hub_report");
		const said = () => containers.log("hub_report").includes(`hub_can: ${there} messages`);
		await eventually(said, { what: "the report says so", within: WITHIN });
	});

	it("starts a server anew that was killed, behind its gate, and nothing is lost", { timeout: 300_000 }, async () => {
		const [server = 0] = containers.processes("edge1", "nats-server");
		process.kill(server, "SIGKILL");
		const again = () => containers.log("edge1").split("Server is ready").length === 3 && onDevice() > 0;
		await eventually(again, { what: "the server is there again", within: WITHIN });
		expect(containers.log("edge1")).toMatch(/edge1_can: came back with \d+, goes on after \d+/);
		const there = await load();
		await eventually(() => onHub() === there, { what: `${there} messages are at the hub`, within: WITHIN });
	});

	it("ends in order and is sealed, so that the next start moves nothing", { timeout: 300_000 }, async () => {
		await containers.stop("edge1");
		expect(containers.processes("edge1", "nats-server")).toEqual([]);
		const before = containers.log("edge1").length;
		await containers.up("edge1");
		const ready = () => containers.log("edge1").slice(before).includes("Server is ready");
		await eventually(ready, { what: "the server is there again", within: WITHIN });
		expect(containers.log("edge1").slice(before)).not.toContain("goes on after");
	});

	it("is set up again without harm", { timeout: 120_000 }, async () => {
		await containers.up("hub_setup");
		expect(await containers.ended("hub_setup", WITHIN)).toBe(0);
	});

	it.skipIf(exporter === "")(
		`has exporters that tell Prometheus of both${exporter ? "" : " (skipped: there is no prometheus-nats-exporter)"}`,
		{ timeout: 120_000 },
		async () => {
			for (const service of ["edge1", "hub"]) {
				await containers.up(`${service}_exporter`);
				const read = () => containers.exec(service, ["curl", "-fsS", "http://127.0.0.1:7777/metrics"]).output;
				const told = () => /^jetstream_stream_total_messages\{.*_can.*\} [1-9]/m.test(read());
				await eventually(told, { what: "metrics", within: WITHIN }).catch((error) => {
					throw new Error(
						`${error.message}: ${containers.log(`${service}_exporter`)} ${(read().match(/^jetstream.*/gm) ?? []).join("\n")}`,
					);
				});
			}
		},
	);
});

describe("the scripts of the containers", () => {
	it.each([
		["server.sh", serverScript],
		["setup.sh", setupScript],
		["report.sh", reportScript],
	])("are good POSIX shell: %s", (_, text) => {
		expect(spawnSync("sh", ["-n"], { input: text, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
	});

	it("are clean by shellcheck", ({ skip }) => {
		for (const input of [serverScript, setupScript, reportScript]) {
			const checked = spawnSync("shellcheck", ["--shell=sh", "-"], { input, encoding: "utf8" });
			skip(checked.error !== undefined, "there is no shellcheck");
			expect(checked.stdout).toBe("");
		}
	});
});
