import { resolve } from "node:path";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { linkStates } from "../../components/links/control";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { type Finished, run } from "../support/project";
import { api, type Stack, startStack } from "./stack";

/** The demo as a process, on real servers and links. Its verdict must also find what a test has done to the hub. */
let stack: Stack;
let hub: NatsConnection;

beforeAll(async () => {
	stack = await startStack(["edge1", "edge2", "edge3"]);
	hub = await stack.connect("hub");
});

afterAll(async () => {
	await stack?.stop();
});

const demo = (...args: string[]): Promise<Finished> =>
	run(process.execPath, [resolve("bin/cli/main.js"), "demo", ...args, "--outputs", stack.outputsFile], {
		cwd: stack.dir,
		env: { ...process.env, LEAFLINE_STEPS: "✓ tools 0.4s   ✓ up 6.1s" },
	});

async function lastSequence(): Promise<number> {
	const { state } = await api(hub, `${ADMIN_API}.STREAM.INFO.hub_sensor`);
	return (state as { last_seq: number }).last_seq;
}

const links = () => linkStates(`${stack.dir}/.leafline/local/links`);

test("plain lines: everything arrives once and in order over a link that was cut", async () => {
	const { code, stdout, stderr } = await demo("--messages", "4000");
	expect([code, stderr], stdout).toEqual([0, ""]);
	const figures = stdout.replace(/after [\d,]+/, "after N").replace(/[\d.]+ s$/m, "T s");
	expect(figures).toBe(`leafline · local · 3 devices, 1 hub, nats-server 2.15.2+leafline.4
✓ tools 0.4s   ✓ up 6.1s

▸ publishing 4,000 messages on each of edge1, edge2, edge3
▸ edge2 cut after N messages
▸ edge2 restored
▸ edge2 caught up in T s

  device  link      published  on hub  backlog  buffer
  edge1   up            4,000   4,000        0  0%
  edge2   up            4,000   4,000        0  0%
  edge3   up            4,000   4,000        0  0%

  12,000 published · 12,000 on hub
  0 lost · 0 twice · 0 out of order
  leaf port ${new URL(stack.outputs.leafline.hub.urls[0] ?? "").port}; all others on loopback

Try   npx leafline cut edge2
      npx leafline status --watch
      edit fleets/demo.yaml, then npm run up
Stop  npm run down
`);
	expect(await lastSequence()).toBe(12_000);
});

test("the link really was cut meanwhile", async () => {
	const accepted = (await links()).edge2?.accepted ?? 0;
	await demo("--messages", "1000");
	const after = await links();
	expect(after.edge2?.mode).toBe("up");
	expect(after.edge2?.accepted).toBeGreaterThan(accepted);
});

interface Result {
	readonly verdict: {
		readonly good: boolean;
		readonly devices: Readonly<Record<string, Readonly<Record<string, number>>>>;
	};
}

test("what is lost, doubled or strayed is found: exit code 1, and which device", async () => {
	const began = await lastSequence();
	const running = demo("--messages", "2000", "--json");
	await eventually(async () => (await lastSequence()) > began + 100, { what: "the demo publishes" });
	const { message } = (await api(hub, `${ADMIN_API}.STREAM.MSG.GET.hub_sensor`, { seq: began + 50 })) as {
		message: { subject: string; data: string };
	};
	const [origin = ""] = message.subject.split(".");
	const other = origin === "edge3" ? "edge1" : "edge3";
	for (const device of [origin, other])
		await (await stack.connect(device)).jetstream().publish("vehicle.sensor", Buffer.from(message.data, "base64"));
	await api(hub, `${ADMIN_API}.STREAM.MSG.DELETE.hub_sensor`, { seq: began + 60, no_erase: true });
	const { code, stdout, text } = await running;
	const { verdict } = JSON.parse(stdout) as Result;
	expect([code, verdict.good], text).toEqual([1, false]);
	const sum = (figure: string) => Object.values(verdict.devices).reduce((all, it) => all + (it[figure] ?? 0), 0);
	expect({ lost: sum("lost"), acknowledged: sum("acknowledged") }).toEqual({ lost: 1, acknowledged: 6000 });
	expect(verdict.devices[origin]).toMatchObject({ twice: 2, strayed: 1 });
});

test("a hub that dies meanwhile and comes back has everything", async () => {
	const began = await lastSequence();
	const running = demo("--messages", "3000", "--json");
	await eventually(async () => (await lastSequence()) > began + 100, { what: "the demo publishes" });
	await stack.kill("hub");
	await stack.start("hub");
	const { code, stdout, text } = await running;
	expect(code, text).toBe(0);
	expect((JSON.parse(stdout) as Result).verdict).toMatchObject({ good: true, total: { acknowledged: 9000 } });
});

test("an interrupted demo restores the link", async () => {
	const { spawn } = await import("node:child_process");
	const child = spawn(process.execPath, [resolve("bin/cli/main.js"), "demo", "--outputs", stack.outputsFile], {
		cwd: stack.dir,
		stdio: ["ignore", "ignore", "pipe"],
	});
	let said = "";
	child.stderr.on("data", (data) => {
		said += data;
	});
	await eventually(async () => (await links()).edge2?.mode === "cut", { what: "the link is cut" });
	child.kill("SIGINT");
	const code = await new Promise((done) => child.once("close", done));
	expect([code, said]).toEqual([130, "leafline: interrupted; the link is restored\n"]);
	expect((await links()).edge2?.mode).toBe("up");
});

test("a device that refuses ends the demo with the reason", async () => {
	const edge = await stack.connect("edge3");
	const { config } = (await api(edge, "$JS.API.STREAM.INFO.edge3_sensor")) as { config: Record<string, unknown> };
	const { bytes } = (await api(edge, "$JS.API.STREAM.INFO.edge3_sensor")).state as { bytes: number };
	await api(edge, "$JS.API.STREAM.UPDATE.edge3_sensor", { ...config, max_bytes: bytes + 1000 });
	const { code, stderr } = await demo("--messages", "1000");
	expect([code, stderr]).toEqual([1, "leafline: edge3 could not publish: refused: maximum bytes exceeded\n"]);
	expect((await links()).edge2?.mode).toBe("up");
});

test("a device that is not there ends it before anything is published", async () => {
	const edge = await stack.connect("edge2");
	const published = async () => (await api(edge, "$JS.API.STREAM.INFO.edge2_sensor")).state;
	const before = await published();
	await stack.kill("edge1");
	const { code, stderr } = await demo("--messages", "1000");
	expect([code, stderr]).toEqual([
		1,
		"leafline: edge1: no answer, or no stream of class sensor; npm run pulumi -- refresh --yes, then npm run up makes it anew\n",
	]);
	expect(await published()).toEqual(before);
});
