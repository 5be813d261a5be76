import type { Api } from "./api";
import { ApiError } from "./errors";

/** No message has this sequence. */
const BEYOND = Number.MAX_SAFE_INTEGER;

const FAULT = /no space left on device|read-only file system|input\/output error|disk quota exceeded|permission denied/;

/**
 * Why a stream takes nothing any more, by its name; undefined for one that does. It asks for the deletion of a message that
 * is never there: a server looks for a failed write before it looks for the message (2.15.2, `fileStore.removeMsg`).
 * Nothing is deleted by that. It is the one call that tells: `STREAM.INFO` of such a stream is as that of any other.
 * @throws NoAnswer, BadAnswer
 */
export async function writeFault(api: Api, stream: string, timeoutMs: number): Promise<string | undefined> {
	try {
		await api.ask(`STREAM.MSG.DELETE.${stream}`, { seq: BEYOND, no_erase: true }, timeoutMs);
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		// What failed names the file; what else the server may say of a message that is not there is no fault.
		const { description } = error;
		if (FAULT.test(description) || description.includes(`/streams/${stream}/`)) return `${stream}: ${description}`;
	}
	return undefined;
}
