import type { Settings } from "../../config/model";
import type { StreamConfig } from "../jetstream";
import {
	keySubject,
	nudgeSubject,
	RELEASES_BUCKET,
	RELEASES_STREAM,
	ROLLOUT_BUCKET,
	ROLLOUT_STREAM,
	wantKey,
} from "./names";

/** Orders and states of 10,000 devices are some 15 MB. */
export const ROLLOUT_BYTES = 64 * 1024 ** 2;

/** Of one value: the plan of a rollout to 10,000 devices is some 300 kB. What one device can fill of the bucket is this. */
const ROLLOUT_VALUE_BYTES = 512 * 1024;

/** Room for a value's headers, and what gzip adds to what cannot be made smaller. */
const CHUNK_VALUE_BYTES = 64 * 1024;

/** What the buckets of a rollout take of each node that holds a copy; 0 for a stack without. */
export function rolloutBytes({ rolloutBytes: releases }: Pick<Settings, "rolloutBytes">): number {
	return releases === undefined ? 0 : releases + ROLLOUT_BYTES;
}

/**
 * The two buckets, as streams; none for a stack without `rollout`. They refuse when they are full, so that nothing that a
 * device still needs goes by itself. Not like other buckets, they take no roll-up: with it, who may write one key could empty
 * all of them.
 */
export function rolloutStreams({ rolloutBytes: releases, hub: { nodes } }: Settings): StreamConfig[] {
	if (releases === undefined) return [];
	const bucket = (name: string, stream: string): StreamConfig => ({
		name: stream,
		subjects: [keySubject(name, ">")],
		retention: "limits",
		storage: "file",
		discard: "new",
		num_replicas: nodes,
		max_msgs: -1,
		max_bytes: releases,
		max_age: 0,
		max_msgs_per_subject: 1,
		duplicate_window: 0,
		compression: "none",
		allow_direct: true,
	});
	return [
		{
			...bucket(RELEASES_BUCKET, RELEASES_STREAM),
			description: "Releases for devices, in chunks by their hash",
			max_msg_size: CHUNK_VALUE_BYTES,
		},
		{
			...bucket(ROLLOUT_BUCKET, ROLLOUT_STREAM),
			description: "What devices are to run, and what they say they run",
			max_bytes: ROLLOUT_BYTES,
			max_msg_size: ROLLOUT_VALUE_BYTES,
			republish: { src: keySubject(ROLLOUT_BUCKET, wantKey("*")), dest: nudgeSubject("$1"), headers_only: true },
		},
	];
}
