import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { connect, credsAuthenticator, headers, type MsgHdrs, NatsError } from "nats";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { stackOutputs } from "../../contract/outputs";
import { sleep } from "../../system/wait";
import { ADMIN_API } from "../../topology/permissions";
import { eventually } from "../support/eventually";
import { type Finished, makeProject, type Project } from "../support/project";

const fleet = (can: string, legacy: string) => `apiVersion: leafline/v1
fleet: changes
hardware:
  box: { arch: amd64, buffer: 256MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 10m }
classes:
  can: { rate: 50/s, size: 512B, accepts: ${can}, whenFull: drop-oldest, hub: { keep: 1h } }
  legacy: { rate: 50/s, size: 512B, accepts: ${legacy}, whenFull: drop-oldest, hub: { keep: 1h } }
  debug: { rate: 5/s, size: 512B, accepts: debug.>, storage: memory, whenFull: drop-oldest, hub: { keep: 1h } }
groups:
  demo: { devices: "edge1, edge2" }
`;

let project: Project;
beforeAll(async () => {
	project = await makeProject(fleet("vehicle.>", "telemetry.>"));
	ok(await project.pulumi("up", "--yes"));
});
afterEach(async () => {
	await stop?.();
});
afterAll(async () => {
	await project?.close();
});

/** Of the program that runs, for a test that fails before it ends it. */
let stop: (() => Promise<number>) | undefined;

function ok(result: Finished): string {
	expect(result.code, result.text).toBe(0);
	return result.text;
}

/**
 * A program on edge1 that publishes until it is stopped; gives how many messages were acknowledged. A message whose
 * acknowledgement got lost, as when the device's server starts again, is said again under its id.
 */
async function program(): Promise<() => Promise<number>> {
	const local = await connect({
		servers: `127.0.0.1:${project.firstClientPort}`,
		maxReconnectAttempts: -1,
		reconnectTimeWait: 100,
	});
	let running = true;
	const run = ++runs;
	const say = async (id: string): Promise<boolean> => {
		try {
			const { error } = (await local.request("vehicle.n", "n", { timeout: 2_000, headers: messageId(id) })).json<Ack>();
			if (error) throw new Error(error.description);
			return true;
		} catch (error) {
			if (error instanceof NatsError) return false;
			throw error;
		}
	};
	const saying = (async () => {
		let acknowledged = 0;
		for (; running; acknowledged++) {
			while (!(await say(`${run} ${acknowledged}`))) await sleep(20);
			await sleep(5);
		}
		await local.close();
		return acknowledged;
	})();
	saying.catch(() => {});
	stop = async () => {
		running = false;
		stop = undefined;
		return saying;
	};
	return stop;
}

interface Ack {
	readonly seq?: number;
	readonly error?: { readonly description: string };
}

let runs = 0;

function messageId(id: string): MsgHdrs {
	const all = headers();
	all.set("Nats-Msg-Id", id);
	return all;
}

/** Messages in both of the hub's streams. */
async function onHub(): Promise<number> {
	const { access } = stackOutputs.parse(await project.outputs());
	const authenticator = credsAuthenticator(new TextEncoder().encode(access?.adminCreds ?? ""));
	const admin = await connect({ servers: `127.0.0.1:${project.ports.client}`, authenticator });
	try {
		const infos = ["hub_can", "hub_legacy"].map((name) =>
			admin.request(`${ADMIN_API}.STREAM.INFO.${name}`, "", { timeout: 5_000 }),
		);
		const states = (await Promise.all(infos)).map((info) => info.json<{ state: { messages: number } }>().state);
		return states.reduce((sum, { messages }) => sum + messages, 0);
	} finally {
		await admin.close();
	}
}

async function exactly(messages: number): Promise<void> {
	await eventually(async () => (await onHub()) >= messages, { what: `${messages} on the hub`, within: 40_000 });
	expect(await onHub()).toBe(messages);
}

let published = 0;

test("another way of sourcing multiplies nothing, with a program that publishes all the while", async () => {
	const end = await program();
	project.set("sourcing", "ephemeral");
	expect(ok(await project.pulumi("preview"))).toMatch(
		/hub_can: source edge1_can and 1 more .*consumer.name from hub to nothing/,
	);
	ok(await project.pulumi("up", "--yes"));
	ok(await project.pulumi("preview", "--expect-no-changes"));
	published = await end();
	expect(published).toBeGreaterThan(100);
	await exactly(published);
});

test("and back again, while two classes exchange what they accept", async () => {
	const end = await program();
	project.set("sourcing", "durable");
	project.writeFleet(fleet("telemetry.>", "vehicle.>"));
	ok(await project.pulumi("up", "--yes"));
	published += await end();
	await exactly(published);
	ok(await project.pulumi("preview", "--expect-no-changes"));
});

test("a device whose server was started anew takes what goes into a class in memory, without an update", async () => {
	const local = await connect({ servers: `127.0.0.1:${project.firstClientPort}`, maxReconnectAttempts: -1 });
	try {
		const stored = async () => {
			const { error, seq } = (await local.request("debug.n", "n", { timeout: 2_000 })).json<Ack>();
			if (error) throw new Error(error.description);
			return seq;
		};
		for (let message = 1; message <= 3; message++) expect(await stored()).toBe(message);
		// As the device program does it here.
		execFileSync(process.execPath, [resolve("bin/components/daemon/daemon.js"), "again", "."], {
			cwd: join(project.dir, ".leafline/local/edge1"),
		});
		const first = await eventually(stored, { what: "a message is taken", within: 30_000 });
		expect(first, "by a stream that begins").toBe(1);
	} finally {
		await local.close();
	}
	ok(await project.pulumi("preview", "--refresh", "--expect-no-changes"));
});
