import { formatDuration } from "../../../topology/format";
import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const criticalEdgeStreamHasNoMaxAge: Rule = {
	name: "critical-edge-stream-has-no-max-age",
	area: "streams",
	title: "No age limit deletes a critical class on a device",
	severity: "mandatory",
	why:
		"A device that booted with a wrong clock and was corrected lost 1,000 of 1,000 acknowledged messages to max_age: 7d " +
		"(tried on nats-server 2.15.2). An age limit below the longest outage loses the gap too, without a word.",
	remedy:
		"take maxAge out of the class: bytes bound it on the device, and age on the hub, where messages get the hub's time",
	example: {
		fails: "name: edge1_can          # whenFull: refuse\nmax_bytes: 1073741824\nmax_age: 604800000000000\n",
		complies: "name: edge1_can          # whenFull: refuse\nmax_bytes: 1073741824\nmax_age: 0\n",
		language: "yaml",
	},
	check: eachField(
		"max_age",
		({ side, critical }) => side === "edge" && critical,
		(age = 0, { origin }) =>
			age <= 0
				? complies(origin)
				: violates(
						origin,
						`${origin.label} holds a critical class and has max_age ${formatDuration(age / 1_000_000)}: ` +
							"a clock that was wrong deletes messages that the hub does not have",
					),
	),
};
