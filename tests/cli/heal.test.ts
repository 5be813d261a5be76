import { cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Note } from "../../cli/fleet/notes/note";
import { count } from "../../cli/format";
import { deliverPrefix, HUB_CONSUMER } from "../../topology/names";
import { ADMIN_API, deviceRole } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { run } from "../support/project";
import { api, type Stack, startStack } from "./stack";

/** `leafline heal` on real servers: each test stops a source in another way, and has all of it at the hub afterwards. */
let stack: Stack;
let hub: NatsConnection;

/** A source that did not find its consumer is tried again 10 s to 2 min later (nats-server, `stream.go`). */
const MENDED_MS = 150_000;
/** Several windows of 1,000: less than one would not stop a source that is behind. */
const BACKLOG = 3_000;
vi.setConfig({ testTimeout: 2 * MENDED_MS });

beforeAll(async () => {
	stack = await startStack(["edge1", "edge2", "edge3", "edge4"]);
	hub = await stack.connect("hub");
});
afterAll(async () => {
	await stack?.stop();
});

async function heal(device: string, ...flags: string[]) {
	const args = [resolve("bin/cli/main.js"), "heal", device, ...flags, "--outputs", stack.outputsFile];
	const { code, text } = await run(process.execPath, args, { cwd: stack.dir, env: stack.env });
	return { code, text: text.trimEnd() };
}

/** What `status` says of a device, looked at until it has such a note. */
async function noted(device: string, code: Note["code"], needsHand: boolean) {
	let seen: { notes: Note[]; backlog?: number; exit: number } | undefined;
	const is = (note: Note) => note.code === code && note.needsHand === needsHand;
	await eventually(
		async () => {
			const args = [resolve("bin/cli/main.js"), "status", "--json", "--outputs", stack.outputsFile];
			const { code: exit, stdout } = await run(process.execPath, args, { cwd: stack.dir, env: stack.env });
			if (!stdout.startsWith("{")) return false;
			seen = { ...JSON.parse(stdout).devices[device], exit };
			return seen?.notes.some(is) ?? false;
		},
		{ what: `${code} of ${device}`, within: MENDED_MS },
	).catch((error) => {
		throw new Error(`${error.message}: ${JSON.stringify(seen)}`);
	});
	return { ...seen, text: seen?.notes.find(is)?.text ?? "" };
}

async function publish(device: string, messages: number): Promise<void> {
	const jetstream = (await stack.connect(device)).jetstream();
	for (let at = 0; at < messages; at += 200) {
		const some = Math.min(200, messages - at);
		await Promise.all(Array.from({ length: some }, () => jetstream.publish("vehicle.sensor", "21.5")));
	}
}

const edge = async (device: string, call: string, body?: unknown) =>
	api(await stack.connect(device), `$JS.API.${call}`, body);

async function onHub(device: string): Promise<number> {
	const body = { subjects_filter: `${device}.sensor.>` };
	const info = (await api(hub, `${ADMIN_API}.STREAM.INFO.hub_sensor`, body)) as {
		state: { subjects?: Record<string, number> };
	};
	return Object.values(info.state.subjects ?? {}).reduce((sum, messages) => sum + messages, 0);
}
const arrived = (device: string, messages: number) =>
	eventually(async () => (await onHub(device)) === messages, {
		what: `${messages} of ${device} at the hub`,
		within: MENDED_MS,
	});

/** With the hub away, so that it does not find its way by itself, as one that still listens would. */
async function withoutHub(act: () => Promise<unknown>, program?: string): Promise<void> {
	await stack.kill("hub");
	await act();
	await stack.start("hub", program);
	await eventually(() => hub.flush().then(() => true), { what: "the hub is back", within: MENDED_MS });
	const told = async () =>
		(await fetch(`${stack.outputs.leafline.hub.monitorUrl}/leafz`)).json() as Promise<{ leafs?: unknown[] }>;
	await eventually(async () => (await told()).leafs?.length === 4, { what: "all are back", within: MENDED_MS });
}

test("nothing to do, no such device, and one that is away", async () => {
	await publish("edge1", 10);
	await arrived("edge1", 10);
	expect(await heal("edge1")).toEqual({ code: 0, text: "edge1_sensor: well, the hub is at 10" });
	expect(await heal("edge9")).toEqual({
		code: 1,
		text: "leafline: the fleet has no device edge9; it has edge1, edge2, edge3, edge4",
	});
	await stack.kill("edge4");
	const { code, text } = await heal("edge4");
	await stack.start("edge4");
	expect(text).toMatch(/^leafline: edge4 is not connected: npx leafline status says why/);
	expect(code).toBe(1);
});

test("a consumer that was deleted: a dry run says what would be done, and does nothing", async () => {
	await publish("edge2", BACKLOG);
	await arrived("edge2", BACKLOG);
	await withoutHub(() => edge("edge2", `CONSUMER.DELETE.edge2_sensor.${HUB_CONSUMER}`));
	await publish("edge2", 100);
	const would = "edge2_sensor: its consumer is gone: would make it anew, and set it behind 3,000";
	expect(await heal("edge2", "--dry-run")).toEqual({ code: 2, text: would });
	expect(await heal("edge2", "-n")).toEqual({ code: 2, text: would });
	const { code, text } = await heal("edge2");
	expect(text).toMatch(/^edge2_sensor: its consumer is gone: healed \(make it anew/);
	expect(code).toBe(0);
	await arrived("edge2", BACKLOG + 100);
});

test("a consumer that is behind the hub by more than its window", async () => {
	const at = (await onHub("edge1")) + BACKLOG;
	await publish("edge1", BACKLOG);
	await arrived("edge1", at);
	// leafline's server would see to it by itself (`tests/streams/position.test.ts`).
	const official = await officialServer();
	await withoutHub(() => edge("edge1", `CONSUMER.RESET.edge1_sensor.${HUB_CONSUMER}`, { seq: 1 }), official);
	await publish("edge1", 100);
	await eventually(
		async () =>
			((await edge("edge1", `CONSUMER.INFO.edge1_sensor.${HUB_CONSUMER}`)) as { num_ack_pending: number })
				.num_ack_pending >= 1_000,
		{ what: "a whole window waits", within: MENDED_MS },
	);
	const { code, text } = await heal("edge1");
	expect(text).toMatch(
		new RegExp(`^edge1_sensor: its consumer has sent up to [\\d,]+, and the hub has ${count(at)}: healed`),
	);
	expect(code).toBe(0);
	await arrived("edge1", at + 100);
	await withoutHub(async () => {});
});

test("a consumer that was set past what the hub has, which would never be sent", async () => {
	await publish("edge3", 50);
	await arrived("edge3", 50);
	const past = (seq: number) => async () => {
		await publish("edge3", 100);
		await edge("edge3", `CONSUMER.RESET.edge3_sensor.${HUB_CONSUMER}`, { seq });
	};
	// leafline's server sees to it by itself.
	await withoutHub(past(151));
	await arrived("edge3", 150);
	await withoutHub(past(251), await officialServer());
	const would = "edge3_sensor: its consumer goes on behind 250, and the hub has 150 only: would";
	expect((await heal("edge3", "--dry-run")).text).toBe(`${would} have the hub source it anew, behind 150`);
	const { code, text } = await heal("edge3");
	expect(text).toMatch(/^edge3_sensor: its consumer goes on behind 250, and the hub has 150 only: healed/);
	expect(code).toBe(0);
	await arrived("edge3", 250);
	await publish("edge3", 10);
	await arrived("edge3", 260);
	await withoutHub(async () => {});
});

test("a hub that went back behind what it acknowledged: named before the next message hides it", async () => {
	const store = join(stack.dir, "hub");
	const old = `${store}.old`;
	// All that the device holds was acknowledged, and nothing waits.
	const acknowledged = async () => {
		const { ack_floor, num_pending } = (await edge("edge3", `CONSUMER.INFO.edge3_sensor.${HUB_CONSUMER}`)) as {
			ack_floor: { stream_seq: number };
			num_pending: number;
		};
		return num_pending === 0 && ack_floor.stream_seq === (await onHub("edge3"));
	};
	const goBack = async (program?: string) => {
		const before = await onHub("edge3");
		await withoutHub(async () => cpSync(store, old, { recursive: true }), program);
		await publish("edge3", 40);
		await arrived("edge3", before + 40);
		await eventually(acknowledged, { what: "all is acknowledged", within: MENDED_MS });
		await withoutHub(async () => {
			rmSync(store, { recursive: true });
			cpSync(old, store, { recursive: true });
			rmSync(old, { recursive: true });
		}, program);
		return before;
	};
	await publish("edge3", 10);
	await eventually(acknowledged, { what: "all is acknowledged", within: MENDED_MS });
	// leafline's server sees to it by itself.
	const before = await goBack();
	const at = before + 40;
	await arrived("edge3", at);

	expect(await goBack(await officialServer())).toBe(at);
	const { text, backlog, exit } = await noted("edge3", "hub-behind", true);
	expect(text).toMatch(
		new RegExp(
			`^hub_sensor is at sequence ${count(at)} of edge3_sensor and has acknowledged more: .*\\. Up to 40 messages wait on the device that it does not ask for again\\. npx leafline heal edge3 has it source them`,
		),
	);
	expect({ backlog, exit }).toEqual({ backlog: 40, exit: 2 });
	const healed = await heal("edge3");
	expect(healed.text).toMatch(
		new RegExp(
			`^edge3_sensor: its consumer goes on behind ${count(at + 40)}, and the hub has ${count(at)} only: healed`,
		),
	);
	expect(healed.code).toBe(0);
	await arrived("edge3", at + 40);
	await withoutHub(async () => {});
});

test("a delivery that permissions keep from the hub is named, and goes on when they are back", async () => {
	const role = deviceRole([]);
	const denied = role.publish.filter((subject) => !subject.startsWith(deliverPrefix("")));
	expect(denied).toHaveLength(role.publish.length - 1);
	const before = await onHub("edge2");
	await stack.permit({ ...role, publish: denied });
	try {
		await publish("edge2", 100);
		const { text, exit } = await noted("edge2", "stands-still", true);
		expect(text).toMatch(
			/ stands still at sequence [\d,]+ for \d:\d\d while 100 messages wait, and nobody listens where consumer hub delivers to: do permissions keep it from the hub\? .*; then npx leafline heal edge2$/,
		);
		expect(exit).toBe(2);
		expect(await onHub("edge2")).toBe(before);
	} finally {
		await stack.permit(role);
	}
	// A push has all devices connect anew.
	const healed = async () => (await heal("edge2")).code === 0;
	await eventually(healed, { what: "edge2 is healed", within: MENDED_MS });
	await arrived("edge2", before + 100);
});

test("a consumer that was changed: a filter that keeps what comes from the hub", async () => {
	const before = (await onHub("edge3")) + 10;
	await publish("edge3", 10);
	await arrived("edge3", before);
	const { config } = (await edge("edge3", `CONSUMER.INFO.edge3_sensor.${HUB_CONSUMER}`)) as { config: object };
	const changed = { ...config, filter_subject: "edge.edge3.other" };
	const call = `CONSUMER.CREATE.edge3_sensor.${HUB_CONSUMER}.edge.edge3.other`;
	await edge("edge3", call, { stream_name: "edge3_sensor", config: changed });
	await publish("edge3", 10);
	const { text, exit } = await noted("edge3", "consumer-changed", true);
	expect(text).toMatch(/^consumer hub on edge3_sensor is not as leafline made it \(filter_subject\)/);
	expect(exit).toBe(2);
	const { text: done, code } = await heal("edge3");
	expect(done).toMatch(/^edge3_sensor: its consumer was changed \(filter_subject\): healed \(make it as it was/);
	expect(code).toBe(0);
	await arrived("edge3", before + 10);
});

test("a consumer that has left out messages before the hub had any of that device", async () => {
	const { config } = (await edge("edge4", `CONSUMER.INFO.edge4_sensor.${HUB_CONSUMER}`)) as { config: object };
	const changed = { ...config, filter_subject: "edge.edge4.other" };
	const call = `CONSUMER.CREATE.edge4_sensor.${HUB_CONSUMER}.edge.edge4.other`;
	await edge("edge4", call, { stream_name: "edge4_sensor", config: changed });
	await publish("edge4", 10);
	expect(await onHub("edge4")).toBe(0);
	expect((await heal("edge4")).text).toMatch(/^edge4_sensor: its consumer was changed \(filter_subject\): healed/);
	await arrived("edge4", 10);
});

test("a consumer that is paused", async () => {
	const before = await onHub("edge3");
	const until = new Date(Date.now() + 3_600_000).toISOString();
	await edge("edge3", `CONSUMER.PAUSE.edge3_sensor.${HUB_CONSUMER}`, { pause_until: until });
	await publish("edge3", 10);
	const { code, text } = await heal("edge3");
	expect(text).toBe("edge3_sensor: its consumer is paused: healed (resume it)");
	expect(code).toBe(0);
	await arrived("edge3", before + 10);
});

test("a stream that ends beyond its last message, as after a power cut, has nothing to wait for", async () => {
	const at = (await onHub("edge1")) + 10;
	await publish("edge1", 10);
	await arrived("edge1", at);
	await withoutHub(async () => {
		await publish("edge1", 5);
		await edge("edge1", "STREAM.PURGE.edge1_sensor");
		await edge("edge1", `CONSUMER.DELETE.edge1_sensor.${HUB_CONSUMER}`);
	});
	expect(await heal("edge1")).toEqual({
		code: 0,
		text: `edge1_sensor: its consumer is gone: healed (make it anew, and set it behind ${count(at)})`,
	});
	await publish("edge1", 10);
	await arrived("edge1", at + 10);
});

test("a consumer that was deleted, when the hub holds nothing any more that shows where it is", async () => {
	await api(hub, `${ADMIN_API}.STREAM.PURGE.hub_sensor`, {});
	await edge("edge2", `CONSUMER.DELETE.edge2_sensor.${HUB_CONSUMER}`);
	const { code, text } = await heal("edge2");
	expect(text).toMatch(/^edge2_sensor: its consumer is gone: (not )?healed \(make it anew\)/);
	expect(text).toMatch(/(^|: )healed \([^\n]*$/);
	expect(code).toBe(0);
	await publish("edge2", 10);
	await arrived("edge2", 10);
});

test("a stream that is gone from the device is made by an update, not by this", async () => {
	await edge("edge4", "STREAM.DELETE.edge4_sensor");
	expect(await heal("edge4")).toEqual({
		code: 2,
		text: "edge4_sensor: the stream is gone from the device. npm run pulumi -- refresh --yes, then npm run up",
	});
});
