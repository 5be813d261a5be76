import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { adminCreds, readerCreds } from "../../components/identity/credentials";
import { accountSeeds } from "../../components/identity/keys";
import { ADMIN_API, readerInbox } from "../../topology/permissions";
import { type Bench, startBench, streamConfig } from "../support/bench";

/** What a request brings: the reply's text, or why there is none. */
async function outcome(client: NatsConnection, subject: string, body = ""): Promise<string> {
	try {
		return (await client.request(subject, body, { timeout: 700 })).string();
	} catch (error) {
		return `no answer: ${error instanceof Error ? error.message : error}`;
	}
}

describe("who may connect to the hub's client port, and do what there", () => {
	let bench: Bench;
	const open: NatsConnection[] = [];

	beforeAll(async () => {
		bench = await startBench();
		for (const stream of ["hub_can", "hub_alarm"]) {
			await bench.api("hub", `STREAM.CREATE.${stream}`, streamConfig(stream, { subjects: [`down.*.${stream}.>`] }));
			for (const consumer of ["lake", "other"]) {
				const config = { name: consumer, durable_name: consumer, ack_policy: "explicit", deliver_policy: "all" };
				await bench.api("hub", `CONSUMER.CREATE.${stream}.${consumer}`, { stream_name: stream, config });
			}
			await bench.control.hub.request(`down.edge1.${stream}.x`, "data", { timeout: 3_000 });
		}
	});
	afterEach(async () => {
		await Promise.all(open.splice(0).map((client) => client.close()));
	});
	afterAll(() => bench?.close());

	const join = async (credentials: string, inboxPrefix?: string) => {
		const client = await connect({
			servers: `nats://127.0.0.1:${bench.hubs[0]?.ports.client}`,
			authenticator: credsAuthenticator(new TextEncoder().encode(credentials)),
			reconnect: false,
			...(inboxPrefix !== undefined && { inboxPrefix }),
		});
		open.push(client);
		return client;
	};
	const reader = () => join(readerCreds(bench.keys, "lake", ["hub_can"]), readerInbox("lake"));
	const admin = () => join(adminCreds(bench.keys, { direct: true }));
	/** Somebody of an account whom no role limits: what such a one can do shows what the role is for. */
	const unlimited = async (account: string) => {
		const client = await bench.join(account);
		open.push(client);
		return client;
	};

	it("not a device", async () => {
		await expect(join(bench.credentials("edge1"))).rejects.toThrow(/authorization/i);
	});

	it("an administrator only where that was asked for", async () => {
		await expect(join(adminCreds(bench.keys, { direct: false }))).rejects.toThrow(/authorization/i);
		expect(await outcome(await admin(), `${ADMIN_API}.STREAM.INFO.hub_can`)).toContain('"hub_can"');
	});

	it("a reader, who reads and acknowledges through its consumer", async () => {
		const consumer = await (await reader()).jetstream().consumers.get("hub_can", "lake");
		const message = await consumer.next({ expires: 3_000 });
		expect(message?.string()).toBe("data");
		expect(await message?.ackAck()).toBe(true);
		const info = await bench.api("hub", "CONSUMER.INFO.hub_can.lake");
		expect(info).toMatchObject({ num_ack_pending: 0, num_pending: 0 });
	});

	it("a reader, who sets its consumer to where it is itself", async () => {
		const answer = JSON.parse(await outcome(await reader(), "$JS.API.CONSUMER.RESET.hub_can.lake", '{"seq":1}'));
		expect(answer).toMatchObject({ reset_seq: 1, num_pending: 1, delivered: { consumer_seq: 0 } });
	});

	it.each([
		["look at another stream", "$JS.API.STREAM.INFO.hub_alarm", ""],
		["look at another's consumer", "$JS.API.CONSUMER.INFO.hub_can.other", ""],
		["make a consumer", "$JS.API.CONSUMER.CREATE.hub_can", '{"stream_name":"hub_can","config":{"ack_policy":"none"}}'],
		["set another's consumer back", "$JS.API.CONSUMER.RESET.hub_can.other", '{"seq":1}'],
		["set its own on another stream", "$JS.API.CONSUMER.RESET.hub_alarm.lake", '{"seq":1}'],
		["delete its consumer", "$JS.API.CONSUMER.DELETE.hub_can.missing", ""],
		["delete messages", "$JS.API.STREAM.PURGE.hub_can", '{"filter":"nothing.here"}'],
		["command devices", "down.edge1.hub_can.forged", "forged"],
	])("a reader, but it cannot %s, as an administrator can", async (_, subject, body) => {
		expect(await outcome(await reader(), subject, body)).toMatch(/^no answer/);
		const asked = subject.replace("$JS.API", ADMIN_API);
		expect(await outcome(await admin(), asked, body)).not.toMatch(/^no answer|"code":503/);
	});

	it("a reader, who does not hear what others are told", async () => {
		const other = await join(readerCreds(bench.keys, "other", ["hub_can"]), readerInbox("other"));
		const heard = async (client: NatsConnection) => {
			const sub = client.subscribe(`${readerInbox("other")}.>`);
			sub.closed.catch(() => {});
			await client.flush();
			expect(await outcome(other, "$JS.API.CONSUMER.INFO.hub_can.other")).toContain('"other"');
			await client.flush();
			return sub.getReceived();
		};
		expect(await heard(await reader())).toBe(0);
		expect(await heard(await unlimited(accountSeeds(bench.keys).readers))).toBeGreaterThan(0);
	});
});

describe("what the system account's user may ask the hub", () => {
	let bench: Bench;
	/** Somebody of the same account without any limits: what it is told shows that the hub would have answered. */
	let unlimited: NatsConnection;

	beforeAll(async () => {
		bench = await startBench();
		unlimited = await bench.join(bench.keys.system);
	});
	afterAll(async () => {
		await unlimited?.close();
		await bench?.close();
	});

	it.each(["PING", "PING.LEAFZ", "PING.JSZ", "PING.VARZ"])("the state of its servers: %s", async (request) => {
		expect(await outcome(bench.control.system, `$SYS.REQ.SERVER.${request}`)).toContain('"name":"hub"');
	});

	it.each(["CLAIMS.LIST", "CLAIMS.PACK", "CLAIMS.DELETE", "SERVER.PING.SUBSZ", "SERVER.PING.ACCOUNTZ"])(
		"but not %s",
		async (request) => {
			expect(await outcome(unlimited, `$SYS.REQ.${request}`)).not.toMatch(/^no answer/);
			expect(await outcome(bench.control.system, `$SYS.REQ.${request}`)).toMatch(/^no answer/);
		},
	);
});
