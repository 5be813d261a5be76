import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachSourcing, list } from "../streams/each";
import type { Flow, Inflow } from "../streams/flow";
import { isDurable } from "../streams/sourcing";

export const durableSourceHasItsConsumer: Rule = {
	name: "durable-source-has-its-consumer",
	area: "consumers",
	title: "A durable source's consumer exists on the stream it comes from",
	severity: "mandatory",
	why:
		"A source with a consumer does not make it: the server that sources only resets one that exists on the origin's " +
		"stream. Without it nothing arrives, with lag 0 and no error (tried on nats-server 2.15.2).",
	remedy: "declare the consumer on the device's stream, with ack_policy: flow_control and the source's deliver_subject",
	example: {
		fails:
			"# on the hub\nname: hub_can\nsources:\n  - { name: edge1_can, consumer: { name: hub, deliver_subject: deliver.edge1.can }, external: { api: $JS.edge1.API } }\n# on edge1: stream edge1_can without consumers\n",
		complies:
			"# on the hub\nname: hub_can\nsources:\n  - { name: edge1_can, consumer: { name: hub, deliver_subject: deliver.edge1.can }, external: { api: $JS.edge1.API } }\n" +
			"# on edge1, on stream edge1_can\ndurable_name: hub\ndeliver_subject: deliver.edge1.can\nack_policy: flow_control\n",
		language: "yaml",
	},
	check: eachSourcing(
		() => true,
		(inflows, { origin }, flow) => {
			const durable = inflows.filter(isDurable);
			const missing = durable.filter((inflow) => isMissing(inflow, flow));
			const [first] = missing;
			if (first === undefined) {
				return durable.length > 0 ? complies(origin) : undefined;
			}
			const names = list(missing.map(({ source }) => source.name));
			return violates(
				origin,
				`${origin.label} sources ${names} through consumer ${first.source.consumer?.name}, which is not declared there: nothing arrives`,
			);
		},
	),
};

/** A stream that is managed elsewhere may well have it. */
function isMissing({ from, source }: Inflow, { byId }: Flow): boolean {
	const stream = byId.get(from);
	return stream !== undefined && !Object.hasOwn(stream.consumers, source.consumer?.name ?? "");
}
