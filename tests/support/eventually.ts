export interface Deadline {
	/** Milliseconds. @default 20 s */
	readonly within?: number;
	/** What is waited for, for the error. */
	readonly what: string;
}

/**
 * Asks again and again until the answer is neither `undefined` nor `false`, and returns it. An error counts as "not
 * yet". @throws after the deadline, with what was waited for and the last error
 */
export async function eventually<T>(
	ask: () => Promise<T | undefined | false> | T | undefined | false,
	{ within = 20_000, what }: Deadline,
): Promise<T> {
	const deadline = Date.now() + within;
	let last: unknown;
	for (;;) {
		try {
			const answer = await ask();
			if (answer !== undefined && answer !== false) return answer;
			last = undefined;
		} catch (error) {
			last = error;
		}
		if (Date.now() >= deadline) {
			throw new Error(`not within ${within} ms: ${what}${last ? ` (${last})` : ""}`, { cause: last });
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
