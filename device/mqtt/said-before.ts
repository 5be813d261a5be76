import { createHash, randomBytes } from "node:crypto";
import type { IPublishPacket } from "mqtt-packet";

/** Longer ago the device's streams have forgotten the id as well (`duplicate_window`). */
const KEPT_MS = 120_000;
const MOST = 20_000;

interface Said {
	readonly digest: string;
	readonly id: string;
	readonly at: number;
}

/**
 * Ids of messages that were taken from a client and not acknowledged to it. Says the client one again (DUP) on its next
 * connection, it goes to the stream under the same id, and is stored once, whether the first attempt came through or not.
 *
 * A message whose PUBACK was sent is forgotten at once: its packet identifier is free for another message from then on, of
 * which nobody could tell whether it is the same one. So one whose PUBACK was lost on the way is stored twice, which is
 * what QoS 1 promises: at least once.
 */
export class SaidBefore {
	private readonly said = new Map<string, Said>();
	/** In every id, for counters begin anew with the process. */
	private readonly life = randomBytes(9).toString("base64url");
	private counter = 0;

	/** The id under which a message goes to the stream. */
	idOf(client: string, { messageId, dup, topic, payload }: IPublishPacket): string {
		const key = keyOf(client, messageId);
		const digest = createHash("sha256").update(topic).update("\0").update(payload).digest("base64");
		const known = this.said.get(key);
		if (dup && known?.digest === digest) return known.id;
		const id = this.newId();
		this.said.delete(key);
		this.said.set(key, { digest, id, at: Date.now() });
		this.forgetOldest();
		return id;
	}

	/** For a message that nobody says again. */
	newId(): string {
		return `${this.life}.${(this.counter++).toString(36)}`;
	}

	/** The PUBACK is on its way. */
	acknowledged(client: string, messageId: number | undefined): void {
		this.said.delete(keyOf(client, messageId));
	}

	private forgetOldest(): void {
		for (const [key, { at }] of this.said) {
			if (this.said.size <= MOST && Date.now() - at < KEPT_MS) break;
			this.said.delete(key);
		}
	}
}

const keyOf = (client: string, messageId: number | undefined) => `${messageId} ${client}`;
