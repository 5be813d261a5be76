import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachSourcing, list } from "./each";
import { isOrdinary } from "./sourcing";

export const ordinarySourceStartsAtFirst: Rule = {
	name: "ordinary-source-starts-at-first",
	area: "streams",
	title: "An ordinary source begins at its stream's first message",
	severity: "mandatory",
	why:
		"A source without a start that is added to a stream which already holds messages begins at the time of the " +
		"newest of them: a device that comes late loses its whole backlog, with lag 0 and no error (tried on nats-server " +
		"2.10.27 and 2.15.1, #8387). Adding the start later in place changes nothing: the source has to be taken out first.",
	remedy: "set opt_start_seq: 1 on the source; where it exists already, take the source out, apply, and add it again",
	example: {
		fails:
			"name: hub_can\nsources:\n  - name: edge1_can\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n",
		complies:
			"name: hub_can\nsources:\n  - name: edge1_can\n    opt_start_seq: 1\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n",
		language: "yaml",
	},
	check: eachSourcing(
		() => true,
		(inflows, { origin }) => {
			const ordinary = inflows.filter(isOrdinary);
			const late = ordinary.filter(({ source }) => source.opt_start_seq !== 1);
			const [first] = late;
			if (first === undefined) {
				return ordinary.length > 0 ? complies(origin) : undefined;
			}
			const stated = first.source.opt_start_seq;
			const how = stated === undefined ? "without opt_start_seq" : `with opt_start_seq ${stated}`;
			return violates(
				origin,
				`${origin.label} sources ${list(late.map(({ source }) => source.name))} ${how}: ` +
					"what is stored there before the source is added may never arrive",
			);
		},
	),
};
