import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachThrough } from "./through";

export const sourcingConsumerAcksByFlowControl: Rule = {
	name: "sourcing-consumer-acks-by-flow-control",
	area: "consumers",
	title: "A durable source's consumer is acknowledged by flow control",
	severity: "mandatory",
	why:
		"A hub that sources acknowledges through the replies to flow control, and in no other way. The server accepts the source and a consumer " +
		"with another ack policy, one after the other; then nothing arrives, and only the source's error (10217) says so " +
		"(tried on nats-server 2.15.2).",
	remedy: "set ack_policy: flow_control on the consumer; it cannot be changed in place, so it has to be made again",
	example: {
		fails: "durable_name: hub\ndeliver_subject: deliver.edge1.can\nack_policy: none\n",
		complies:
			"durable_name: hub\ndeliver_subject: deliver.edge1.can\nack_policy: flow_control\nflow_control: true\nidle_heartbeat: 1000000000\n",
		language: "yaml",
	},
	check: eachThrough(({ consumer, name, on }) =>
		consumer.ack_policy === "flow_control"
			? complies(on.origin)
			: violates(
					on.origin,
					`consumer ${name} on ${on.origin.label} has ack_policy ${consumer.ack_policy ?? "explicit"}: the server does not ` +
						"source through it, and nothing arrives",
				),
	),
};
