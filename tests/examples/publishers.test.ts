import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BridgeProcess, startBridge } from "../device/bridge";
import { runUnit, type Unit } from "../device/unit";
import { eventually } from "../support/eventually";
import { type Rig, startRig } from "../support/rig";
import { inC, inGo, inPython, inTypeScript, type Program } from "./programs";
import { type Stored, storedAtHub } from "./stored";

/** By class, each of which holds some 300 of the messages. */
const PROGRAMS: Readonly<Record<string, () => Program>> = {
	go: () => inGo("publishers", "go"),
	python: () => inPython("publishers", "python"),
	typescript: () => inTypeScript("publishers", "typescript"),
	c: () => inC("libnats", "publishers", "c"),
	mqtt: () => inGo("publishers", "mqtt"),
};

const FLEET = `apiVersion: leafline/v1
fleet: publishers
hardware:
  board: { arch: amd64, buffer: 16MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 2s }
classes:
${["go", "python", "typescript", "c", "mqtt"]
	.map((name) => `  ${name}: { rate: 20/s, size: 1KiB, accepts: ${name}.>, whenFull: refuse, hub: { keep: 1h } }`)
	.join("\n")}
groups:
  all: { devices: [edge1], hardware: board }
`;

const MESSAGES = 600;
/** Five programs, a server and a hub share what there is of a machine. */
const PATIENT = 240_000;
const line = (n: number) => `line ${n} `.padEnd(8_192, ".");

interface Run {
	readonly child: ChildProcess;
	/** Ids of what it says is stored. */
	stored(): string[];
	said(): string;
	readonly ended: Promise<number | null>;
}

/** On a real leaf with its gate and its program, whose server is killed meanwhile, behind a link that is cut. */
describe("the publishers under examples/publishers", { timeout: 2 * PATIENT }, () => {
	let rig: Rig;
	let unit: Unit;
	let hub: Stored;
	let bridge: BridgeProcess;
	const runs = new Map<string, Run>();
	const missing = new Map<string, string>();

	beforeAll(async () => {
		const programs = Object.entries(PROGRAMS).map(([name, make]) => [name, make()] as const);
		rig = await startRig(FLEET);
		unit = await runUnit(rig, "edge1", `${rig.bench.path("edge1")}.kept`);
		hub = await storedAtHub(rig);
		rig.device("edge1").link.set({ mode: "cut" });
		const { port } = rig.device("edge1");
		bridge = await startBridge(rig.bench.path("bridge"), rig.topology, "edge1", port);
		const byNats = { url: `nats://127.0.0.1:${port}`, to: ".lines" };
		const byMqtt = { url: `mqtt://127.0.0.1:${bridge.port}`, to: "/lines" };
		for (const [name, program] of programs) {
			if ("why" in program) missing.set(name, program.why);
			else runs.set(name, start(name, program, name === "mqtt" ? byMqtt : byNats));
		}
	}, 300_000);
	afterAll(async () => {
		for (const { child } of runs.values()) child.kill("SIGKILL");
		await bridge?.kill();
		await unit?.stop();
		await rig?.close();
	});

	const all = (holds: (run: Run) => boolean) => () => [...runs.values()].every(holds);

	it("say again what was under way when the server was killed, and hold back what a full class refuses", async () => {
		await eventually(
			all((run) => run.stored().length >= 50),
			{ what: "all have stored something", within: PATIENT },
		);
		process.kill(unit.pid() ?? 0, "SIGKILL");
		await eventually(() => unit.starts() === 2, { what: "the server is back", within: PATIENT });

		// Before version 5 MQTT has no word for it.
		const full = (run: Run) => /waits: (.*maximum bytes exceeded|no acknowledgement)/i.test(run.said());
		await eventually(all(full), { what: "all classes are full", within: PATIENT });
		expect([...runs.values()].map(({ child }) => child.exitCode)).toEqual([...runs.keys()].map(() => null));
	});

	it("go on when there is room again, also over a restart", async () => {
		rig.device("edge1").link.set({ mode: "up" });
		await eventually(
			all((run) => run.stored().length >= 400),
			{ what: "all go on", within: PATIENT },
		);
		process.kill(unit.pid() ?? 0, "SIGTERM");
		await eventually(
			all(({ child }) => child.exitCode === 0),
			{ what: "all are done", within: PATIENT },
		);
	});

	it.for(Object.keys(PROGRAMS))(
		"%s: what it was told is stored, is at the hub once and in order",
		async (name, { skip }) => {
			const why = missing.get(name);
			if (why !== undefined) skip(why);
			const run = runs.get(name);
			expect(run?.stored()).toEqual(Array.from({ length: MESSAGES }, (_, index) => `trip-${index + 1}`));
			await rig.arrived(`hub_${name}`, MESSAGES, PATIENT);
			expect(await hub.texts(`hub_${name}`)).toEqual(Array.from({ length: MESSAGES }, (_, index) => line(index + 1)));
		},
	);
});

function start(
	name: string,
	program: Exclude<Program, { why: string }>,
	{ url, to }: { readonly url: string; readonly to: string },
): Run {
	const [command = "", ...args] = program.command;
	const child = spawn(command, [...args, url, `${name}${to}`, "trip"], {
		env: { ...process.env, ...program.env },
		stdio: ["pipe", "pipe", "pipe"],
	});
	const texts = { out: "", err: "" };
	child.stdout.on("data", (text) => {
		texts.out += text;
	});
	child.stderr.on("data", (text) => {
		texts.err += text;
	});
	// One that has ended reads no more.
	child.stdin.on("error", () => {});
	child.stdin.end(Array.from({ length: MESSAGES }, (_, index) => `${line(index + 1)}\n`).join(""));
	return {
		child,
		stored: () => texts.out.split("\n").slice(0, -1),
		said: () => texts.err,
		ended: new Promise((done) => child.once("close", done)),
	};
}
