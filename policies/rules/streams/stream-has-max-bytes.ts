import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const streamHasMaxBytes: Rule = {
	name: "stream-has-max-bytes",
	area: "streams",
	title: "Every stream is bounded by bytes",
	severity: "mandatory",
	why:
		"max_file does not drop the oldest: when the server's limit is reached, every stream on it refuses (error 10023), and a full disk " +
		"shuts JetStream down. One stream without a limit takes the room of all others.",
	remedy: "set max_bytes; leafline derives it from rate, size and outage of the class",
	example: {
		fails: "name: orders\nsubjects: [orders.>]\n",
		complies: "name: orders\nsubjects: [orders.>]\nmax_bytes: 1073741824\n",
		language: "yaml",
	},
	check: eachField(
		"max_bytes",
		() => true,
		(bytes = -1, { origin }) =>
			bytes > 0
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has no max_bytes: it grows until the server's disk is full and every stream on it refuses`,
					),
	),
};
