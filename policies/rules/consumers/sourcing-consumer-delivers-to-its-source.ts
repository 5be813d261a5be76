import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachThrough } from "./through";

export const sourcingConsumerDeliversToItsSource: Rule = {
	name: "sourcing-consumer-delivers-to-its-source",
	area: "consumers",
	title: "A durable source listens where its consumer delivers",
	severity: "mandatory",
	why:
		"Source and consumer each state deliver_subject, on two servers that do not compare them. If the two differ, the " +
		"source looks alive, with lag 0 and no error, and nothing arrives (tried on nats-server 2.15.2).",
	remedy: "give both the same deliver_subject, deliver.<device>.<class>",
	example: {
		fails:
			"# source:   consumer: { name: hub, deliver_subject: deliver.edge1.can }\ndurable_name: hub\ndeliver_subject: deliver.edge1.gps\n",
		complies:
			"# source:   consumer: { name: hub, deliver_subject: deliver.edge1.can }\ndurable_name: hub\ndeliver_subject: deliver.edge1.can\n",
		language: "yaml",
	},
	check: eachThrough(({ consumer, name, on, taker, inflow }) => {
		const listens = inflow.source.consumer?.deliver_subject;
		return consumer.deliver_subject === listens
			? complies(on.origin)
			: violates(
					on.origin,
					`consumer ${name} on ${on.origin.label} delivers to ${consumer.deliver_subject ?? "nobody"}, and ` +
						`${taker.origin.label} listens on ${listens}: nothing arrives`,
				);
	}),
};
