import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachThrough } from "./through";

export const sourcingConsumerAcksByFlowControl: Rule = {
	name: "sourcing-consumer-acks-by-flow-control",
	area: "consumers",
	title: "A durable source's consumer is acknowledged by flow control",
	severity: "mandatory",
	why:
		"A hub that sources acknowledges through the replies to flow control, and in no other way. With another ack policy the device " +
		"never learns what has arrived: it stops when the window is full, or, with none, forgets messages as soon as they are sent. " +
		"The form with ack_policy: flow_control, flow_control: true and a heartbeat is the one that was tried on nats-server 2.15.2, " +
		"with both sides killed and nothing lost.",
	remedy: "set ack_policy: flow_control, flow_control: true and idle_heartbeat: 1s on the consumer",
	example: {
		fails: "durable_name: hub\ndeliver_subject: deliver.edge1.can\nack_policy: none\n",
		complies:
			"durable_name: hub\ndeliver_subject: deliver.edge1.can\nack_policy: flow_control\nflow_control: true\nidle_heartbeat: 1000000000\n",
		language: "yaml",
	},
	check: eachThrough(({ consumer, name, on }) => {
		const where = `consumer ${name} on ${on.origin.label}`;
		if (consumer.ack_policy !== "flow_control") {
			return violates(
				on.origin,
				`${where} has ack_policy ${consumer.ack_policy ?? "none"}: the device never learns what the hub has`,
			);
		}
		if (consumer.flow_control !== true || !((consumer.idle_heartbeat ?? 0) > 0)) {
			const lacks = consumer.flow_control === true ? "idle_heartbeat" : "flow_control: true";
			return violates(on.origin, `${where} lacks ${lacks}: nobody acknowledges, and it stops when its window is full`);
		}
		return complies(on.origin);
	}),
};
