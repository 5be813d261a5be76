import { HUB_CONSUMER } from "../../../topology/names";
import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const refusingClassIsSourcedDurably: Rule = {
	name: "refusing-class-is-sourced-durably",
	area: "streams",
	title: "A class that refuses when it is full is sourced through a durable consumer",
	severity: "mandatory",
	why:
		"discard: new refuses for ever once max_bytes have passed in all, unless what the hub has is taken away. Which that is a " +
		"device knows by the durable consumer alone that the hub sources through: an ordinary source makes one of its own, and " +
		"tells nobody. A burst of 12,000 messages left such a class full for good (tried on nats-server 2.15.2).",
	remedy: "take sourcing: ephemeral out of the settings, or set whenFull: drop-oldest for the class",
	example: {
		fails: "# Pulumi.prod.yaml\nleafline:sourcing: ephemeral\n\n# fleet\nclasses:\n  can: { whenFull: refuse }\n",
		complies: "# Pulumi.prod.yaml\nleafline:sourcing: durable\n\n# fleet\nclasses:\n  can: { whenFull: refuse }\n",
		language: "yaml",
	},
	check: eachField(
		"discard",
		({ side, critical }) => side === "edge" && critical,
		(discard = "old", { origin, consumers }) => {
			if (discard !== "new") return undefined;
			return Object.hasOwn(consumers, HUB_CONSUMER)
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has discard new and no durable consumer ${HUB_CONSUMER}: nobody there knows what the hub has, and once it is full it refuses for ever`,
					);
		},
	),
};
