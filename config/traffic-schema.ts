import { z } from "zod";
import { absent, choice, count, oneNumber, quantity, say, section, text } from "./fields";
import { MOST_PAYLOAD_TEXT } from "./limits";
import { DELIVER_POLICIES } from "./model";
import { CLASS } from "./names";
import { acceptsProblem } from "./subject";
import { DURATION, RATE, SIZE } from "./units";
import { show } from "./words";

/** Part of the fleet file's shape: what is sent both ways, and who reads it at the hub (`fleet-schema.ts`). */

const LIMITS =
	"leafline's streams always keep messages until their limits (retention limits): workqueue and interest lose them";

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

export const Uplink = section(
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

export const Downlink = section(
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

export const Consumer = section(
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
