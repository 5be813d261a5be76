import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Note } from "../../cli/fleet/notes/note";
import { CUT_NOTE, writeCut } from "../../topology/cut-note";
import type { StreamConfig } from "../../topology/jetstream";
import { HUB_CONSUMER } from "../../topology/names";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { run } from "../support/project";
import { api, createConsumer, createEdge, type Stack, startStack } from "./stack";

/** What `status` says of a fleet in trouble, on real servers. Each test brings one trouble about and clears it up. */
let stack: Stack;
let hub: NatsConnection;

/** A source that did not find its consumer is tried again 10 s to 2 min later (nats-server, `stream.go`). */
const MENDED_MS = 150_000;
vi.setConfig({ testTimeout: 2 * MENDED_MS });

beforeAll(async () => {
	stack = await startStack(["edge1", "edge2", "edge3", "edge4", "edge5", "edge6"]);
	hub = await stack.connect("hub");
});
afterAll(async () => {
	await stack?.stop();
});

interface Look {
	readonly needsHand: boolean;
	readonly hub: { readonly error?: string; readonly notes: readonly Note[] };
	readonly devices: Readonly<
		Record<string, { readonly notes: readonly Note[]; readonly backlog?: number; readonly onHub?: number }>
	>;
	readonly code: number;
	readonly stdout: string;
}

async function status(outputs = stack.outputsFile, more: readonly string[] = []): Promise<Look> {
	const args = [resolve("bin/cli/main.js"), "status", "--json", "--outputs", outputs, ...more];
	const { code, stdout, text } = await run(process.execPath, args, { cwd: stack.dir, env: stack.env });
	if (!stdout.startsWith("{")) throw new Error(text);
	return { ...(JSON.parse(stdout) as Look), code, stdout };
}

/** The notes on a device, looked at again and again until there is one of this kind. */
async function noted(device: string, code: Note["code"], outputs?: string): Promise<Note & { readonly exit: number }> {
	let found: Note | undefined;
	let seen: Look | undefined;
	await eventually(
		async () => {
			seen = await status(outputs);
			found = (device === "hub" ? seen.hub : seen.devices[device])?.notes.find((note) => note.code === code);
			return found !== undefined;
		},
		{ what: `${code} of ${device}`, within: MENDED_MS },
	).catch((error) => {
		throw new Error(`${error.message}: ${JSON.stringify(device === "hub" ? seen?.hub : seen?.devices[device])}`);
	});
	return { ...(found as Note), exit: seen?.code ?? -1 };
}

const well = (device: string) =>
	eventually(
		async () => {
			const { devices } = await status();
			return devices[device]?.backlog === 0 && !devices[device]?.notes.some(({ needsHand }) => needsHand);
		},
		{ what: `${device} is well`, within: MENDED_MS },
	);

async function publish(device: string, messages: number): Promise<void> {
	const jetstream = (await stack.connect(device)).jetstream();
	await Promise.all(Array.from({ length: messages }, () => jetstream.publish("vehicle.sensor", "21.5")));
}

const edge = async (device: string, call: string, body?: unknown) =>
	api(await stack.connect(device), `$JS.API.${call}`, body);

test("a fleet that is well has no notes, with a downlink as well, and exit code 0", async () => {
	await api(hub, `${ADMIN_API}.STREAM.CREATE.hub_commands`, {
		name: "hub_commands",
		subjects: ["down.*.commands.>"],
		metadata: { "leafline.owner": "leafline/local" },
	});
	const { leafline } = stack.outputs;
	const commands = { ...leafline.streams.hub_sensor, class: "commands", direction: "downlink", consumers: [] };
	const outputs = stack.write("down.json", {
		...stack.outputs,
		leafline: { ...leafline, streams: { ...leafline.streams, hub_commands: commands } },
	});
	await Promise.all(Object.keys(leafline.devices).map((device) => publish(device, 1)));
	// What has just been published may still be on its way.
	const settled = async () => {
		const { hub: seen, devices, needsHand, code } = await status(outputs);
		const notes = [...seen.notes, ...Object.values(devices).flatMap((device) => device.notes)];
		return code === 0 && !needsHand && notes.length === 0;
	};
	await eventually(settled, { what: "all is well", within: MENDED_MS }).catch(async (error) => {
		throw new Error(`${error.message}: ${(await status(outputs)).stdout}`);
	});
});

test("a device that publishes all the time is well, although it has more at each look", async () => {
	const jetstream = (await stack.connect("edge6")).jetstream();
	let publishes = true;
	const flow = (async () => {
		while (publishes) await Promise.all(Array.from({ length: 100 }, () => jetstream.publish("vehicle.sensor", "21.5")));
	})();
	try {
		for (let look = 0; look < 4; look++) {
			const { devices, code } = await status();
			expect(devices.edge6?.notes).toEqual([]);
			expect(code).toBe(0);
		}
	} finally {
		publishes = false;
		await flow;
	}
	await well("edge6");
});

test("a stream that is gone from a device", async () => {
	await edge("edge1", "STREAM.DELETE.edge1_sensor");
	const { text, exit } = await noted("edge1", "stream-missing");
	expect(text).toMatch(
		// A hub that has noticed it already knows no position any more.
		/^edge1_sensor is gone: (.* the hub has it up to 1, )?.*refresh --yes, then npm run up, makes it anew$/,
	);
	expect(exit).toBe(2);
	await createEdge(await stack.connect("edge1"), "edge1");
});

test("a wiped device: named while the hub is ahead of it", async () => {
	await publish("edge4", 200);
	await well("edge4");
	await stack.kill("edge4");
	rmSync(join(stack.dir, "edge4"), { recursive: true });
	await stack.start("edge4");
	expect((await noted("edge4", "stream-missing")).text).toMatch(
		/the device's store was wiped; the hub has it up to 201/,
	);
	await createEdge(await stack.connect("edge4"), "edge4");
	const { text, needsHand } = await noted("edge4", "made-anew");
	expect(text).toMatch(/^edge4_sensor: the hub is at 201 but the device at 0: it was made anew \(store wiped/);
	expect(needsHand).toBe(false);
});

test("a store that went back in time is named while it lasts, and remembered when it can be seen no more", async () => {
	const store = join(stack.dir, "edge2");
	await publish("edge2", 300);
	await well("edge2");
	await stack.kill("edge2");
	cpSync(store, `${store}.old`, { recursive: true });
	await stack.start("edge2");
	await publish("edge2", 100);
	await well("edge2");
	await stack.kill("edge2");
	rmSync(store, { recursive: true });
	cpSync(`${store}.old`, store, { recursive: true });
	await stack.start("edge2");
	const { text, exit } = await noted("edge2", "set-back");
	expect(text).toMatch(
		/^edge2_sensor: the hub is at 401 but the device at 301: its store went back in time .*delete leafline\/reserved\.json/,
	);
	expect(exit).toBe(2);
	await publish("edge2", 150);
	expect(await noted("edge2", "was-set-back")).toMatchObject({
		text: expect.stringMatching(
			/gone back from 401 to 301: .* up to 100 messages are on the device but not on the hub$/,
		),
		needsHand: false,
	});
});

test("a device whose server ended without notice is told until somebody has seen it", async () => {
	const { config } = await edge("edge5", "STREAM.INFO.edge5_sensor");
	const at = Date.now() - 60_000;
	const metadata = { ...(config as StreamConfig).metadata, [CUT_NOTE]: writeCut({ at, after: at - 60_000 }) };
	await edge("edge5", "STREAM.UPDATE.edge5_sensor", { ...(config as StreamConfig), metadata });
	const { text, needsHand } = await noted("edge5", "power-cut");
	expect(text).toMatch(
		/^its server ended without notice between .* took at most 500 messages of sensor \(its last 250ms/,
	);
	expect(needsHand).toBe(false);
	const told = async (...more: string[]) => {
		const { devices } = await status(undefined, more);
		return devices.edge5?.notes.some(({ code }) => code === "power-cut");
	};
	expect(await told(), "a look alone does not put it away").toBe(true);
	expect(await told("--seen")).toBe(true);
	expect(await told()).toBe(false);
});

test("a consumer that was deleted by hand", async () => {
	await edge("edge3", `CONSUMER.DELETE.edge3_sensor.${HUB_CONSUMER}`);
	const { text, exit } = await noted("edge3", "consumer-missing");
	expect(text).toMatch(/^consumer hub on edge3_sensor is gone \(deleted by hand/);
	expect(exit).toBe(2);
	await createConsumer(await stack.connect("edge3"), "edge3");
	await well("edge3");
});

test("a consumer that is paused", async () => {
	const until = new Date(Date.now() + 3_600_000).toISOString();
	await edge("edge3", `CONSUMER.PAUSE.edge3_sensor.${HUB_CONSUMER}`, { pause_until: until });
	const { text, exit } = await noted("edge3", "consumer-paused");
	expect(text).toMatch(
		/^consumer hub on edge3_sensor is paused for 59:\d\d more: .* npx leafline heal edge3 resumes it$/,
	);
	expect(exit).toBe(2);
	await edge("edge3", `CONSUMER.PAUSE.edge3_sensor.${HUB_CONSUMER}`, {});
	await well("edge3");
});

test("credentials that were deleted: named at once, while the link still lives", async () => {
	rmSync(join(stack.dir, ".leafline/local/edge3/leaf.creds"));
	expect(await noted("edge3", "not-connected")).toMatchObject({
		text: "leaf.creds is gone from its folder, without which it cannot connect: npm run up",
		exit: 2,
	});
});

test("a hub that refuses a device: the device's log says so", async () => {
	const folder = join(stack.dir, ".leafline/local");
	// Those of another hub.
	cpSync(join(folder, "edge2/leaf.creds"), join(folder, "edge3/leaf.creds"));
	const other = await startStack(["edge3"]);
	cpSync(join(other.dir, ".leafline/local/edge3/leaf.creds"), join(folder, "edge3/leaf.creds"));
	await other.stop();
	await stack.kill("edge3");
	await stack.start("edge3");
	const refused = () => stack.log("edge3").includes("Authorization Violation");
	await eventually(refused, { what: "the hub has refused it", within: MENDED_MS });
	const { text } = await noted("edge3", "not-connected");
	expect(text).toMatch(/^its nats-server runs but has no link to the hub: it refused the credentials/);
});

test("a disk that is full: the stream looks healthy, the server's health does not", async () => {
	await stack.kill("edge5");
	const store = join(stack.dir, "edge5");
	const program = join(stack.dir, "on-a-small-disk");
	const fill = `mount -t tmpfs -o size=2m none "${store}" && cp -r "${store}.old/." "${store}/" && exec nats-server "$@"`;
	cpSync(store, `${store}.old`, { recursive: true });
	writeFileSync(program, `#!/bin/sh\nexec unshare --mount sh -c '${fill}' sh "$@"\n`);
	chmodSync(program, 0o755);
	await stack.start("edge5", program);
	const jetstream = (await stack.connect("edge5")).jetstream();
	const big = "x".repeat(100_000);
	await eventually(
		() =>
			jetstream.publish("vehicle.sensor", big, { timeout: 1_000 }).then(
				() => false,
				() => true,
			),
		{ what: "the disk is full", within: MENDED_MS },
	);
	const { text, exit } = await noted("edge5", "write-error");
	expect(text).toMatch(/^its JetStream cannot write: .*Critical write error: .*no space left on device\. /);
	expect(exit).toBe(2);
}, 120_000);

test("what is no answer ends nothing, and no control character reaches the terminal", async () => {
	await stack.kill("edge6");
	const { clientUrl, monitorUrl: _, ...rest } = stack.outputs.leafline.hub;
	const { local: __, ...leafline } = stack.outputs.leafline;
	const outputs = stack.write("strangers.json", {
		...stack.outputs,
		leafline: { ...leafline, hub: { ...rest, clientUrl } },
	});
	let answer = "";
	const liar = hub.subscribe("$JS.edge6.API.>", { callback: (_error, message) => message.respond(answer) });
	try {
		const clear = "\u001b]0;x\u0007\u009b2J";
		const lies = [
			'{"config":null,"state":null}',
			"null",
			"17",
			clear,
			JSON.stringify({ error: { description: clear } }),
		];
		for (const said of lies) {
			answer = said;
			const { stdout, devices } = await status(outputs);
			expect(devices.edge2, said).toMatchObject({ backlog: 0 });
			expect(stdout.trimEnd()).not.toMatch(/\p{Cc}|\\u00[01]/u);
		}
		answer = '{"config":null,"state":null}';
		expect((await status(outputs)).devices.edge6?.notes.map(({ code }) => code)).toContain("unreadable-answer");
	} finally {
		liar.unsubscribe();
	}
});

test("a stream of the hub that is gone, and one that somebody made by hand under its name", async () => {
	await api(hub, `${ADMIN_API}.STREAM.DELETE.hub_sensor`);
	expect((await noted("hub", "hub-stream-missing")).text).toMatch(/^hub_sensor is gone from the hub.*makes it anew$/);
	await api(hub, `${ADMIN_API}.STREAM.CREATE.hub_sensor`, { name: "hub_sensor", subjects: ["mine.>"] });
	expect((await noted("hub", "hub-stream-foreign")).text).toMatch(/^hub_sensor was not made by leafline but by hand/);
	const { text } = await noted("edge2", "source-missing");
	expect(text).toMatch(/^hub_sensor does not source edge2_sensor, \d+ messages wait there: taken out by hand\?/);
});

test("the small disk is gone with its server", () => {
	expect(spawnSync("mount", { encoding: "utf8" }).stdout).not.toContain(stack.dir);
});
