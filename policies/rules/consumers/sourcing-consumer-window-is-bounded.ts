import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachThrough } from "./through";

export const sourcingConsumerWindowIsBounded: Rule = {
	name: "sourcing-consumer-window-is-bounded",
	area: "consumers",
	title: "A durable source's window is bounded",
	severity: "mandatory",
	why:
		"max_ack_pending is how many messages of a class may be on the link at once. Without a bound a backlog fills the link's " +
		"queues and alarms wait behind it: up to 32 s, 266 s were seen, instead of 0.6 to 0.9 s with a window of 256 over 500 kB/s " +
		"(tried on nats-server 2.15.2). Above 10,000 nothing was gained.",
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
		if (window === undefined || window <= 0) {
			const stated = window === undefined ? "no max_ack_pending" : `max_ack_pending ${window}`;
			return violates(on.origin, `${where} has ${stated}: a backlog may fill the link, and alarms wait behind it`);
		}
		return window <= maximumWindow
			? complies(on.origin)
			: violates(
					on.origin,
					`${where} has max_ack_pending ${window}, more than ${maximumWindow}: a backlog may fill the link, and alarms wait behind it`,
				);
	}),
};
