import { z } from "zod";

/**
 * What servers answer, checked where it enters: a device may be in anybody's hands, and nothing that it says may end
 * the look at a fleet, or reach a terminal as more than text.
 */

const LONGEST = 500;

/** Text of a stranger: without control characters and marks of writing direction, and not too long. */
export function printable(text: string): string {
	const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim();
	return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}

const text = z.string().transform(printable);
const count = z.number().int().min(0);
/** Time as the server writes it; undefined for one that cannot be read. */
const time = z.string().transform((value) => {
	const ms = Date.parse(value);
	return Number.isFinite(ms) ? ms : undefined;
});

export const refusal = z.object({
	code: z.number().optional(),
	err_code: z.number().optional(),
	description: text.default("refused"),
});

export const edgeStream = z.object({
	created: time.optional(),
	state: z.object({ messages: count, bytes: count, last_seq: count }),
});

export const hubStream = z.object({
	config: z.object({
		metadata: z.record(z.string(), z.string()).nullish(),
		discard: z.string().optional(),
		sources: z.array(z.object({ name: z.string(), consumer: z.unknown().optional() })).nullish(),
	}),
	state: z.object({ messages: count, bytes: count, subjects: z.record(z.string(), count).nullish() }),
	sources: z
		.array(
			z.object({
				name: z.string(),
				seq: count.optional(),
				lag: count.optional(),
				active: z.number().optional(),
				error: refusal.nullish(),
			}),
		)
		.nullish(),
	total: count.optional(),
});

export const consumer = z.object({
	config: z.object({ max_ack_pending: z.number().optional() }),
	ack_floor: z.object({ stream_seq: count }),
	num_pending: count,
	num_ack_pending: count,
	paused: z.boolean().optional(),
	/** Nanoseconds. */
	pause_remaining: z.number().optional(),
});

export const storedMessage = z.object({
	message: z.object({ seq: count, time, hdrs: z.string().optional(), data: z.string().optional() }),
});

export const leafz = z.object({ leafs: z.array(z.object({ name: text })).nullish() });
export const healthz = z.object({ status: text.default(""), error: text.optional() });

/** @throws Error when an answer is not what it should be: it then names the first field that is not */
export function read<T extends z.ZodType>(schema: T, answer: unknown, what: string): z.output<T> {
	const { data, error } = schema.safeParse(answer);
	if (!error) return data;
	const field = error.issues[0]?.path.map(String).join(".");
	throw new Error(`its answer is no ${what}${field ? ` (${printable(field)})` : ""}`);
}
