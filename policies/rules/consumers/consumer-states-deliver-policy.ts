import type { Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";

export const consumerStatesDeliverPolicy: Rule = {
	name: "consumer-states-deliver-policy",
	area: "consumers",
	title: "Every consumer says where it starts",
	severity: "mandatory",
	why:
		"Left out, deliver_policy is all: a reader that is made anew, or under another name, is sent everything that the hub keeps, " +
		"which may be days of a whole fleet. And it cannot be changed afterwards.",
	remedy: "state deliver: all, new, last, last-per-subject or by-start-time",
	neighbours: [
		"NATS documentation, Consumers, DeliverPolicy: all is the default (https://docs.nats.io/nats-concepts/jetstream/consumers)",
	],
	example: {
		fails: "consumers:\n  lake: { class: can }\n",
		complies: "consumers:\n  lake: { class: can, deliver: all }\n",
		language: "yaml",
	},
	check: ({ streams }) =>
		streams.flatMap(({ origin, consumers }) =>
			Object.entries(consumers).map(([name, consumer]) => {
				if (!isKnown(consumer) || !isKnown<unknown>(consumer.deliver_policy)) {
					return unknown(origin, `deliver_policy of consumer ${name} on ${origin.label}`);
				}
				const policy: string | undefined = consumer.deliver_policy;
				return policy !== undefined && policy !== ""
					? complies(origin)
					: violates(
							origin,
							`consumer ${name} on ${origin.label} has no deliver_policy, which is all: whenever it is made anew, everything is replayed`,
						);
			}),
		),
};
