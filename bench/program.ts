/**
 * What the device program takes of a device while it keeps watch: memory and processor, with five streams, idle and while
 * 2,000 messages a second are published, under the Node of this machine and that of a bundle. About 6 minutes, or
 * `--seconds N` for each line; what follows ` -- ` are options of Node.
 */

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { KeepSpec } from "../device/spec";
import { withProgram } from "../tests/device/device";
import { eventually } from "../tests/support/eventually";
import { type Rig, startRig } from "../tests/support/rig";
import { KEEP_ENVIRONMENT, KEEP_NODE_FLAGS } from "../topology/program-memory";
import { processorMs, runBench } from "./report";

const CLASSES = ["can", "gps", "log", "video", "alarm"];
const RATE = 2_000;
const FLEET = `apiVersion: leafline/v1
fleet: program
hardware:
  board: { arch: amd64, buffer: 2GiB, sync: 250ms }
link: { up: 100Mbit/s, rtt: 5ms, outage: 1m }
classes:
${CLASSES.map((name) => `  ${name}: { rate: ${RATE / CLASSES.length}/s, size: 128B, accepts: ${name}.>, whenFull: refuse, hub: { keep: 10m } }`).join("\n")}
groups:
  all: { devices: edge1, hardware: board }
`;
/** It compiles and reads for a moment, which is no measure of what it takes from then on. */
const START_S = 5;
const PROGRAM = resolve("bin/device/leafline-device.js");
const { provideBinary } = createRequire(resolve("package.json"))("./toolchain/device-binaries.js") as {
	provideBinary(what: "runtime", arch: "arm64" | "amd64", env: NodeJS.ProcessEnv): Promise<{ path: string }>;
};

runBench(async () => {
	const { values, positionals: flags } = parseArgs({
		options: { seconds: { type: "string", default: "60" } },
		allowPositionals: true,
	});
	const rig = await startRig(FLEET);
	try {
		const keepDir = await writesDownItsPorts(rig);
		const bundled = await provideBinary("runtime", process.arch === "arm64" ? "arm64" : "amd64", process.env);
		for (const node of [process.execPath, bundled.path]) {
			await watch(rig, keepDir, [node, ...flags], Number(values.seconds));
		}
	} finally {
		await rig.close();
	}
});

/** As a device's server does, so that its health is looked after as well. @returns folder of the program's `spec.json` */
async function writesDownItsPorts(rig: Rig): Promise<string> {
	const { server, port } = rig.device("edge1");
	const { spec, close } = withProgram(rig, "edge1");
	await close();
	const dir = rig.bench.path("keep");
	mkdirSync(dir);
	await server.kill("SIGTERM");
	server.configure(`${readFileSync(rig.bench.path("edge1.conf"), "utf8")}\nports_file_dir: ${JSON.stringify(dir)}\n`);
	await server.start();
	const url = `nats://127.0.0.1:${port}`;
	const keep: KeepSpec = {
		devices: { edge1: { url, dir: relative(dir, rig.bench.path("")) || ".", spec, portsDir: dir } },
	};
	writeFileSync(join(dir, "spec.json"), JSON.stringify(keep));
	return dir;
}

async function watch(rig: Rig, cwd: string, command: readonly string[], seconds: number): Promise<void> {
	const [node = "", ...flags] = command;
	let said = "";
	const child = spawn(node, [...KEEP_NODE_FLAGS, ...flags, PROGRAM, "keep"], {
		cwd,
		env: { PATH: process.env.PATH, ...KEEP_ENVIRONMENT },
		stdio: ["ignore", "pipe", "inherit"],
	});
	child.stdout.on("data", (text) => {
		said += text;
	});
	try {
		const { pid = 0 } = child;
		await eventually(() => readFileSync(`/proc/${pid}/net/unix`, "utf8").includes(join(cwd, "control.sock")) || said, {
			what: "it answers",
		});
		const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
		console.log(["node", version, ...KEEP_NODE_FLAGS, ...flags].join(" "));
		await row("start", pid, START_S);
		await row("idle", pid, seconds);
		const publishers = await Promise.all(
			CLASSES.map((name) =>
				rig.publish("edge1", {
					run: `${pid}`,
					messages: (RATE / CLASSES.length) * seconds,
					rate: RATE / CLASSES.length,
					subject: `${name}.sensor`,
				}),
			),
		);
		await Promise.all([row(`${RATE}/s`, pid, seconds), ...publishers.map(({ done }) => done)]);
		await Promise.all(publishers.map((publisher) => publisher.stop()));
		await row("idle again", pid, seconds);
		if (said) console.log(said.trim());
	} finally {
		const ended = new Promise((done) => child.once("close", done));
		child.kill("SIGKILL");
		await ended;
	}
}

/** The memory at its end, the most there ever was, and what it took of a processor. */
async function row(what: string, pid: number, seconds: number): Promise<void> {
	const before = processorMs(pid);
	await new Promise((done) => setTimeout(done, seconds * 1_000));
	const used = (processorMs(pid) - before) / seconds;
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const mb = (field: string) =>
		((Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1_024) / 1e6).toFixed(1);
	const memory = `${mb("VmRSS")} MB resident (most ${mb("VmHWM")}; own ${mb("RssAnon")})`;
	console.log(`  ${what.padEnd(11)} ${memory} · ${used.toFixed(1)} ms/s (${(used / 10).toFixed(1)}% of a core)`);
}
