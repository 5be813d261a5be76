import { z } from "zod";
import { absent, choice, count, named, oneNumber, quantity, say, section, text } from "./fields";
import { Hardware } from "./hardware-schema";
import { MOST_PAYLOAD_TEXT, MOST_ROTATIONS } from "./limits";
import { DELIVER_POLICIES } from "./model";
import { CLASS, CONSUMER, DEVICE, FLEET, GROUP, HARDWARE, LONGEST_LABEL } from "./names";
import { acceptsProblem } from "./subject";
import { BIT_RATE, DURATION, RATE, SIZE } from "./units";
import { show } from "./words";

/**
 * The fleet file's shape, field by field, with its defaults: what one field alone can get wrong. What fields have to do
 * with each other is in `fleet-checks.ts`. `docs/schema/fleet.json` is made from this.
 */

export const API_VERSION = "leafline/v1";

const LIMITS =
	"leafline's streams always keep messages until their limits (retention limits): workqueue and interest lose them";

const up = quantity(BIT_RATE, "Speed from the device to the hub.", { example: "20Mbit/s" });
const down = quantity(BIT_RATE, "Speed from the hub to the device. Default: the same as up.", { example: "20Mbit/s" });
const rtt = quantity(DURATION, "Round trip between device and hub.", { example: "80ms" });
const outage = quantity(DURATION, "The longest time without a link that may lose nothing.", { example: "30m" });
const compression = choice(["off", "s2_fast", "s2_better", "s2_best"], "Compression on the link.");

const Link = section(
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

const subjects = z
	.union([z.string(), z.array(z.string()).max(1)], {
		error: ({ input }) =>
			absent(input, "vehicle.>") ??
			(Array.isArray(input) && input.length > 1
				? say(
						`has ${input.length} subjects, and a stream can take in one`,
						"accept a wider subject, or make a class for each",
					)
				: say(`${show(input)} is not a subject`, "write for example vehicle.>")),
	})
	.transform((input, context) => {
		const list = typeof input === "string" ? [input] : input;
		for (const subject of list) {
			const problem = acceptsProblem(subject);
			if (problem) context.issues.push({ code: "custom", message: say(problem.message, problem.remedy), input });
		}
		return list;
	})
	.meta({
		description: "What the device's own programs publish on. Stored as <device>.<class>.<subject>.",
		examples: ["vehicle.>"],
	});

const replicas = oneNumber([1, 3], "Copies of each message at the hub. Default: 1 on one node, 3 on three.");

const Uplink = section(
	{
		rate: quantity(RATE, "Messages of one device."),
		size: quantity(SIZE, "Payload of one message.", { max: MOST_PAYLOAD_TEXT }),
		accepts: subjects.prefault([]),
		priority: choice(["normal", "high"], "high: keeps its latency while other classes drain.").prefault("normal"),
		whenFull: choice(
			["refuse", "drop-oldest"],
			"When the buffer is full. refuse: publishers are told and nothing is lost. drop-oldest: the oldest goes.",
		),
		storage: choice(["file", "memory"], "memory: what it holds is lost when the device's server restarts.").prefault(
			"file",
		),
		sync: choice(
			["always"],
			"always: acknowledged when it is on disk, so that a power cut takes nothing of it. Then the same holds for all classes of these devices, whose servers have one setting. Default: the hardware's.",
		).exactOptional(),
		maxAge: quantity(
			DURATION,
			"Age limit on the device. Only with drop-oldest, because a wrong clock empties the stream. Default there: the longer of hub.keep and outage.",
			{ example: "1d" },
		).exactOptional(),
		delay: quantity(DURATION, "How long other classes may wait for this class's bytes on the link.", {
			example: "500ms",
		}).prefault("500ms"),
		shards: count(1, 99, "Hub streams for this class. Default: one for every 64 devices, up to 32.").exactOptional(),
		hub: section(
			{
				keep: quantity(DURATION, "How long the hub keeps a message.", { example: "7d" }).prefault("7d"),
				replicas: replicas.exactOptional(),
			},
			"The class's streams at the hub.",
			{ retention: LIMITS },
		).prefault({}),
	},
	"A kind of traffic from the devices to the hub.",
	{
		retention: LIMITS,
		keep: "keep is a matter of the hub: write hub: { keep: 7d }",
		replicas: "replicas are a matter of the hub: write hub: { replicas: 3 }",
		discard: "write whenFull: refuse, or whenFull: drop-oldest",
	},
);

const Downlink = section(
	{
		keep: quantity(DURATION, "How long the hub keeps a message for a device that is away.", { example: "1d" }).prefault(
			"1d",
		),
		size: quantity(SIZE, "Payload of one message.", { max: MOST_PAYLOAD_TEXT, example: "1KiB" }).prefault("1KiB"),
		rate: quantity(RATE, "Messages to one device.", { example: "1/s" }).prefault("1/s"),
		replicas: replicas.exactOptional(),
	},
	"A kind of traffic from the hub to the devices.",
	{ retention: LIMITS },
);

const Consumer = section(
	{
		class: text(CLASS.form, "the name of a class", "can", "The class that it reads."),
		deliver: choice(DELIVER_POLICIES, "Where it starts. There is no default, for a silent one replays everything."),
		startTime: z.iso
			.datetime({
				offset: true,
				error: ({ input }) => say(`${show(input)} is not a time`, "write for example 2026-01-31T00:00:00Z"),
			})
			.meta({ description: "Only with by-start-time.", examples: ["2026-01-31T00:00:00Z"] })
			.exactOptional(),
		filter: text(/^/, "a subject", "*.can.>", "Only messages on these subjects. Default: all.").exactOptional(),
		ackWait: quantity(DURATION, "How long it may take to acknowledge a message.", { example: "30s" }).prefault("30s"),
		maxAckPending: count(1, 1_000_000, "Messages that it may leave unacknowledged.").prefault(1000),
	},
	"A reader of the hub's streams of a class.",
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

const Group = section(
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

const Override = section(
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

const SigningKey = section(
	{
		rotation: count(
			0,
			MOST_ROTATIONS,
			"How often it was replaced. Raise it by one: credentials that the old one signed stay valid until every device has connected with new ones.",
		),
		end: count(
			0,
			MOST_ROTATIONS,
			"Keys from before this rotation end, whoever has not connected with a later one: those devices are locked out until they have new credentials.",
		).prefault(0),
	},
	"The account's signing key, which signs the credentials of every device.",
);

const Authority = section(
	{
		rotation: count(0, MOST_ROTATIONS, "How often it was replaced. Raise it by one, with stage beside, for a new one."),
		stage: choice(
			["beside", "signs", "alone"],
			"beside: devices are given the new one beside the old, which signs. signs: the new one signs. alone: the old one is gone.",
		),
	},
	"The authority that signs the hub's certificate, where leafline makes it.",
);

export const FleetFile = section(
	{
		apiVersion: z
			.literal(API_VERSION, {
				error: ({ input }) =>
					absent(input, API_VERSION) ?? say(`${show(input)} is not known here`, `write ${API_VERSION}`),
			})
			.meta({ description: "Version of this file's format." }),
		fleet: text(FLEET.form, "a name", "mine-north", "Name of the fleet."),
		rotation: count(
			0,
			MOST_ROTATIONS,
			"How often all devices were given new keys. Raise it by one: each device's old credentials stay valid until it has connected with the new ones.",
		).exactOptional(),
		signingKey: SigningKey.exactOptional(),
		authority: Authority.exactOptional(),
		hardware: named(Hardware, HARDWARE, "Kinds of devices.").prefault({}),
		link: Link.prefault({}),
		classes: named(Uplink, CLASS, "Kinds of traffic from the devices to the hub."),
		downlink: named(Downlink, CLASS, "Kinds of traffic from the hub to the devices.").prefault({}),
		consumers: named(Consumer, CONSUMER, "Readers of the hub's streams.").prefault({}),
		groups: named(Group, GROUP, "The devices, in groups that are alike."),
		devices: named(Override, DEVICE, "What is different about single devices.").prefault({}),
	},
	"A fleet: its devices, their links and their traffic.",
	{ mqtt: "mqtt is a matter of a group: write groups: { <group>: { mqtt: { port: 1883 } } }" },
);

/** What the file says, in base units and with the defaults filled in. */
export type FleetInput = z.output<typeof FleetFile>;
