import { consumerField, same, showJson } from "../../../jetstream/compare";
import type { ConsumerConfig, StreamConfig } from "../../../topology/jetstream";

/** Fields that a server refuses to change in a stream that exists (error 10052). */
const FIXED_STREAM_FIELDS = ["name", "storage", "mirror", "persist_mode", "allow_msg_counter"] as const;
/** Switches that can be turned on in a stream that exists, but not off. */
const ONE_WAY_STREAM_FIELDS = ["sealed", "deny_delete", "deny_purge", "allow_msg_ttl", "allow_msg_schedules"] as const;
/** Fields that a server refuses to change in a consumer that exists. */
const FIXED_CONSUMER_FIELDS = [
	"deliver_policy",
	"opt_start_seq",
	"opt_start_time",
	"ack_policy",
	"replay_policy",
	"idle_heartbeat",
	"flow_control",
	"mem_storage",
] as const;

/** Why the server would reject this update; empty if it would take it. */
export function rejectedByServer(old: StreamConfig, next: StreamConfig): string[] {
	const was = old as unknown as Record<string, unknown>;
	const will = next as unknown as Record<string, unknown>;
	const reasons: string[] = [];
	for (const field of FIXED_STREAM_FIELDS) {
		if (!same(was[field], will[field])) reasons.push(`${field} ${change(was[field], will[field])}`);
	}
	for (const field of ONE_WAY_STREAM_FIELDS) {
		if (was[field] === true && will[field] !== true) reasons.push(`${field} cannot be turned off again`);
	}
	const throughWorkQueue = old.retention === "workqueue" || next.retention === "workqueue";
	if (old.retention !== next.retention && throughWorkQueue) {
		reasons.push(`retention ${change(old.retention, next.retention)}`);
	}
	return reasons;
}

/** Why the server would reject this update of a consumer. */
export function consumerRejectedByServer(old: ConsumerConfig, next: ConsumerConfig): string[] {
	const was = old as unknown as Record<string, unknown>;
	const will = next as unknown as Record<string, unknown>;
	const changed = (field: string) => !same(consumerField(field, was[field]), consumerField(field, will[field]));
	const reasons = FIXED_CONSUMER_FIELDS.filter(changed).map((field) => `${field} ${change(was[field], will[field])}`);
	if (!old.deliver_subject !== !next.deliver_subject) {
		reasons.push("a consumer cannot change between push and pull");
	}
	return reasons;
}

/** A limit that an update lowers, and that may therefore delete messages. */
export interface Lowered {
	readonly field: "max_age" | "max_bytes" | "max_msgs" | "max_msgs_per_subject" | "retention";
	readonly from: unknown;
	readonly to: unknown;
}

/** What in this update may delete messages that the stream holds. */
export function loweredLimits(old: StreamConfig, next: StreamConfig): Lowered[] {
	const lowered: Lowered[] = [];
	for (const field of ["max_age", "max_bytes", "max_msgs", "max_msgs_per_subject"] as const) {
		const from = (old as unknown as Record<string, number | undefined>)[field];
		const to = (next as unknown as Record<string, number | undefined>)[field];
		// `discard: new` refuses messages when it is full; a lower size limit then deletes nothing.
		if (next.discard === "new" && (field === "max_bytes" || field === "max_msgs")) continue;
		if (limit(to) < limit(from)) lowered.push({ field, from, to });
	}
	if (old.retention === "limits" && next.retention === "interest") {
		lowered.push({ field: "retention", from: old.retention, to: next.retention });
	}
	return lowered;
}

/** How much a stream holds, as `STREAM.INFO` tells it. */
export interface Holding {
	readonly messages: number;
	readonly bytes: number;
	/** Of the oldest message. */
	readonly first_ts?: string;
	readonly last_seq?: number;
}

/** Those of the lowered limits that would delete something of what the stream holds now. */
export function atStake(lowered: readonly Lowered[], state: Holding, now = Date.now()): Lowered[] {
	if (state.messages === 0) return [];
	return lowered.filter(({ field, to }) => {
		if (field === "max_bytes") return state.bytes > limit(to as number);
		if (field === "max_msgs") return state.messages > limit(to as number);
		if (field === "max_age") return !state.first_ts || now - Date.parse(state.first_ts) > limit(to as number) / 1e6;
		return true;
	});
}

function limit(value: number | undefined): number {
	return value === undefined || value <= 0 ? Number.POSITIVE_INFINITY : value;
}

function change(from: unknown, to: unknown): string {
	return `cannot change from ${showJson(from)} to ${showJson(to)}`;
}
