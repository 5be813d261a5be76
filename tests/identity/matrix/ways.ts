import { DOWNLINK_API } from "../../../topology/permissions";
import type { Fingerprint } from "./fingerprint";
import { CARRIER_CLASS, DOWN_STREAM, HUB_STREAM, READER, THIEF } from "./fleet";
import type { Saying } from "./mouths";
import { sequences } from "./targets";

/** Names a subject of its choice to somebody who will say something there, with more rights than it has itself. */
export interface Deputy {
	readonly name: string;
	/** What is said so that somebody speaks on `subject`. */
	readonly says: (subject: string, print: Fingerprint) => Saying;
	/**
	 * Subjects that it reaches where nothing is protected: the control. All others are tried there as well, and must not
	 * be reached, or this table would be wrong.
	 */
	readonly reaches: (subject: string) => boolean;
	/** What it may reach or not there, as the state happens to be: no control is asked of it. */
	readonly mayReach?: (subject: string) => boolean;
}

/** Whatever has a meaning in the account: domains' names are for what connections say, not for what the hub says itself. */
const spoken = (subject: string) => !/^\$(JS\.hub|DOWN|ADMIN)\./.test(subject) && !ofThief(subject);
/** By the bare name of the API, which the hub takes for its own. */
const ofThief = (subject: string) => subject.startsWith("$JS.API.") && subject.includes(`${THIEF}_`);
/** The JetStream API takes the name, under which it is asked, from the message; nobody else does. */
const calls = (subject: string) => subject.startsWith("$JS.API.");
/** What the server itself answers or traces is sent to no service, such as an API; to anything else it is. */
const noService = (subject: string) => subject.startsWith("down.");
/** nats-server compares names of headers letter by letter, and what it has had before is of no effect. */
const nothing = () => false;

/** What the thief may publish on: its own deliveries. */
const CARRIER = `deliver.${THIEF}.${CARRIER_CLASS}`;
const heartbeat = (name: string): Deputy["says"] => {
	return (subject) => ({
		subject: CARRIER,
		headers: { status: [100, "Idle Heartbeat"], fields: [[name, subject]] },
	});
};
const RESET = `${DOWNLINK_API}.CONSUMER.RESET.${DOWN_STREAM}.${THIEF}`;

/** What a device may say to the hub, with a reply, a header or a name in it. */
export const DEVICE_DEPUTIES: readonly Deputy[] = [
	{
		name: "flow control",
		says: (reply) => ({ subject: CARRIER, reply, headers: { status: [100, "FlowControl Request"] } }),
		reaches: spoken,
	},
	{ name: "stalled header", says: heartbeat("Nats-Consumer-Stalled"), reaches: spoken },
	{ name: "stalled header in small letters", says: heartbeat("nats-consumer-stalled"), reaches: nothing },
	{ name: "stalled header in capitals", says: heartbeat("NATS-CONSUMER-STALLED"), reaches: nothing },
	{ name: "stalled header in mixed letters", says: heartbeat("Nats-consumer-Stalled"), reaches: nothing },
	{ name: "reply to its own reset", says: (reply) => ({ subject: RESET, reply }), reaches: noService },
	{
		name: "reply to a reset that is refused",
		says: (reply) => ({ subject: RESET, reply, body: "not JSON" }),
		reaches: noService,
	},
	{
		name: "reply to an acknowledgement",
		says: (reply, print) => ({ subject: sequences(print).acknowledgement, reply }),
		reaches: spoken,
	},
	{
		name: "name in a delivery",
		says: (name) => ({ subject: CARRIER, reply: `$JS.ACK.${THIEF}_${CARRIER_CLASS}.hub.1.1.0.1.0@${name}` }),
		reaches: nothing,
	},
	{
		name: "name in a reset",
		says: (name) => ({ subject: RESET, reply: `$JS.ACK.x.hub.1.1.0.1.0@${name}` }),
		reaches: calls,
	},
	{
		name: "trace of a delivery",
		says: (target) => ({ subject: CARRIER, headers: { fields: [["Nats-Trace-Dest", target]] } }),
		reaches: noService,
	},
	{
		name: "trace of a reset",
		says: (target) => ({ subject: RESET, headers: { fields: [["Nats-Trace-Dest", target]] } }),
		reaches: noService,
	},
];

/** Id of a message that a program has published already. */
export const HEARD = "heard before";

/** What a program on a device may say to the device's server, beside that. */
export const PROGRAM_DEPUTIES: readonly Deputy[] = [
	...DEVICE_DEPUTIES,
	{
		name: "acknowledgement of what it publishes",
		// Heard before: it is acknowledged once more, and nothing is stored.
		says: (reply) => ({ subject: "vehicle.x", reply, headers: { fields: [["Nats-Msg-Id", HEARD]] } }),
		// Its JSON is no request, so the API refuses it. What is published is stored once more after two minutes.
		reaches: noService,
		mayReach: (subject) => !noService(subject),
	},
	{
		name: "reply to a look at the device's JetStream",
		says: (reply) => ({ subject: "$JS.API.INFO", reply }),
		reaches: noService,
	},
];

const next = `$JS.API.CONSUMER.MSG.NEXT.${HUB_STREAM}.${READER}`;

/** What a reader may ask, with a reply of its choice. */
export const READER_DEPUTIES: readonly Deputy[] = [
	{
		name: "reply of a fetch that finds nothing fitting",
		says: (reply) => ({ subject: next, reply, body: '{"batch":1,"max_bytes":1,"no_wait":true}' }),
		reaches: spoken,
	},
	{
		name: "reply of a fetch that ends",
		says: (reply) => ({ subject: next, reply, body: '{"batch":1000,"expires":1000000}' }),
		reaches: spoken,
	},
	{
		name: "reply of a fetch that is refused",
		says: (reply) => ({ subject: next, reply, body: "not JSON" }),
		reaches: nothing,
	},
	{
		name: "reply to an acknowledgement",
		says: (reply, print) => ({ subject: sequences(print).acknowledgement, reply }),
		reaches: spoken,
	},
	{
		name: "reply of a look at its consumer",
		says: (reply) => ({ subject: `$JS.API.CONSUMER.INFO.${HUB_STREAM}.${READER}`, reply }),
		reaches: noService,
	},
	{
		name: "reply of setting its consumer",
		says: (reply) => ({ subject: `$JS.API.CONSUMER.RESET.${HUB_STREAM}.${READER}`, reply, body: '{"seq":1}' }),
		reaches: noService,
	},
	{
		name: "reply of a look at its stream",
		says: (reply) => ({ subject: `$JS.API.STREAM.INFO.${HUB_STREAM}`, reply }),
		reaches: noService,
	},
	{
		name: "trace of a fetch",
		says: (target) => ({
			subject: next,
			body: '{"batch":1,"no_wait":true}',
			headers: { fields: [["Nats-Trace-Dest", target]] },
		}),
		reaches: noService,
	},
];
