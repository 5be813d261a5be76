import { z } from "zod";

/** What `leafline status --json` prints. */

const count = z.number().min(0);
const ms = z.number();

const note = z.strictObject({
	code: z.string().describe("Kind of the note (docs/status.md)."),
	class: z.string().describe("Of a device's notes: which class.").exactOptional(),
	text: z.string().describe("What is, and what to do; for people."),
	needsHand: z.boolean().describe("It does not mend itself."),
});

const link = z.union([
	z.strictObject({ state: z.enum(["up", "never seen", "unknown"]) }),
	z.strictObject({ state: z.enum(["cut", "down"]), forMs: ms }),
]);

const device = z.strictObject({
	label: z.string().exactOptional(),
	link,
	atEdge: count.describe("Messages in its streams; absent if it never answered.").exactOptional(),
	onHub: count.describe("Absent if the hub did not answer.").exactOptional(),
	backlog: count.describe("Messages that the hub has not got.").exactOptional(),
	gone: z.array(z.string()).describe("Streams of it that are not there.").exactOptional(),
	vanished: count.describe("Messages that are gone from it and that the hub never had.").exactOptional(),
	staleMs: ms.describe("Age of what is known of it, if it did not answer now.").exactOptional(),
	buffer: z
		.strictObject({
			used: z.number().min(0).max(1).describe("Share of the fullest class."),
			leftMs: ms.describe("Until the first class is full; only while the hub takes nothing.").exactOptional(),
		})
		.exactOptional(),
	retired: z.enum(["drain", "lost"]).exactOptional(),
	notes: z.array(note),
});

const reader = z.strictObject({
	reader: z.string(),
	stream: z.string(),
	waiting: count.describe("Messages that it has not acknowledged."),
	note: z.string().describe("Why it seems to be stuck.").exactOptional(),
});

export const statusOutput = z.strictObject({
	schemaVersion: z.literal(2),
	environment: z.string().describe("Name of the stack."),
	at: z.string().describe("ISO 8601."),
	needsHand: z.boolean().describe("Exit code 2."),
	hub: z.strictObject({
		messages: count,
		bytes: count,
		notes: z.array(note),
		readers: z.array(reader).exactOptional(),
		nodes: count.describe("Only of a hub of several nodes on this machine.").exactOptional(),
		silent: count.describe("Nodes that do not answer.").exactOptional(),
		versions: z.record(z.string(), z.string()).describe("Of each node's nats-server.").exactOptional(),
		error: z.string().describe("Why it could not be asked; nothing else is known then.").exactOptional(),
	}),
	devices: z.record(z.string(), device).describe("By name."),
});

export type StatusOutput = z.infer<typeof statusOutput>;
