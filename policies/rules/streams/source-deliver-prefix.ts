import type { DesignStream, Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachSourcing } from "./each";
import type { Inflow } from "./flow";
import { deliveredTo, expectedPrefix, isExternal } from "./sourcing";

export const sourceDeliverPrefix: Rule = {
	name: "source-deliver-prefix",
	area: "streams",
	title: "What is sourced is delivered under its own device's prefix",
	severity: "mandatory",
	why:
		"A device may publish to the hub under deliver.<device> and nowhere else; that is what keeps devices out of each " +
		"other's data (tried on nats-server 2.15.2: a device could not inject into another's delivery). Without a prefix the " +
		"server delivers to $JS.S.<random>, on which every device would have to be allowed to publish; under another device's prefix " +
		"the hub drops what arrives.",
	remedy:
		"for a device's stream set external.deliver to deliver.<device>, or the durable consumer's deliver_subject to deliver.<device>.<class>",
	example: {
		fails:
			"name: hub_can\nsources:\n  - name: edge1_can\n    opt_start_seq: 1\n    external: { api: $JS.edge1.API, deliver: deliver.edge2 }\n",
		complies:
			"name: hub_can\nsources:\n  - name: edge1_can\n    opt_start_seq: 1\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n",
		language: "yaml",
	},
	check: eachSourcing(
		() => true,
		(inflows, stream) => {
			const { origin } = stream;
			const remote = inflows.filter(isExternal);
			const wrong = remote.filter((inflow) => !isOwn(inflow, stream));
			const [first] = wrong;
			if (first === undefined) {
				return remote.length > 0 ? complies(origin) : undefined;
			}
			const more = wrong.length > 1 ? `, and so do ${wrong.length - 1} more of its sources` : "";
			const subject = deliveredTo(first);
			const expected = expectedPrefix(first, stream);
			return violates(
				origin,
				subject === ""
					? `${origin.label} sources ${first.source.name} without a deliver prefix${more}: the permissions of ` +
							"the devices would have to let each of them publish on all deliveries"
					: `${origin.label} has ${first.source.name} delivered to ${subject}, which is not under ${expected}${more}: ` +
							"its device may not publish there, or takes another one's place",
			);
		},
	),
};

function isOwn(inflow: Inflow, stream: DesignStream): boolean {
	const subject = deliveredTo(inflow);
	const prefix = expectedPrefix(inflow, stream);
	return prefix === undefined ? subject !== "" : subject === prefix || subject.startsWith(`${prefix}.`);
}
