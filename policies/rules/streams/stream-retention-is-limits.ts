import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";
import { idOf } from "./flow";

export const streamRetentionIsLimits: Rule = {
	name: "stream-retention-is-limits",
	area: "streams",
	title: "A stream that takes part in sourcing keeps its messages by limits",
	severity: "mandatory",
	why:
		"The server accepts work queue and interest retention on both ends of a source. Before 2.14 that lost messages " +
		"(nats-server #3207, #4109). From 2.14 on a message leaves the device as soon as it is delivered, so that nobody " +
		"else on the device can read it (tried), and a change from limits to interest in place deletes everything " +
		"that is stored (tried on nats-server 2.15.1).",
	remedy: "set retention to limits, and bound the stream with max_bytes",
	neighbours: [
		"NATS documentation, Source and Mirror Streams: work queue retention is supported only in part, and not over leaf nodes; interest retention is not supported (https://docs.nats.io/nats-concepts/jetstream/source_and_mirror)",
	],
	example: {
		fails: "name: edge1_can\nsubjects: [edge1.can.>]\nretention: workqueue\n",
		complies: "name: edge1_can\nsubjects: [edge1.can.>]\nretention: limits\nmax_bytes: 1073741824\n",
		language: "yaml",
	},
	check: eachField(
		"retention",
		(stream, _config, { inflows, origins }) => {
			const flows = inflows(stream);
			return (
				stream.side !== "foreign" || typeof flows === "symbol" || flows.length > 0 || origins.has(idOf(stream) ?? "")
			);
		},
		(retention = "limits", { origin }) =>
			retention === "limits"
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has retention ${retention}, and takes part in sourcing: messages are deleted ` +
							"before everyone who should has read them",
					),
	),
};
