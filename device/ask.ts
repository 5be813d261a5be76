import type { StreamInfo } from "../jetstream/answers";
import type { Api } from "../jetstream/api";
import { unlessMissing } from "../jetstream/calls";
import { STREAM_NOT_FOUND } from "../jetstream/errors";

/** How a device is asked while nobody else can reach it. */
export interface Ask {
	readonly api: Api;
	/** An empty message that nobody acknowledges. */
	publish(subject: string): void;
	/** An empty message that a stream acknowledges. @returns its sequence @throws when it is refused */
	store(subject: string): Promise<number>;
}

/** How long a server that is alone with its store has for an answer. */
export const ANSWER_MS = 60_000;

/** @returns undefined when the device has no such stream */
export function streamInfo(api: Api, stream: string, timeoutMs = ANSWER_MS): Promise<StreamInfo | undefined> {
	return unlessMissing(STREAM_NOT_FOUND, () => api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, timeoutMs));
}
