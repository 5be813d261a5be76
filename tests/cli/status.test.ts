import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually";
import { run } from "../support/project";
import { type Stack, startStack } from "./stack";

/** `status`, `cut` and `restore` as processes, on real servers. Each test starts where the one before ended. */
const validate = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync("docs/schema/status.json", "utf8")));
let stack: Stack;

beforeAll(async () => {
	stack = await startStack(["edge1", "edge2"]);
});

afterAll(async () => {
	await stack?.stop();
});

const leafline = (...args: string[]) =>
	run(process.execPath, [resolve("bin/cli/main.js"), ...args, "--outputs", stack.outputsFile], {
		cwd: stack.dir,
		env: stack.env,
	});

interface Device {
	readonly link: { readonly state: string };
	readonly atEdge?: number;
	readonly onHub?: number;
	readonly backlog?: number;
	readonly staleMs?: number;
}

async function devices(outputs = stack.outputsFile): Promise<Record<string, Device>> {
	const { stdout, text } = await run(
		process.execPath,
		[resolve("bin/cli/main.js"), "status", "--json", "--outputs", outputs],
		{
			cwd: stack.dir,
			env: stack.env,
		},
	);
	if (!stdout.startsWith("{")) throw new Error(text);
	expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
	return (JSON.parse(stdout) as { devices: Record<string, Device> }).devices;
}

async function publish(device: string, messages: number): Promise<void> {
	const connection: NatsConnection = await stack.connect(device);
	const jetstream = connection.jetstream();
	await Promise.all(Array.from({ length: messages }, () => jetstream.publish("vehicle.sensor", "21.5")));
}

test("a fleet that is well", async () => {
	await publish("edge1", 300);
	await publish("edge2", 200);
	await expect
		.poll(() => devices(), { timeout: 20_000 })
		.toMatchObject({ edge1: { onHub: 300 }, edge2: { onHub: 200 } });
	const { code, stdout } = await leafline("status");
	expect(code).toBe(0);
	expect(stdout.replace(/[\d.]+ kB/, "N kB")).toBe(`leafline · local · 2 devices, 1 hub, nats-server 2.15.2+leafline.4

  device  link  at edge  on hub  backlog  buffer
  edge1   up        300     300        0  0%
  edge2   up        200     200        0  0%

  hub up · 500 messages, N kB
  2 of 2 devices up · 500 at the devices · 500 on hub · 0 waiting
`);
});

test("a device behind a cut link still tells what it holds", async () => {
	const { stdout } = await leafline("cut", "edge2");
	expect(stdout).toBe("edge2 cut; npx leafline restore edge2 brings it back\n");
	await publish("edge2", 50);
	expect((await devices()).edge2).toMatchObject({ link: { state: "cut" }, atEdge: 250, onHub: 200, backlog: 50 });
	expect((await leafline("status")).stdout).toMatch(/ {2}edge2 {3}cut 0:\d\d +250 +200 +50 {2}<0\.1%, 3 h left/);
});

test("restore brings the rest over", async () => {
	expect((await leafline("restore", "edge2")).stdout).toBe("edge2 restored\n");
	await expect
		.poll(() => devices(), { timeout: 30_000 })
		.toMatchObject({ edge2: { link: { state: "up" }, onHub: 250, backlog: 0 } });
});

test("a half-open link counts as cut", async () => {
	await leafline("cut", "edge2", "--half-open");
	expect((await devices()).edge2).toMatchObject({ link: { state: "cut" }, atEdge: 250 });
	await leafline("restore", "edge2");
	await expect.poll(() => devices(), { timeout: 30_000 }).toMatchObject({ edge2: { link: { state: "up" } } });
});

test("over the leaf port alone, as from any operator's machine", async () => {
	const { clientUrl: _, monitorUrl: __, ...hub } = stack.outputs.leafline.hub;
	const { local: ___, ...rest } = stack.outputs.leafline;
	const outputs = stack.write("remote.json", { ...stack.outputs, leafline: { ...rest, hub } });
	expect(await devices(outputs)).toMatchObject({
		edge1: { link: { state: "up" }, atEdge: 300, onHub: 300, backlog: 0 },
		edge2: { link: { state: "up" }, atEdge: 250, onHub: 250, backlog: 0 },
	});
	const { stdout } = await run(process.execPath, [resolve("bin/cli/main.js"), "status", "--outputs", outputs], {
		env: stack.env,
	});
	expect(stdout.split("\n", 1)[0]).toBe("leafline · local · 2 devices, 1 hub, nats-server 2.15.2+leafline.4");
});

test("a device that died: the hub's last word, and how old it is", async () => {
	await stack.kill("edge1");
	await expect.poll(() => devices(), { timeout: 20_000 }).toMatchObject({ edge1: { link: { state: "down" } } });
	const { code, stdout } = await leafline("status");
	expect(code).toBe(2);
	expect(stdout).toMatch(/ {2}edge1 {3}down \d:\d\d +\? +300 +0\* {2}\?\n/);
	expect(stdout).toMatch(/ {2}\* edge1 does not answer; its backlog is what was known 0:\d\d ago\n/);
	expect(stdout).toMatch(/ {2}! edge1: its nats-server does not run: npm run up starts it\n/);
	expect(stdout).toMatch(/at least 0 waiting/);
	await stack.start("edge1");
});

test("a hub that died: exit code 1, and what the devices hold", async () => {
	await stack.kill("hub");
	const { code, stdout, stderr } = await leafline("status");
	expect([code, stderr]).toEqual([1, ""]);
	expect(stdout).toMatch(/ {2}edge2 {3}\? +250 +\? +\? {2}\?\n/);
	expect(stdout).toMatch(/^ {2}the hub does not answer on \S+: nothing listens there; npm run up starts it$/m);
	await stack.start("hub");
	await expect
		.poll(() => devices(), { timeout: 30_000 })
		.toMatchObject({ edge2: { link: { state: "up" }, onHub: 250 } });
});

test("--watch looks again and again, through the hub's death, until it is interrupted", async () => {
	const child = spawn(
		process.execPath,
		[resolve("bin/cli/main.js"), "status", "--watch", "--json", "--outputs", stack.outputsFile],
		{ stdio: ["ignore", "pipe", "inherit"], env: stack.env },
	);
	let said = "";
	child.stdout.on("data", (data) => {
		said += data;
	});
	const looks = () =>
		said
			.split("\n")
			.slice(0, -1)
			.map((line) => JSON.parse(line) as { hub: { error?: string }; devices: Record<string, Device> });
	const seen = (what: string, is: (look: ReturnType<typeof looks>[number]) => boolean, after = 0) =>
		eventually(
			() => {
				const index = looks().findIndex((look, i) => i >= after && is(look));
				return index >= 0 && index + 1;
			},
			{ what },
		);
	const well = await seen("a look at a fleet that is well", ({ devices }) => devices.edge1?.link.state === "up");
	await stack.kill("hub");
	const dead = await seen("the hub is gone", ({ hub }) => hub.error !== undefined, well);
	await stack.start("hub");
	await seen("the hub is back", ({ devices }) => devices.edge1?.link.state === "up", dead);
	child.kill("SIGINT");
	expect(await new Promise((done) => child.once("close", done))).toBe(130);
});
