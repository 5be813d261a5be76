import { z } from "zod";
import { absent, choice, count, quantity, say, section, text } from "./fields";
import { MOST_ROTATIONS } from "./limits";
import { CLASS, HARDWARE, LONGEST_LABEL } from "./names";
import { BIT_RATE, DURATION } from "./units";
import { show } from "./words";

/** Part of the fleet file's shape: the devices in their groups, their links, and what is different about one (`fleet-schema.ts`). */

const up = quantity(BIT_RATE, "Speed from the device to the hub.", { example: "20Mbit/s" });
const down = quantity(BIT_RATE, "Speed from the hub to the device. Default: the same as up.", { example: "20Mbit/s" });
const rtt = quantity(DURATION, "Round trip between device and hub.", { example: "80ms" });
const outage = quantity(DURATION, "The longest time without a link that may lose nothing.", { example: "30m" });
const compression = choice(["off", "s2_fast", "s2_better", "s2_best"], "Compression on the link.");

export const Link = section(
	{
		up: up.prefault("20Mbit/s"),
		down: down.exactOptional(),
		rtt: rtt.prefault("80ms"),
		outage: outage.prefault("30m"),
		compression: compression.prefault("s2_fast"),
	},
	"The link between a device and the hub, at its usual worst.",
);

const GroupLink = section(
	{
		up: up.exactOptional(),
		down: down.exactOptional(),
		rtt: rtt.exactOptional(),
		outage: outage.exactOptional(),
		compression: compression.exactOptional(),
	},
	"What is different about this group's link.",
);

const Mqtt = section(
	{
		port: count(1, 65_535, "Port on loopback for programs on the device that speak MQTT.").prefault(1883),
		topics: z
			.record(z.string(), text(CLASS.form, "the name of a class", "can", "The class that takes these topics."), {
				error: ({ input }) =>
					say(`${show(input)} is not a map`, "write a topic and its class, for example alarms/#: alarm"),
			})
			.meta({
				description: "Class by topic, + and # allowed. Topics that a class accepts as subjects need not be named.",
				examples: [{ "alarms/#": "alarm" }],
			})
			.prefault({}),
	},
	"Takes MQTT: a message of QoS 1 is acknowledged when the stream of its class has it.",
);

export const Group = section(
	{
		devices: z
			// The items are read with the ranges in them, in fleet-checks.ts.
			.union([z.string(), z.array(z.unknown().meta({ type: "string" }))], {
				error: ({ input }) =>
					absent(input, '"truck-[001-250]"') ??
					say(`${show(input)} names no devices`, 'write for example "truck-[001-250]"'),
			})
			.meta({ description: "Names and ranges, in one text or a list.", examples: ["truck-[001-250]", "edge1, edge2"] }),
		hardware: text(
			HARDWARE.form,
			"the name of hardware",
			"rk3588",
			"May be left out where there is only one.",
		).exactOptional(),
		link: GroupLink.prefault({}),
		mqtt: Mqtt.exactOptional(),
	},
	"Devices that are alike.",
);

const notALabel = ({ input }: { input?: unknown }) => {
	// A number with zeros in front is a symbol: see `YamlDocument.value`.
	if (typeof input === "number" || typeof input === "symbol") {
		return say(`${show(input)} is a number`, "write it in quotes, or it may lose its zeros");
	}
	const remedy = `use 1 to ${LONGEST_LABEL} characters, none of them a control character`;
	return absent(input, "GW_0042") ?? say(`${show(input)} is no label`, remedy);
};

export const Override = section(
	{
		label: z
			.string({ error: notALabel })
			.regex(new RegExp(`^[^\\p{C}]{1,${LONGEST_LABEL}}$`, "u"), { error: notALabel })
			.meta({ description: "What people call it, for example what is printed on it.", examples: ["GW_0042"] })
			.exactOptional(),
		retired: choice(
			["drain", "lost"],
			"drain: taken out when the hub has everything that it holds. lost: its access is revoked at once and for ever.",
		).exactOptional(),
		publicKey: text(
			/^U[A-Z2-7]{55}$/,
			"the public key of a NATS user",
			"UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
			"Public key of a user whose seed only the device knows. Default: derived from the fleet's secret.",
		).exactOptional(),
		rotation: count(
			0,
			MOST_ROTATIONS,
			"How often this device was given a new key, besides with the whole fleet. Raise it by one: its old credentials stay valid until it has connected with the new ones.",
		).exactOptional(),
	},
	"What is different about one device.",
);
