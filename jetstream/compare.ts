import { foreign } from "../config/printable";
import { CUT_NOTE } from "../topology/cut-note";
import type { ConsumerConfig, StreamConfig, StreamSource } from "../topology/jetstream";
import { withoutNotes } from "./source-notes";

/** A stream's or consumer's configuration as a server sends it: more fields than leafline knows. */
export type Seen = Readonly<Record<string, unknown>>;

/** Characters of a value in a message. */
const LONGEST_VALUE = 300;

/** One field that is not as asked. */
export interface Difference {
	/** For example `max_bytes` or `sources.truck-001_can`. */
	readonly field: string;
	/** Undefined where nothing was asked for. */
	readonly wanted: unknown;
	/** Undefined where the server has nothing. */
	readonly found: unknown;
}

/** What a field is when it is not sent, or not returned. */
const STREAM_DEFAULTS: Seen = {
	description: "",
	subjects: [],
	retention: "limits",
	max_consumers: -1,
	max_msgs: -1,
	max_bytes: -1,
	max_age: 0,
	max_msgs_per_subject: -1,
	max_msg_size: -1,
	discard: "old",
	discard_new_per_subject: false,
	storage: "file",
	num_replicas: 1,
	no_ack: false,
	duplicate_window: 0,
	compression: "none",
	allow_direct: false,
	mirror_direct: false,
	sealed: false,
	deny_delete: false,
	deny_purge: false,
	allow_rollup_hdrs: false,
	allow_msg_ttl: false,
	allow_msg_counter: false,
	allow_msg_schedules: false,
	allow_atomic: false,
	allow_batched: false,
	subject_delete_marker_ttl: 0,
	first_seq: 0,
	persist_mode: "default",
	metadata: {},
	consumer_limits: {},
};

/** Fields that the server fills in by its own rules when they are not asked for. */
const SERVER_DECIDES = new Set(["duplicate_window", "first_seq"]);
const NO_LIMIT_IS_MINUS_ONE = new Set([
	"max_consumers",
	"max_msgs",
	"max_bytes",
	"max_msgs_per_subject",
	"max_msg_size",
]);

/** Every field in which a stream is not as asked. What servers add by themselves is no difference. */
export function compareStream(wanted: StreamConfig, found: Seen): Difference[] {
	const ask = wanted as unknown as Seen;
	const fields = new Set([...Object.keys(STREAM_DEFAULTS), ...Object.keys(ask), ...Object.keys(found)]);
	fields.delete("sources");
	fields.delete("name");
	const differences: Difference[] = [];
	for (const field of [...fields].sort()) {
		if (ask[field] === undefined && SERVER_DECIDES.has(field)) continue;
		const want = streamField(field, ask[field], wanted);
		const have = streamField(field, found[field], wanted);
		if (field === "duplicate_window" && want === 0 && !wanted.sources?.length) continue;
		if (!same(want, have)) differences.push({ field, wanted: ask[field], found: found[field] });
	}
	return [...differences, ...compareSources(wanted.sources ?? [], (found.sources ?? []) as StreamSource[])];
}

function streamField(field: string, value: unknown, stream: StreamConfig): unknown {
	const filled = value ?? STREAM_DEFAULTS[field];
	if (NO_LIMIT_IS_MINUS_ONE.has(field) && filled === 0) return -1;
	if (field === "metadata") return ownMetadata(filled as Record<string, string>);
	if (field === "subjects") {
		const subjects = [...(filled as string[])].sort();
		// The server gives a stream with neither subjects nor sources its own name as subject.
		const byServer = !stream.sources?.length && subjects.length === 1 && subjects[0] === stream.name;
		return byServer ? [] : subjects;
	}
	if (field === "consumer_limits") return withoutEmpty(filled);
	return filled;
}

function compareSources(wanted: readonly StreamSource[], found: readonly StreamSource[]): Difference[] {
	const ask = new Map(wanted.map((source) => [source.name, source]));
	// A server takes two sources of one name, when they differ in what it knows them by.
	const have = new Map<string, StreamSource[]>();
	for (const source of found) have.set(source.name, [...(have.get(source.name) ?? []), source]);
	const names = [...new Set([...ask.keys(), ...have.keys()])].sort();
	return names.flatMap((name) => {
		const wants = ask.get(name);
		const [first, ...more] = have.get(name) ?? [];
		if (more.length === 0 && same(withoutEmpty(wants), withoutEmpty(first))) return [];
		const other = [first, ...more].find((source) => !same(withoutEmpty(wants), withoutEmpty(source)));
		return [{ field: `sources.${name}`, wanted: wants, found: other ?? first }];
	});
}

/** Fields of a consumer that count even when they are not asked for. */
const CONSUMER_WATCHED = [
	"backoff",
	"deliver_group",
	"deliver_subject",
	"filter_subject",
	"filter_subjects",
	"flow_control",
	"headers_only",
	"idle_heartbeat",
	"mem_storage",
	"opt_start_time",
	"pause_until",
	"rate_limit_bps",
] as const;

/** Every field in which a consumer is not as asked; what servers fill in (`max_waiting`, …) is no difference. */
export function compareConsumer(wanted: ConsumerConfig, found: Seen): Difference[] {
	const ask = wanted as unknown as Seen;
	const fields = new Set([...Object.keys(ask), ...CONSUMER_WATCHED]);
	fields.delete("name");
	return [...fields]
		.sort()
		.filter((field) => !same(consumerField(field, ask[field]), consumerField(field, found[field])))
		.map((field) => ({ field, wanted: ask[field], found: found[field] }));
}

/** A consumer's field in a form that can be compared: times as numbers, what means nothing as null. */
export function consumerField(field: string, value: unknown): unknown {
	if (field === "opt_start_time" && typeof value === "string") return Date.parse(value);
	if (field === "max_deliver" && value === 0) return -1;
	if (value === undefined || value === null || value === "" || value === 0 || value === false) return null;
	return withoutEmpty(value) ?? null;
}

/** Metadata without what the server adds (`_nats.*`), what the device does, and leafline's own notes. */
export function ownMetadata(metadata: Readonly<Record<string, string>> | undefined): Record<string, string> {
	const { [CUT_NOTE]: _, ...rest } = metadata ?? {};
	return withoutNotes(Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith("_nats."))));
}

export function describe({ field, wanted, found }: Difference): string {
	return `${foreign(field, 100)} is ${showJson(found)}, not ${showJson(wanted)}`;
}

/** A value of a configuration, perhaps another's, for a message. */
export function showJson(value: unknown): string {
	return value === undefined ? "nothing" : foreign(JSON.stringify(value), LONGEST_VALUE);
}

/** Equal as JSON, whatever the order of the keys. */
export function same(a: unknown, b: unknown): boolean {
	return a === b || stable(a) === stable(b);
}

function stable(value: unknown): string {
	return (
		JSON.stringify(value, (_key, part: unknown) =>
			part && typeof part === "object" && !Array.isArray(part)
				? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
				: part,
		) ?? ""
	);
}

/** Without fields that mean the same as their absence. */
function withoutEmpty(value: unknown): unknown {
	if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty);
	if (typeof value !== "object" || value === null) return value === "" || value === 0 ? undefined : value;
	const kept = Object.entries(value)
		.map(([key, part]) => [key, withoutEmpty(part)] as const)
		.filter(([, part]) => part !== undefined);
	return Object.fromEntries(kept);
}
