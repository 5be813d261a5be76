import { createInbox } from "nats";
import { ADMIN_API } from "../../topology/permissions";
import { type Attacker, attemptRequest, happens } from "../support/attacker";
import type { Bench, Edge } from "../support/bench";

/** What the attacks are tried on. The attacker is `edge1`; `edge2` and the hub are its victims. */
export interface Target {
	readonly bench: Bench;
	readonly victim: Edge;
}

/** An attempt, true if it had an effect. */
export interface Attack {
	readonly name: string;
	/**
	 * What must be opened for it to succeed: the permissions of devices (`role`), or the account split as well
	 * (`accounts`). With neither opened it must fail.
	 */
	readonly stoppedBy: "role" | "accounts";
	/** Needs a leaf connection of its own: the device's server does not forward it for its clients. */
	readonly wireOnly?: boolean;
	attempt(attacker: Attacker, target: Target): Promise<boolean>;
}

/** The stream whose messages are at stake on the hub, a reader's consumer on it, and the stream that feeds devices. */
export const STREAM = "hub_can";
export const READER = "lake";
export const DOWNLINK = "hub_commands";

/** Where the attacker gets replies: it may hear its own commands' delivery. */
const INBOX = "dl.edge1";

/** Whether the victim hears what the attacker sends. */
function reachesVictim(subject: string): Attack["attempt"] {
	return async (attacker, { victim }) => {
		let heard = false;
		const listening = victim.owner.subscribe(subject, {
			callback: (_, message) => {
				heard ||= message.string() === "forged";
			},
		});
		await victim.owner.flush();
		// Its server needs a moment to tell the hub what it listens to.
		const reached = await happens(async () => {
			await attacker.publish(subject, "forged");
			return heard;
		});
		listening.unsubscribe();
		return reached;
	};
}

/** Whether the attacker gets an answer that is not an error. */
function answered(subject: string, body?: object): Attack["attempt"] {
	return async (attacker) => (await attemptRequest(attacker, subject, JSON.stringify(body ?? {}), INBOX)) !== undefined;
}

/** Whether the attacker hears something while `act` happens again and again. */
function overhears(subject: string, act: (target: Target) => Promise<unknown>): Attack["attempt"] {
	return async (attacker, target) => {
		const heard = await attacker.listen(subject);
		return happens(async () => {
			await act(target);
			return heard().length > 0;
		});
	};
}

interface Position {
	readonly consumer_seq: number;
	readonly stream_seq: number;
}

const manage = ({ bench }: Target) => bench.api("edge2", "INFO");
const produce = ({ victim }: Target) => victim.client.jetstream().publish("edge2.can.x", "secret");
const command = ({ bench }: Target) => bench.control.hub.request("down.edge2.commands.x", "secret", { timeout: 3_000 });

export const ATTACKS: readonly Attack[] = [
	{
		name: "read the hub's messages",
		stoppedBy: "accounts",
		attempt: answered(`$JS.hub.API.STREAM.MSG.GET.${STREAM}`, { seq: 1 }),
	},
	{
		name: "make a consumer on the hub",
		stoppedBy: "accounts",
		attempt: answered(`$JS.hub.API.CONSUMER.CREATE.${STREAM}`, {
			stream_name: STREAM,
			config: { deliver_policy: "all", ack_policy: "none", deliver_subject: "edge1.stolen" },
		}),
	},
	{
		name: "acknowledge a reader's messages",
		stoppedBy: "accounts",
		attempt: async (attacker, { bench }) => {
			const pending = async () =>
				(await bench.api("hub", `CONSUMER.INFO.${STREAM}.${READER}`)).num_ack_pending as number;
			await bench.control.hub.request(
				`${ADMIN_API}.CONSUMER.MSG.NEXT.${STREAM}.${READER}`,
				JSON.stringify({ batch: 1, no_wait: true }),
				// The client's shared inbox would not know a message that comes under its own subject.
				{ timeout: 3_000, noMux: true, reply: createInbox() },
			);
			const before = await pending();
			if (before === 0) throw new Error("nothing to acknowledge");
			for (let seq = 1; seq <= 20; seq++) await attacker.publish(`$JS.ACK.${STREAM}.${READER}.1.${seq}.${seq}.0.0`);
			return happens(async () => (await pending()) < before);
		},
	},
	{
		name: "reset the hub's consumer of another device",
		stoppedBy: "role",
		attempt: answered(`$DOWN.hub.API.CONSUMER.RESET.${DOWNLINK}.edge2`),
	},
	{
		name: "look at another device's streams",
		stoppedBy: "role",
		attempt: answered("$JS.edge2.API.STREAM.INFO.edge2_can"),
	},
	{
		name: "delete another device's message",
		stoppedBy: "role",
		attempt: answered("$JS.edge2.API.STREAM.PURGE.edge2_can", { seq: 1 }),
	},
	{ name: "publish as another device", stoppedBy: "role", attempt: reachesVictim("edge2.can.x") },
	{
		name: "give another device a command, on its delivery",
		stoppedBy: "role",
		attempt: reachesVictim("dl.edge2.commands"),
	},
	{
		name: "give another device a command, through the hub",
		stoppedBy: "accounts",
		attempt: async (attacker, { bench }) => {
			const count = async () =>
				((await bench.api("hub", `STREAM.INFO.${DOWNLINK}`)).state as { messages: number }).messages;
			const before = await count();
			await attacker.publish("down.edge2.commands.forged", "forged");
			return happens(async () => (await count()) > before);
		},
	},
	{
		name: "answer another device's flow control",
		stoppedBy: "role",
		attempt: reachesVictim("$JS.FC.edge2.a.edge2_can.hub.x"),
	},
	{
		name: "inject into another device's delivery to the hub",
		stoppedBy: "role",
		wireOnly: true,
		attempt: async (attacker, { bench }) => {
			const subjects = async () => {
				const { state } = await bench.api("hub", `STREAM.INFO.${STREAM}`, { subjects_filter: "*.can.>" });
				return Object.keys((state as { subjects?: object }).subjects ?? {});
			};
			const known = await subjects();
			// The hub takes it for the next message if the numbers fit; the subject is optional.
			for (const subject of ["@edge2.can.injected", ""]) {
				const { delivered } = (await bench.api("edge2", "CONSUMER.INFO.edge2_can.hub")) as { delivered: Position };
				const next = `${delivered.stream_seq + 1}.${delivered.consumer_seq + 1}`;
				await attacker.publish("deliver.edge2.can", "forged", `$JS.ACK.edge2_can.hub.1.${next}.1.0${subject}`);
				if (await happens(async () => (await subjects()).length > known.length)) return true;
			}
			return false;
		},
	},
	{
		name: "hear another device's data on its way to the hub",
		stoppedBy: "role",
		attempt: overhears("deliver.edge2.>", produce),
	},
	{ name: "hear everything that another device publishes", stoppedBy: "role", attempt: overhears("edge2.>", produce) },
	{ name: "hear another device's commands", stoppedBy: "role", attempt: overhears("dl.edge2.>", command) },
	{
		name: "hear the requests of the hub to another device",
		stoppedBy: "role",
		attempt: overhears("$JS.edge2.API.>", manage),
	},
	{ name: "hear the replies to the hub's requests", stoppedBy: "role", attempt: overhears("_R_.>", manage) },
	{ name: "hear the administrator's replies", stoppedBy: "accounts", attempt: overhears("_INBOX.>", manage) },
	{
		name: "delete the hub's messages",
		stoppedBy: "accounts",
		attempt: answered(`$JS.hub.API.STREAM.PURGE.${STREAM}`, { filter: "nothing.here" }),
	},
];
