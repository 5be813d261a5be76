import { headers, type NatsConnection } from "nats";
import { directGet } from "../../jetstream/direct-get";
import { ApiError } from "../../jetstream/errors";
import { readStored } from "../../jetstream/read-answer";
import { HUB_BOUNDS } from "../../jetstream/read-json";
import { HUB_DOMAIN } from "../../topology/names";
import { adminApi } from "../../topology/permissions";
import { adminKeySubject, keySubject, ROLLOUT_BUCKET, ROLLOUT_STREAM } from "../../topology/rollout/names";

/** A value of a bucket, as the hub has it. */
export interface Entry {
	readonly key: string;
	readonly value: Buffer;
	/** Revision: a later write has a higher one. */
	readonly revision: number;
	/** When the hub took it, milliseconds since 1970. */
	readonly at: number;
}

const ANSWER_MS = 5_000;
const BATCH = 1_000;
/** Of a stream of one copy, and of one of several whose leader has another write under way (nats-server, `errors.json`). */
const WRONG_LAST_SEQUENCE: readonly number[] = [10071, 10164];
const DELETED = ["DEL", "PURGE"];

/** Somebody else wrote first. */
export class Overtaken extends Error {}

/**
 * Writes a value. @param revision that it must have until then, 0 for none. @default whatever it is
 * @throws Overtaken, ApiError, Error when no answer comes
 */
export async function put(
	connection: NatsConnection,
	bucket: string,
	key: string,
	value: string | Uint8Array,
	{ revision, gone = false }: { readonly revision?: number; readonly gone?: boolean } = {},
): Promise<number> {
	const fields = headers();
	if (revision !== undefined) fields.set("Nats-Expected-Last-Subject-Sequence", String(revision));
	if (gone) fields.set("KV-Operation", "DEL");
	const options = { timeout: ANSWER_MS, headers: fields };
	const { data } = await connection.request(adminKeySubject(bucket, key), value, options);
	try {
		return readStored(data, { who: HUB_DOMAIN, call: key, bounds: HUB_BOUNDS }).seq;
	} catch (error) {
		if (error instanceof ApiError && WRONG_LAST_SEQUENCE.includes(error.errCode)) throw new Overtaken(key);
		throw error;
	}
}

/** As an empty value, which readers take for none. */
export function remove(connection: NatsConnection, bucket: string, key: string, revision: number): Promise<number> {
	return put(connection, bucket, key, "", { revision, gone: true });
}

/** Follows the bucket `leafline_rollout`: each look fetches only what was written since the one before. */
export class Watched {
	private next = 1;
	private readonly entries = new Map<string, Entry>();

	/** @param keys which, as a subject's end: `want.*`, `>` */
	constructor(
		private readonly connection: NatsConnection,
		private readonly keys = ">",
	) {}

	get(key: string): Entry | undefined {
		return this.entries.get(key);
	}

	/** @throws Error when the hub does not answer */
	async look(): Promise<void> {
		const subject = `${adminApi(HUB_DOMAIN)}.DIRECT.GET.${ROLLOUT_STREAM}`;
		const prefix = keySubject(ROLLOUT_BUCKET, "");
		for (let pending = 1; pending > 0; ) {
			pending = 0;
			const body = { seq: this.next, next_by_subj: keySubject(ROLLOUT_BUCKET, this.keys), batch: BATCH };
			for await (const { headers: of, data } of directGet(this.connection, subject, body, ANSWER_MS)) {
				pending = Number(of?.get("Nats-Num-Pending")) || 0;
				const revision = Number(of?.get("Nats-Sequence"));
				const key = of?.get("Nats-Subject").slice(prefix.length) ?? "";
				// The mark of a batch's end has none.
				if (!Number.isSafeInteger(revision) || revision < 1 || key === "") continue;
				this.next = Math.max(this.next, revision + 1);
				const at = Date.parse(of?.get("Nats-Time-Stamp") ?? "") || 0;
				const value = DELETED.includes(of?.get("KV-Operation") ?? "") ? Buffer.alloc(0) : Buffer.from(data);
				this.entries.set(key, { key, value, revision, at });
			}
		}
	}
}
