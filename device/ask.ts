/** How the device's JetStream is asked, whoever asks. */
export interface Ask {
	/** A request of the API without its prefix: `STREAM.INFO.<stream>` and so on. @returns the answer as it came */
	request(call: string, body?: unknown): Promise<Answer>;
	/** An empty message that nobody acknowledges. */
	publish(subject: string): void;
	/** An empty message that a stream acknowledges. @returns its sequence @throws when it is refused */
	store(subject: string): Promise<number>;
}

export type Answer = Readonly<Record<string, unknown>>;

/** @throws Error when the device answers with an error */
export async function reply(request: Ask["request"], call: string, body?: unknown): Promise<Answer> {
	const answer = await request(call, body);
	const error = answer.error as { description?: string } | undefined;
	if (error) throw new Error(`${call}: ${error.description ?? "refused"}`);
	return answer;
}

export interface StreamInfo {
	readonly created: string;
	readonly config: Readonly<Record<string, unknown>> & {
		readonly name: string;
		readonly max_bytes: number;
		readonly metadata?: Readonly<Record<string, string>>;
	};
	readonly state: {
		readonly messages: number;
		readonly bytes: number;
		readonly first_seq: number;
		readonly last_seq: number;
	};
}

/** @returns undefined when the device has no such stream */
export async function streamInfo(request: Ask["request"], stream: string): Promise<StreamInfo | undefined> {
	const answer = await request(`STREAM.INFO.${stream}`);
	const error = answer.error as { code?: number; description?: string } | undefined;
	if (error?.code === 404) return undefined;
	if (error) throw new Error(`${stream}: ${error.description ?? "refused"}`);
	return answer as unknown as StreamInfo;
}
