import { z } from "zod";

/** What `leafline retire DEVICE --json` prints. Without secrets. */
export const retireOutput = z.strictObject({
	schemaVersion: z.literal(1),
	device: z.string(),
	draining: z.boolean().describe("The fleet file says retired: drain."),
	link: z.string().describe("up, or why nobody knows what it holds; as in status."),
	waiting: z.int().min(0).describe("Messages that the hub has not got. Absent where nobody knows.").exactOptional(),
	gone: z.array(z.string()).describe("Streams that are not there, on the device or on the hub.").exactOptional(),
	drained: z.boolean().describe("It is connected, and the hub has everything: it can be taken out."),
});

export type RetireOutput = z.infer<typeof retireOutput>;
