import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const mqttFeedsNoRefusingClass: Rule = {
	name: "mqtt-feeds-no-refusing-class",
	area: "streams",
	title: "MQTT does not feed a class that refuses when it is full",
	severity: "mandatory",
	why:
		"The server acknowledges QoS 1 and 2 when its own MQTT stream has the message, whatever the class's stream says: into a full one " +
		"60 of 60 publishes succeeded and 10 were stored (tried on nats-server 2.15.2). The publisher is never told.",
	remedy:
		"use leafline's bridge (docs/mqtt.md), which acknowledges when the stream has it, or make the class drop-oldest",
	example: {
		fails: "name: edge1_can          # fed by MQTT\ndiscard: new\n",
		complies: "name: edge1_can          # fed by MQTT\ndiscard: old\n",
		language: "yaml",
	},
	check: eachField(
		"discard",
		({ mqtt }) => mqtt === true,
		(discard = "old", { origin }) =>
			discard === "old"
				? complies(origin)
				: violates(
						origin,
						`${origin.label} has discard ${discard} and is fed by MQTT: when it is full, publishers get an acknowledgement for what is lost`,
					),
	),
};
