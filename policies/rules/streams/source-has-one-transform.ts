import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachSourcing, list } from "./each";

export const sourceHasOneTransform: Rule = {
	name: "source-has-one-transform",
	area: "streams",
	title: "A source has one transform at most",
	severity: "advisory",
	why:
		"The server joins the transforms of a source with form feeds and writes them into the header Nats-Stream-Source of " +
		"every message. Java clients before 2.21.2 and .NET clients v1 refuse a message with such a header: they fetch " +
		"nothing, and do not say why. Each transform also costs its length in every message.",
	remedy: "write one transform that covers what is needed, or a source for each",
	neighbours: ["nats-io/nats.java#1315", "nats-io/nats-server#6505"],
	example: {
		fails:
			"name: hub_can\nsources:\n  - name: edge1_can\n    subject_transforms: [{ src: vehicle.>, dest: v.> }, { src: engine.>, dest: e.> }]\n",
		complies:
			"name: hub_can\nsources:\n  - name: edge1_can\n    subject_transforms: [{ src: '*.*.>', dest: edge1.can.> }]\n",
		language: "yaml",
	},
	check: eachSourcing(
		() => true,
		(inflows, { origin }) => {
			const several = inflows.filter(({ source: { subject_transforms = [] } }) => subject_transforms.length > 1);
			if (several.length === 0) {
				return inflows.length > 0 ? complies(origin) : undefined;
			}
			return violates(
				origin,
				`${origin.label} sources ${list(several.map(({ source }) => source.name))} with several transforms, which stand ` +
					"in a header of every message with form feeds between them: older clients read nothing",
			);
		},
	),
};
