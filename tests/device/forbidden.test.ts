import { createInbox, type Msg } from "nats";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually";
import { officialServer } from "../support/official-server";
import { planFleet } from "../support/rig";
import { makeServers, type Servers } from "../support/servers";
import { FLEET, type Program, type Solo, startSolo } from "./solo";

type Answer = Readonly<Record<string, unknown>>;

interface Call {
	/** Without the prefix of the API. */
	readonly call: string;
	readonly body?: unknown;
	/** What the device looks like when somebody has done it. @default the server's answer is no error */
	readonly harmed?: (device: Solo) => Promise<boolean>;
	/** A server by itself has no use for it and says so: an answer is all that can be seen. */
	readonly answered?: true;
	/** What must not be there for it to be possible. */
	readonly without?: "stream" | "consumer";
}

const messages = async ({ api }: Solo) => ((await api("STREAM.INFO.edge1_can")).state as { messages: number }).messages;
const hub = async ({ api }: Solo) => api("CONSUMER.INFO.edge1_can.hub");
const consumer = (change: Record<string, unknown>) => ({
	stream_name: "edge1_can",
	config: {
		durable_name: "hub",
		name: "hub",
		deliver_subject: "deliver.edge1.can",
		ack_policy: "flow_control",
		flow_control: true,
		idle_heartbeat: 1_000_000_000,
		deliver_policy: "all",
		replay_policy: "instant",
		max_ack_pending: 7,
		...change,
	},
});
const changed = async (device: Solo) => {
	const { config } = (await hub(device)) as { config?: { max_ack_pending?: number } };
	return config?.max_ack_pending === 7;
};
const own = { name: "edge1_can", subjects: ["edge1.can.>"], max_bytes: 1_000_000 };
const is = async ({ api }: Solo, call: string) => (await api(call)).error === undefined;
const isMade = (device: Solo) => is(device, "STREAM.INFO.edge1_can");
const isGone = async (device: Solo) => !(await isMade(device));

const CALLS: readonly Call[] = [
	{ call: "STREAM.PURGE.edge1_can", harmed: async (device) => (await messages(device)) === 0 },
	{
		call: "STREAM.PURGE.edge1_can",
		body: { keep: 0, filter: "edge1.>" },
		harmed: async (device) => (await messages(device)) === 0,
	},
	{ call: "STREAM.DELETE.edge1_can", harmed: isGone },
	{ call: "STREAM.MSG.DELETE.edge1_can", body: { seq: 1 }, harmed: async (device) => (await messages(device)) === 0 },
	{
		call: "STREAM.UPDATE.edge1_can",
		body: { ...own, max_msgs: 5, allow_direct: true, discard: "new" },
		harmed: async ({ api }) => ((await api("STREAM.INFO.edge1_can")).config as { max_msgs: number }).max_msgs === 5,
	},
	{ call: "STREAM.CREATE.edge1_can", body: own, without: "stream", harmed: isMade },
	{ call: "STREAM.RESTORE.edge1_can", body: { config: own, state: {} }, without: "stream" },
	{ call: "STREAM.SNAPSHOT.edge1_can", body: { deliver_subject: "snapshot.to" } },
	{ call: "STREAM.LEADER.STEPDOWN.edge1_can", answered: true },
	{ call: "STREAM.PEER.REMOVE.edge1_can", body: { peer: "x" }, answered: true },
	{ call: "STREAM.CANCEL_MOVE.edge1_can", answered: true },
	{ call: "STREAM.DELETE.edge1_commands", harmed: async (device) => !(await is(device, "STREAM.INFO.edge1_commands")) },
	{ call: "STREAM.PURGE.edge1_commands" },
	{ call: "CONSUMER.DELETE.edge1_can.hub", harmed: async (device) => (await hub(device)).error !== undefined },
	{
		call: "CONSUMER.PAUSE.edge1_can.hub",
		body: { pause_until: "2099-01-01T00:00:00Z" },
		harmed: async (device) => (await hub(device)).paused === true,
	},
	{ call: "CONSUMER.RESET.edge1_can.hub", body: { seq: 9 } },
	{ call: "CONSUMER.UNPIN.edge1_can.hub", body: { group: "x" }, answered: true },
	{ call: "CONSUMER.LEADER.STEPDOWN.edge1_can.hub", answered: true },
	{ call: "CONSUMER.PEER.REMOVE.edge1_can.hub", body: { peer: "x" }, answered: true },
	{ call: "CONSUMER.CREATE.edge1_can.hub", body: consumer({}), harmed: changed },
	{
		call: "CONSUMER.CREATE.edge1_can.hub.edge1.can.x",
		body: consumer({ filter_subject: "edge1.can.x" }),
		harmed: changed,
	},
	{ call: "CONSUMER.DURABLE.CREATE.edge1_can.hub", body: consumer({}), harmed: changed },
	{ call: "CONSUMER.CREATE.edge1_can", body: consumer({ durable_name: undefined }), without: "consumer" },
];

/** What others say and hear: heard or not is all there is to see. */
const SUBJECTS: readonly string[] = [
	...[
		"deliver.edge1.can",
		"deliver.edge2.can",
		"dl.edge1.commands",
		"_R_.aB3.x",
		"$JSC.R.aB3",
		"$JS.S.aB3",
		"$JS.M.aB3",
	],
	...["$DOWN.hub.API.CONSUMER.RESET.hub_commands.edge1", "$JS.hub.API.STREAM.PURGE.hub_can", "$JS.edge2.API.INFO"],
	...["$JS.FC.hub_commands.edge1.17", "$JS.FC.edge1_can.hub.17", "$JS.FC.edge1.aB3.edge1_can.hub.17"],
	...["$JS.ACK.edge1_can.hub.1.1.1.1.1", "$JS.ACK.edge1.aB3.edge1_can.hub.1.1.1.1.1"],
	"$JS.EVENT.ADVISORY.STREAM.DELETED.edge1_can",
	"edge1.can._leafline_filler",
];

const UNHEARD: readonly string[] = [
	...["deliver.edge1.can", "deliver.>", "dl.edge1.commands", "_R_.>", "$JSC.R.>", "$DOWN.>", "$JS.S.>", "$JS.FC.>"],
	...["$JS.API.>", "$JS.edge1.API.>", "$JS.API.STREAM.INFO.edge1_can", "$JS.ACK.>"],
];

describe("a program on a device, without credentials", () => {
	let servers: Servers;
	let limited: Solo;
	let free: Solo;
	beforeAll(async () => {
		servers = makeServers();
		const topology = planFleet(FLEET);
		limited = await startSolo(servers, topology, "edge1", { limited: true });
		free = await startSolo(servers, topology, "edge1", { limited: false });
	});
	afterAll(async () => {
		await limited?.close();
		await free?.close();
		await servers?.close();
	});
	const both = () => [limited, free] as const;

	describe.each(["$JS.API", "$JS.edge1.API"])("by %s", (prefix) => {
		beforeEach(async () => {
			for (const device of both()) await device.makeStreams();
		});

		it.each(CALLS)("may not $call $body", async ({ call, body, harmed, answered, without }) => {
			for (const device of both()) {
				if (without === "stream") await device.api("STREAM.DELETE.edge1_can");
				if (without === "consumer") await device.api("CONSUMER.DELETE.edge1_can.hub");
			}
			const [bad, allowed] = [await limited.program(), await free.program()];
			const subject = `${prefix}.${call}`;
			// Answer and refusals side by side: when one of them is wrong, the other tells why.
			const refused = { answer: await asked(bad, subject, body), refusals: await bad.refusals() };
			expect(refused).toEqual({ answer: undefined, refusals: [`publish $JS.API.${call}`] });
			const given = { answer: await asked(allowed, subject, body), refusals: await allowed.refusals() };
			expect(given).toEqual({ answer: expect.anything(), refusals: [] });
			if (!answered) expect(given.answer).not.toHaveProperty("error");
			if (harmed) expect([await harmed(limited), await harmed(free)]).toEqual([false, true]);
		});
	});

	it.each(SUBJECTS)("may not say anything on %s", async (subject) => {
		for (const device of both()) await device.makeStreams();
		const heard: boolean[] = [];
		for (const device of both()) {
			const { nc, refusals } = await device.program();
			let messages = 0;
			// The hub's consumer may deliver there as well.
			const listen = (_: unknown, { data }: Msg) => void (Buffer.from(data).toString() === "forged" && messages++);
			const sub = device.owner.subscribe(subject, { callback: listen });
			await device.owner.flush();
			nc.publish(subject, "forged");
			const refused = await refusals();
			await device.owner.flush();
			sub.unsubscribe();
			heard.push(messages > 0);
			expect(refused).toEqual(messages > 0 ? [] : [`publish ${subject}`]);
		}
		expect(heard).toEqual([false, true]);
	});

	it.each(UNHEARD)("may not hear %s", async (subject) => {
		const refused = await Promise.all(
			both().map(async (device) => {
				const { nc, refusals } = await device.program();
				nc.subscribe(subject, { callback: () => {} });
				nc.subscribe(subject, { queue: "workers", callback: () => {} });
				return refusals();
			}),
		);
		expect(refused).toEqual([[`subscription ${subject}`, `subscription ${subject}`], []]);
	});

	it("is held by these permissions from a reload on, connected as it was, and so is the device program", async () => {
		const device = await startSolo(servers, planFleet(FLEET.replace("edge1", "edge3")), "edge3", { limited: false });
		const { nc, refusals } = await device.program();
		let reconnects = 0;
		for (const connection of [nc, device.owner]) {
			void (async () => {
				for await (const { type } of connection.status()) if (type === "reconnect") reconnects++;
			})();
		}
		const tell = () => nc.publish("deliver.edge3.can", "");
		tell();
		expect(await refusals()).toEqual([]);
		await device.limit();
		tell();
		expect(await refusals()).toEqual(["publish deliver.edge3.can"]);
		expect(await device.api("STREAM.PURGE.edge3_can")).toMatchObject({ error: { code: 404 } });
		expect(reconnects).toBe(0);
		await device.close();
	});

	describe("has the server say it in its name", () => {
		let official: Solo;
		beforeAll(async () => {
			official = await startSolo(servers, planFleet(FLEET), "edge1", {
				limited: true,
				program: await officialServer(),
			});
		});
		afterAll(() => official?.close());
		beforeEach(async () => {
			for (const device of [limited, official]) {
				await device.api("STREAM.DELETE.mine");
				await device.makeStreams();
			}
		});

		/** Every message of `edge1_can` is gone from the official server, and none from leafline's. */
		async function emptiedOnlyThere(): Promise<void> {
			await eventually(async () => (await messages(official)) === 0, { what: "the official server does it" });
			expect(await messages(limited)).toBe(1);
		}
		const mine = { name: "mine", subjects: ["mine.>"], max_bytes: 1_000_000 };
		const purge = "$JS.API.STREAM.PURGE.edge1_can";

		it("not by the reply of a request that finds nothing", async () => {
			for (const device of [limited, official]) {
				const program = await device.program();
				await asked(program, "$JS.API.STREAM.CREATE.mine", mine);
				const config = { name: "p", durable_name: "p", ack_policy: "explicit", deliver_policy: "all" };
				await asked(program, "$JS.API.CONSUMER.CREATE.mine.p", { stream_name: "mine", config });
				const next = JSON.stringify({ batch: 1, no_wait: true });
				program.nc.publish("$JS.API.CONSUMER.MSG.NEXT.mine.p", next, { reply: purge });
				await program.refusals();
			}
			await emptiedOnlyThere();
			expect(limited.server.log()).toContain(`Publish Violation - Reply "${purge}"`);
		});

		it("not by a stream that republishes", async () => {
			for (const device of [limited, official]) {
				const program = await device.program();
				const republish = { src: "mine.x", dest: purge };
				expect(await asked(program, "$JS.API.STREAM.CREATE.mine", { ...mine, republish })).not.toHaveProperty("error");
				program.nc.publish("mine.x", "");
				await program.refusals();
			}
			await emptiedOnlyThere();
			expect(limited.server.log()).toContain(`suppressing republish with invalid subject "${purge}"`);
		});
	});

	it("hears nothing of these by a wildcard either", async () => {
		const literal = ["deliver.edge1.can", "dl.edge1.commands", "_R_.a.b", "$JS.FC.edge1.aB3.KV_x.c.1"];
		const heard = await Promise.all(
			both().map(async (device) => {
				const { nc, refusals } = await device.program();
				const subjects: string[] = [];
				nc.subscribe(">", { callback: (_, { subject }) => void subjects.push(subject) });
				await nc.flush();
				for (const subject of [...literal, "vehicle.speed"]) device.owner.publish(subject, "");
				await device.owner.flush();
				expect(await refusals()).toEqual([]);
				return subjects.filter((subject) => [...literal, "vehicle.speed"].includes(subject));
			}),
		);
		expect(heard).toEqual([["vehicle.speed"], [...literal, "vehicle.speed"]]);
	});
});

/** The answer; undefined when it was refused. A refusal is of the subject without the domain, and so of no request. */
async function asked({ nc, refusals }: Program, subject: string, body: unknown): Promise<Answer | undefined> {
	const inbox = createInbox();
	const answer = nc.subscribe(inbox, { max: 1 });
	nc.publish(subject, body === undefined ? "" : JSON.stringify(body), { reply: inbox });
	if ((await refusals()).length > 0) return undefined;
	for await (const message of answer) return message.json<Answer>();
	return undefined;
}
