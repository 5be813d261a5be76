import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachThrough } from "./through";

export const sourcingConsumerWindowIsBounded: Rule = {
	name: "sourcing-consumer-window-is-bounded",
	area: "consumers",
	title: "A durable source's window is bounded",
	severity: "mandatory",
	why:
		"max_ack_pending is how many messages of a class may be on the link at once. Without a window that fits, a backlog fills " +
		"the link's queues and alarms wait behind it: up to 32 s, 266 s were seen, instead of 0.6 to 0.9 s with a window of 256 " +
		"over 500 kB/s. Left out, the server takes 1,000, whatever the link; -1 it refuses (error 10220), and the source waits for a consumer " +
		"that is never made (tried on nats-server 2.15.2). Above 10,000 nothing was gained.",
	remedy: "set max_ack_pending to the window that leafline derives from link, delay and size of a message",
	neighbours: [
		"NATS documentation, Consumers, MaxAckPending: the only flow control of push consumers (https://docs.nats.io/nats-concepts/jetstream/consumers)",
	],
	example: {
		fails: "durable_name: hub\nack_policy: flow_control\nmax_ack_pending: -1\n",
		complies: "durable_name: hub\nack_policy: flow_control\nmax_ack_pending: 256\n",
		language: "yaml",
	},
	check: eachThrough(({ consumer, name, on }, { maximumWindow }) => {
		const window = consumer.max_ack_pending;
		const where = `consumer ${name} on ${on.origin.label}`;
		if (window === undefined) {
			return violates(
				on.origin,
				`${where} has no max_ack_pending: it is 1000, whatever the link can carry, and alarms may wait behind it`,
			);
		}
		if (window <= 0) {
			return violates(
				on.origin,
				`${where} has max_ack_pending ${window}: the server refuses to make it, and nothing arrives`,
			);
		}
		return window <= maximumWindow
			? complies(on.origin)
			: violates(
					on.origin,
					`${where} has max_ack_pending ${window}, more than ${maximumWindow}: a backlog may fill the link, and alarms wait behind it`,
				);
	}),
};
