import { z } from "zod";

const count = z.int().min(0);

/** What `leafline rollout status --json` prints. Without secrets. */
export const rolloutOutput = z.strictObject({
	schemaVersion: z.literal(1),
	at: z.string().describe("When it was looked at, ISO 8601."),
	rollout: z.string().describe("Its name."),
	release: count,
	phase: z
		.enum(["preparing", "running", "pausing", "asking", "done", "failed", "stopped", "back"])
		.describe("docs/rollout.md has what each means."),
	held: z.boolean().describe("Somebody said pause."),
	reason: z.string().describe("Why it failed.").exactOptional(),
	wave: count.describe("The wave that is under way or comes next, from 1."),
	waves: count,
	threshold: count.describe("Failures that are tolerated."),
	counts: z.record(z.string(), count).describe("Devices by outcome."),
	devices: z.record(
		z.string(),
		z.strictObject({
			wave: count.describe("From 1."),
			site: z.string(),
			linked: z.boolean(),
			outcome: z.enum(["untold", "told", "away", "under way", "good", "failed"]),
			release: count.describe("In force, as it says itself.").exactOptional(),
			state: z
				.string()
				.describe("Of the newest order that it took: pulling, switched, good, returned, refused.")
				.exactOptional(),
			fetched: count.describe("Bytes that it has of what it has to fetch.").exactOptional(),
			bytes: count.exactOptional(),
			reason: z.string().describe("Why it went back, or refused.").exactOptional(),
		}),
	),
});

export type RolloutOutput = z.infer<typeof rolloutOutput>;
