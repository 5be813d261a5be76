import type { NatsConnection } from "nats";
import type { LeaflineOutput } from "../../../contract/outputs";
import { domainApi } from "../../../jetstream/api";
import { streamInfo } from "../../../jetstream/calls";
import { directGet } from "../../../jetstream/direct-get";
import { adminApi } from "../../../topology/permissions";
import { messageOf } from "../../errors";
import { type JournalEntry, readEntry } from "./entry";

/** How far back is looked. */
export const WINDOW_MS = 7 * 86_400_000;

/** Messages in one answer, and how long it may take. */
const BATCH = 1_000;
const ANSWER_MS = 5_000;
/** And all of them; what has not come by then is read by the next look. */
const PATIENCE_MS = 10_000;

export interface JournalFacts {
	/** Oldest first. */
	readonly entries: readonly JournalEntry[];
	/** Why it could not be read, or not to its end. */
	readonly error?: string;
	/** There is no journal. */
	readonly missing?: true;
}

/**
 * The hub's journal of the last days, read once and then only what is new. Read without a consumer: making one is a
 * request that the journal keeps.
 */
export class Journal {
	private entries: JournalEntry[] = [];
	private next: number | undefined;

	constructor(
		private readonly outputs: LeaflineOutput,
		private readonly adminCreds: string,
	) {}

	/** Undefined if the stack has no journal yet. Never throws: a look at a fleet is worth something without it. */
	async read(connection: NatsConnection): Promise<JournalFacts | undefined> {
		const { journal } = this.outputs.hub;
		if (journal === undefined) return undefined;
		const deadline = Date.now() + PATIENCE_MS;
		try {
			const api = domainApi(connection, this.outputs.hub.domain);
			const info = await streamInfo(api, journal, { deadline, timeoutsMs: [ANSWER_MS] });
			if (!info) return { entries: [], missing: true };
			for (let more = info.state.last_seq >= (this.next ?? 1); more; ) {
				if (Date.now() > deadline) return this.facts("it is long, and was not read to its end");
				more = await this.readBatch(connection, journal);
			}
			return this.facts();
		} catch (error) {
			return this.facts(messageOf(error));
		}
	}

	private facts(error?: string): JournalFacts {
		const since = Date.now() - WINDOW_MS;
		this.entries = this.entries.filter(({ at }) => at >= since);
		return { entries: [...this.entries], ...(error !== undefined && { error }) };
	}

	/** @returns whether there is more */
	private async readBatch(connection: NatsConnection, journal: string): Promise<boolean> {
		const start =
			this.next === undefined ? { start_time: new Date(Date.now() - WINDOW_MS).toISOString() } : { seq: this.next };
		const subject = `${adminApi(this.outputs.hub.domain)}.DIRECT.GET.${journal}`;
		let pending = 0;
		for await (const message of directGet(connection, subject, { ...start, batch: BATCH }, ANSWER_MS)) {
			pending = Number(message.headers?.get("Nats-Num-Pending")) || 0;
			const seq = Number(message.headers?.get("Nats-Sequence"));
			const at = Date.parse(message.headers?.get("Nats-Time-Stamp") ?? "");
			if (!Number.isSafeInteger(seq) || !Number.isFinite(at)) continue;
			this.next = seq + 1;
			const stored = { seq, at, subject: message.headers?.get("Nats-Subject") ?? "", headers: message.headers };
			const entry = readEntry({ ...stored, data: message.data }, this.adminCreds);
			if (entry) this.entries.push(entry);
		}
		return pending > 0;
	}
}
