import { formatBytes } from "../../../topology/format";
import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField, takesIn } from "./each";

export const hubStreamTakesAnySize: Rule = {
	name: "hub-stream-takes-any-size",
	area: "streams",
	title: "A hub stream that sources has no limit to a message's size",
	severity: "mandatory",
	why:
		"The hub adds a header to what it sources. A message that is then larger than max_msg_size stops its source for ever: " +
		"it is asked for, refused and asked for again, everything behind it waits, and the source shows no error " +
		"(tried on nats-server 2.15.2).",
	remedy: "take max_msg_size out on the hub; a limit on the device keeps large messages out",
	example: {
		fails: "name: hub_can\nmax_msg_size: 65536\n",
		complies: "name: hub_can\n",
		language: "yaml",
	},
	check: eachField(
		"max_msg_size",
		(stream, _config, { inflows }) => stream.side !== "edge" && takesIn(inflows(stream)),
		(size = -1, { origin }) =>
			size <= 0
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has max_msg_size ${formatBytes(size)} and sources: one message that is larger, headers included, stops its source for ever`,
					),
	),
};
