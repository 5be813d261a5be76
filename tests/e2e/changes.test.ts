import { connect, credsAuthenticator, ErrorCode, type NatsError } from "nats";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { stackOutputs } from "../../contract/outputs";
import { eventually } from "../support/eventually";
import { type Finished, makeProject, type Project } from "../support/project";

const fleet = (can: string, legacy: string) => `apiVersion: leafline/v1
fleet: changes
hardware:
  box: { arch: amd64, buffer: 256MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 10m }
classes:
  can: { rate: 50/s, size: 512B, accepts: ${can}, whenFull: refuse, hub: { keep: 1h } }
  legacy: { rate: 50/s, size: 512B, accepts: ${legacy}, whenFull: refuse, hub: { keep: 1h } }
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

/** A program on edge1 that publishes until it is stopped; gives how many messages were acknowledged. */
async function program(): Promise<() => Promise<number>> {
	const local = await connect({ servers: `127.0.0.1:${project.firstClientPort}` });
	let running = true;
	const saying = (async () => {
		let acknowledged = 0;
		while (running) {
			try {
				await local.request("vehicle.n", "n", { timeout: 10_000 });
				acknowledged++;
			} catch (error) {
				if ((error as NatsError).code !== ErrorCode.NoResponders) throw error;
			}
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

/** Messages in both of the hub's streams. */
async function onHub(): Promise<number> {
	const { access } = stackOutputs.parse(await project.outputs());
	const authenticator = credsAuthenticator(new TextEncoder().encode(access?.adminCreds ?? ""));
	const admin = await connect({ servers: `127.0.0.1:${project.ports.client}`, authenticator });
	try {
		const infos = ["hub_can", "hub_legacy"].map((name) =>
			admin.request(`$JS.API.STREAM.INFO.${name}`, "", { timeout: 5_000 }),
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
