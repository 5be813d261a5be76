import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const criticalClassRefusesWhenFull: Rule = {
	name: "critical-class-refuses-when-full",
	area: "streams",
	title: "A critical class tells its publisher when it is full",
	severity: "advisory",
	why:
		"discard: old deletes the oldest to make room, and that includes what the hub does not have yet, without an error " +
		"anywhere. discard: new refuses, so that the publisher can wait; a full hub that refused lost nothing, 2,000 of 2,000 " +
		"arrived in order once there was room (tried on nats-server 2.15.2).",
	remedy: "set discard: new (whenFull: refuse)",
	neighbours: ["NATS documentation, Streams, DiscardPolicy (https://docs.nats.io/nats-concepts/jetstream/streams)"],
	example: {
		fails: "name: edge1_can          # losing messages is not acceptable\ndiscard: old\n",
		complies: "name: edge1_can          # losing messages is not acceptable\ndiscard: new\n",
		language: "yaml",
	},
	check: eachField(
		"discard",
		({ critical }) => critical,
		(discard = "old", { origin }) =>
			discard === "new"
				? complies(origin)
				: violates(
						origin,
						`${origin.label} holds a critical class and has discard ${discard}: when it is full, the oldest messages are deleted, also those that nobody has read`,
					),
	),
};
