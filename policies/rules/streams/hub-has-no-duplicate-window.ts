import { formatDuration } from "../../../topology/format";
import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const hubHasNoDuplicateWindow: Rule = {
	name: "hub-has-no-duplicate-window",
	area: "streams",
	title: "The hub drops no message as a duplicate",
	severity: "mandatory",
	why:
		"The hub sees the Nats-Msg-Id of all devices in one stream: two devices that count their messages alike lose each " +
		"other's, silently. Left out, the window is two minutes. Duplicates are recognised on the device, where the ids are its own " +
		"(0 needs nats-server 2.14).",
	remedy: "set duplicate_window: 0 on the hub's streams, and keep it on the devices'",
	example: {
		fails: "name: hub_can\nduplicate_window: 120000000000\n",
		complies: "name: hub_can\nduplicate_window: 0\n",
		language: "yaml",
	},
	check: eachField(
		"duplicate_window",
		({ side }) => side === "hub",
		(window, { origin }) => {
			if (window === 0) {
				return complies(origin);
			}
			const stated =
				window === undefined
					? "no duplicate_window, which is 2m"
					: `duplicate_window ${formatDuration(window / 1_000_000)}`;
			return violates(
				origin,
				`${origin.label} has ${stated}: messages of two devices with the same Nats-Msg-Id count as one`,
			);
		},
	),
};
