import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField, takesIn } from "./each";

export const hubStreamHasMaxAge: Rule = {
	name: "hub-stream-has-max-age",
	area: "streams",
	title: "The hub keeps messages for a time that is stated",
	severity: "mandatory",
	why:
		"The hub makes room by age: with discard: new and no age limit a full hub stream never takes another message, and " +
		"all devices fill up behind it. Hub timestamps are arrival times (tried on nats-server 2.15.2), so a device's clock does no harm here. " +
		"A bucket, which keeps one message a subject and sources nothing, is no queue and is not meant.",
	remedy: "set hub.keep of the class, or keep of the downlink",
	example: {
		fails: "name: hub_can\nmax_bytes: 107374182400\nmax_age: 0\n",
		complies: "name: hub_can\nmax_bytes: 107374182400\nmax_age: 604800000000000\n",
		language: "yaml",
	},
	check: eachField(
		"max_age",
		// A bucket, of one message a subject, is no queue: devices wait behind nothing that no source brings.
		(stream, _config, { inflows }) =>
			stream.side === "hub" && (stream.config.max_msgs_per_subject !== 1 || takesIn(inflows(stream))),
		(age = 0, { origin }) =>
			age > 0
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has no max_age: once it is full nothing makes room, and the devices fill up behind it`,
					),
	),
};
