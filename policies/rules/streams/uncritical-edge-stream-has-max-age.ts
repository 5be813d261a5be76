import type { Rule } from "../../model";
import { complies, isKnown, violates } from "../outcomes";
import { eachField } from "./each";

export const uncriticalEdgeStreamHasMaxAge: Rule = {
	name: "uncritical-edge-stream-has-max-age",
	area: "streams",
	title: "What may be dropped on a device does not stay for ever",
	severity: "mandatory",
	why:
		"A class that drops its oldest is of use while it is fresh. Without an age limit, a device that was away for a month " +
		"drains a month of it when it comes back, before anything new of the class: within one stream, order is first in, first out.",
	remedy: "give the class a maxAge, at least as long as the longest outage that matters",
	example: {
		fails: "name: edge1_debug        # whenFull: drop-oldest\nmax_bytes: 10485760\nmax_age: 0\n",
		complies: "name: edge1_debug        # whenFull: drop-oldest\nmax_bytes: 10485760\nmax_age: 86400000000000\n",
		language: "yaml",
	},
	check: eachField(
		"max_age",
		// What the hub sends is bounded there, and a command must not vanish because of a clock.
		({ side, critical, config: { sources } }) =>
			side === "edge" && !critical && isKnown(sources) && sources === undefined,
		(age = 0, { origin }) =>
			age > 0
				? complies(origin)
				: violates(
						origin,
						`${origin.label} holds a class that drops its oldest and has no max_age: after a long outage stale messages come first`,
					),
	),
};
