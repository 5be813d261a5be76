import type { Rule } from "../../model";
import { complies, isFullyKnown, isKnown, unknown, violates } from "../outcomes";
import { eachStream } from "./each";

export const hubStreamThatSourcesCapturesNothing: Rule = {
	name: "hub-stream-that-sources-captures-nothing",
	area: "streams",
	title: "A hub stream that sources has no subjects of its own",
	severity: "mandatory",
	why:
		"A hub stream that lists the devices' subjects as well as sourcing them hears a device twice while it is online, " +
		"once through the subject and once through the source, and once while it is not (nats-server #7530). Whoever reads it " +
		"can not tell the two apart.",
	remedy: "take subjects out of the stream, or make a second one for what is published at the hub",
	neighbours: [
		"NATS documentation, JetStream on Leaf Nodes: streams of two domains that capture the same subject both store the message (https://docs.nats.io/running-a-nats-service/configuration/leafnodes/jetstream_leafnodes)",
	],
	example: {
		fails:
			"name: hub_can\nsubjects: ['*.can.>']\nsources:\n  - { name: edge1_can, opt_start_seq: 1, external: { api: $JS.edge1.API, deliver: deliver.edge1 } }\n",
		complies:
			"name: hub_can\nsources:\n  - { name: edge1_can, opt_start_seq: 1, external: { api: $JS.edge1.API, deliver: deliver.edge1 } }\n",
		language: "yaml",
	},
	check: eachStream((stream, _config, { inflows }) => {
		const { origin, side, config } = stream;
		const flows = inflows(stream);
		if (side !== "hub" || (isKnown(flows) && flows.length === 0)) {
			return undefined;
		}
		const { subjects } = config;
		if (isFullyKnown(subjects) && (subjects ?? []).length === 0) {
			return complies(origin);
		}
		if (!isKnown(flows) || !isFullyKnown(subjects)) {
			return unknown(origin, `${isKnown(flows) ? "subjects" : "sources"} of ${origin.label}`);
		}
		return violates(
			origin,
			`${origin.label} sources ${flows.length === 1 ? "a stream" : `${flows.length} streams`} and also captures ` +
				`${subjects?.join(", ")}: what is published while a device is online is stored twice`,
		);
	}),
};
