import { CUT_NOTE } from "../topology/cut-note";
import type { ConsumerConfig, StreamConfig } from "../topology/jetstream";
import type { StreamInfo } from "./answers";
import type { Api } from "./api";
import { consumerInfo, deleteConsumer, streamInfo } from "./calls";
import { compareConsumer, compareStream } from "./compare";
import { NoAnswer } from "./errors";
import { type Patience, persist } from "./patience";

/** Switches that a server refuses to turn off: an update sends them on as they are. */
const STICKY = ["sealed", "deny_delete", "deny_purge", "allow_msg_ttl", "allow_msg_schedules", "first_seq"] as const;

/**
 * Creates a stream, or updates the one that `existing` describes. A time-out means unknown, for a server may take
 * minutes to add one source to a big stream: what became of the request is read back before it is sent again.
 */
export async function putStream(
	api: Api,
	wanted: StreamConfig,
	existing: StreamInfo | undefined,
	patience: Patience,
): Promise<void> {
	const kept = Object.fromEntries(
		STICKY.filter((key) => existing?.config[key]).map((key) => [key, existing?.config[key]]),
	);
	const verb = existing ? "UPDATE" : "CREATE";
	// Until somebody has seen it, whatever else is changed.
	const cut = existing?.config.metadata?.[CUT_NOTE];
	const metadata = cut === undefined ? {} : { metadata: { ...wanted.metadata, [CUT_NOTE]: cut } };
	// Without an empty list of subjects, a stream that once had no source keeps listening on its own name.
	const body = { ...kept, ...wanted, ...metadata, subjects: wanted.subjects ?? [] };
	const done = async () => {
		const info = await streamInfo(api, wanted.name, { ...patience, timeoutsMs: [5_000] });
		return info !== undefined && compareStream(wanted, info.config).length === 0;
	};
	await persist(
		(timeout) => writeAndReadBack(() => api.ask(`STREAM.${verb}.${wanted.name}`, body, timeout), done),
		patience,
	);
}

/** Creates a consumer or updates the one of that name. */
export async function putConsumer(api: Api, stream: string, wanted: ConsumerConfig, patience: Patience): Promise<void> {
	const name = wanted.durable_name;
	const body = { stream_name: stream, config: { ...wanted, name } };
	// The form with the filter in the subject is the one that permissions can see.
	const filter = wanted.filter_subject ? `.${wanted.filter_subject}` : "";
	const endpoint = `CONSUMER.CREATE.${stream}.${name}${filter}`;
	const done = async () => {
		const info = await consumerInfo(api, stream, name, { ...patience, timeoutsMs: [5_000] });
		return info !== undefined && compareConsumer(wanted, info.config).length === 0;
	};
	await persist((timeout) => writeAndReadBack(() => api.ask(endpoint, body, timeout), done), patience);
}

/**
 * Makes a consumer as asked that is there in another form. One that was told to leave messages out has gone past them, and
 * does not come back to them when it is told to send all: it is made anew, and begins at the first message.
 * @param changed the fields in which it is another; none where there is no such consumer
 */
export async function mendConsumer(
	api: Api,
	stream: string,
	wanted: ConsumerConfig,
	changed: readonly string[],
	patience: Patience,
): Promise<void> {
	if (changed.some((field) => field.startsWith("filter_subject")))
		await deleteConsumer(api, stream, wanted.durable_name, patience);
	await putConsumer(api, stream, wanted, patience);
}

async function writeAndReadBack(write: () => Promise<unknown>, done: () => Promise<boolean>): Promise<void> {
	try {
		await write();
	} catch (error) {
		if (!(error instanceof NoAnswer) || !(await done())) throw error;
	}
}
