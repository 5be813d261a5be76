import { z } from "zod";

/** What `leafline doctor --json` prints. Without secrets. */
export const doctorOutput = z.strictObject({
	schemaVersion: z.literal(1),
	where: z.enum(["device", "outside"]).describe("On a device, or from where the outputs are."),
	about: z.string().describe("The device, or the stack."),
	at: z.string().describe("When it was looked at, ISO 8601."),
	good: z.boolean().describe("There is no fault; warnings there may be."),
	findings: z.array(
		z.strictObject({
			check: z.string().describe("What was looked at, for example tls (docs/cli.md)."),
			level: z.enum(["good", "warning", "fault", "unknown"]).describe("unknown: it could not be looked at."),
			text: z.string().describe("What is; one line, for people."),
			remedy: z.string().describe("What to do; of everything that is not good.").exactOptional(),
		}),
	),
});

export type DoctorOutput = z.infer<typeof doctorOutput>;
