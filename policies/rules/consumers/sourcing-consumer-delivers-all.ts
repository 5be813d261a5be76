import type { ConsumerConfig } from "../../../topology/jetstream";
import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachThrough } from "./through";

export const sourcingConsumerDeliversAll: Rule = {
	name: "sourcing-consumer-delivers-all",
	area: "consumers",
	title: "A durable source's consumer begins at the first message",
	severity: "mandatory",
	why:
		"What is stored before the consumer is made is delivered only with deliver_policy: all. With new the hub " +
		"got nothing of a backlog of 300 messages, with lag 0 and no error (tried on nats-server 2.15.2).",
	remedy: "set deliver_policy: all on the consumer; it cannot be changed in place, so it has to be made again",
	neighbours: ["NATS documentation, Consumers, DeliverPolicy (https://docs.nats.io/nats-concepts/jetstream/consumers)"],
	example: {
		fails: "durable_name: hub\nack_policy: flow_control\ndeliver_policy: new\n",
		complies: "durable_name: hub\nack_policy: flow_control\ndeliver_policy: all\n",
		language: "yaml",
	},
	check: eachThrough(({ consumer, name, on }) => {
		// Left out, it is all: that is a mistake of its own.
		const policy: ConsumerConfig["deliver_policy"] | undefined = consumer.deliver_policy;
		return policy === undefined || policy === "all"
			? complies(on.origin)
			: violates(
					on.origin,
					`consumer ${name} on ${on.origin.label} has deliver_policy ${policy}: what was stored before it was made never arrives`,
				);
	}),
};
