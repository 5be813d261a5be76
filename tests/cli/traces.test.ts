import { join, resolve } from "node:path";
import { connect, type NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Note } from "../../cli/fleet/notes/note";
import { setLink } from "../../components/links/control";
import { journalStream } from "../../topology/journal";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { run } from "../support/project";
import { openRawLeaf } from "../support/raw-leaf";
import { makeSettings } from "../topology/fixtures";
import { api, type Stack, startStack } from "./stack";

/** What `status` says of what somebody did to a hub or a device, on real servers. */
let stack: Stack;
let hub: NatsConnection;
let outputs: string;
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
	stack = await startStack(["edge1", "edge2", "edge3"]);
	hub = await stack.connect("hub");
	const config = { ...journalStream(makeSettings()), metadata: { "leafline.owner": "leafline/local" } };
	await onHub(`STREAM.CREATE.${config.name}`, config);
	const { leafline } = stack.outputs;
	const withJournal = { ...leafline, hub: { ...leafline.hub, journal: config.name } };
	outputs = stack.write("journal.json", { ...stack.outputs, leafline: withJournal });
});
afterAll(async () => {
	await stack?.stop();
});

const onHub = (call: string, body?: unknown) => api(hub, `${ADMIN_API}.${call}`, body);

interface Look {
	readonly hub: { readonly notes: readonly Note[] };
	readonly devices: Readonly<
		Record<
			string,
			{
				readonly notes: readonly Note[];
				readonly backlog?: number;
				readonly vanished?: number;
				readonly gone?: string[];
			}
		>
	>;
	readonly code: number;
}

async function leafline(...args: string[]) {
	const all = [resolve("bin/cli/main.js"), "status", ...args, "--outputs", outputs];
	return run(process.execPath, all, { cwd: stack.dir, env: stack.env });
}

async function status(): Promise<Look> {
	const { code, stdout, text } = await leafline("--json");
	if (!stdout.startsWith("{")) throw new Error(text);
	return { ...(JSON.parse(stdout) as Look), code };
}

/** The look in which there is such a note, on the hub or a device. */
async function noted(on: string, code: Note["code"]): Promise<Note & { readonly look: Look }> {
	let look: Look | undefined;
	const notes = () => (on === "hub" ? look?.hub : look?.devices[on])?.notes ?? [];
	const there = async () => {
		look = await status();
		return notes().some((note) => note.code === code);
	};
	await eventually(there, { what: `${code} of ${on}`, within: 60_000 }).catch((error) => {
		throw new Error(`${error.message}: ${JSON.stringify(notes())}`);
	});
	const note = notes().find((note) => note.code === code);
	if (!note || !look) throw new Error("no note");
	return { ...note, look };
}

async function publish(device: string, messages: number): Promise<void> {
	const jetstream = (await stack.connect(device)).jetstream();
	for (let i = 0; i < messages; i++) await jetstream.publish("vehicle.sensor", "21.5");
}

const arrived = (device: string) =>
	eventually(async () => (await status()).devices[device]?.backlog === 0, {
		what: `${device} has nothing left`,
		within: 60_000,
	});

test("nothing is said of a hub that was left alone", async () => {
	await publish("edge1", 20);
	await arrived("edge1");
	const { hub, devices, code } = await status();
	expect([...hub.notes, ...Object.values(devices).flatMap(({ notes }) => notes)]).toEqual([]);
	expect(code).toBe(0);
});

test("logins with other credentials", async () => {
	const port = new URL(stack.outputs.leafline.hub.clientUrl ?? "").port;
	for (let i = 0; i < 3; i++)
		await expect(connect({ servers: `127.0.0.1:${port}`, user: "root", pass: "toor" })).rejects.toThrow();
	const { text, needsHand } = await noted("hub", "refused-logins");
	expect(text).toMatch(/^3 logins refused since .* from 127\.0\.0\.1 as root, Authentication Failure; last at/);
	expect(needsHand).toBe(false);
});

test("a link that somebody with other credentials takes from a device", async () => {
	const { hub: at, ca } = stack.outputs.leafline;
	const port = Number(new URL(at.urls[0] ?? "").port);
	const credentials = stack.credentials("edge2");
	const pretends = { cluster: "edge1", remote_account: "$G" };
	const thief = await openRawLeaf({ port, ca, credentials, name: "edge1", pretends });
	const { text, look } = await noted("hub", "evicted");
	thief.close();
	expect(text).toMatch(
		/^edge1: its link was closed \d+ times? because another one came under its name from .* with the credentials of edge2: retire edge2 as lost/,
	);
	expect(look.hub.notes.map(({ code }) => code)).toContain("wrong-name");
	expect(look.code).toBe(2);
});

test("messages that somebody purged on a device before the hub had them", async () => {
	const links = join(stack.dir, ".leafline/local/links");
	await publish("edge2", 5);
	await arrived("edge2");
	await setLink(links, "edge2", { mode: "cut" });
	await publish("edge2", 30);
	await api(await stack.connect("edge2"), "$JS.API.STREAM.PURGE.edge2_sensor");
	const { text, look } = await noted("edge2", "vanished");
	expect(text).toMatch(/^edge2_sensor: 30 messages are gone from the device that the hub never had: purged/);
	expect(look.devices.edge2).toMatchObject({ vanished: 30 });
	expect(look.code).toBe(2);
	expect((await leafline()).stdout).toMatch(/ waiting · 30 messages gone before the hub had them$/m);
	// The next message takes the hub past them, and it is remembered.
	await setLink(links, "edge2", { mode: "up" });
	await publish("edge2", 1);
	const gone = async () => (await status()).devices.edge2?.vanished === undefined;
	await eventually(gone, { what: "the hub is past the gap", within: 60_000 });
	expect(await noted("edge2", "vanished")).toMatchObject({
		text: expect.stringMatching(/^edge2_sensor: 30 messages were gone before the hub had them, seen /),
		needsHand: false,
	});
});

test("a stream of a device that was deleted is gone, and nothing of it is counted", async () => {
	await api(await stack.connect("edge3"), "$JS.API.STREAM.DELETE.edge3_sensor");
	const { look } = await noted("edge3", "stream-missing");
	expect(look.devices.edge3?.gone).toEqual(["edge3_sensor"]);
	expect((await leafline()).stdout).toMatch(/ at least 0 waiting · 1 stream gone/);
});

test("a stream of the hub that was emptied by hand", async () => {
	await onHub("STREAM.PURGE.hub_sensor");
	const { text, look } = await noted("hub", "purged");
	expect(text).toMatch(
		/^hub_sensor: somebody asked to delete messages of it at .*, not by this stack\. It holds 0 messages now/,
	);
	expect(look.hub.notes.map(({ code }) => code)).toContain("hub-stream-emptied");
	expect(look.code).toBe(2);
});

test("a reader's consumer and a stream's limits that somebody changed", async () => {
	const { config } = (await onHub("STREAM.INFO.hub_sensor")) as { config: object };
	await onHub("STREAM.UPDATE.hub_sensor", { ...config, max_age: 3_600_000_000_000 });
	expect((await noted("hub", "changed-by-hand")).text).toMatch(/^hub_sensor: somebody asked to change it/);
});

test("what somebody has seen is put away, and what is so stays", async () => {
	const codes = async () => (await status()).hub.notes.map(({ code }) => code);
	const before = await codes();
	expect(before).toEqual(expect.arrayContaining(["purged", "changed-by-hand", "evicted", "hub-stream-emptied"]));
	const shown = JSON.parse((await leafline("--json", "--seen")).stdout) as Look;
	expect(
		shown.hub.notes.map(({ code }) => code),
		"it is shown once more",
	).toEqual(before);
	expect(await codes()).toEqual(["hub-stream-emptied"]);
	await onHub("STREAM.PURGE.hub_sensor");
	await noted("hub", "purged");
	expect(await codes()).not.toContain("changed-by-hand");
});

test("a stream of the hub that was deleted by hand: who was connected then, and that it is gone", async () => {
	await api(await stack.connect("hub"), `${ADMIN_API}.STREAM.DELETE.hub_sensor`);
	const { text, look } = await noted("hub", "deleted-by-hand");
	expect(text).toMatch(
		/^hub_sensor: somebody asked to delete it at .* \(connected as administrator then: admin from 127\.0\.0\.1\), not by this stack/,
	);
	expect(look.hub.notes.map(({ code }) => code)).toContain("hub-stream-missing");
	expect((await leafline()).stdout).toMatch(/ \d+ streams? gone/);
});

test("a journal that was deleted", async () => {
	await onHub("STREAM.DELETE.leafline_journal");
	const { look } = await noted("hub", "journal-missing");
	expect(look.code).toBe(2);
});
