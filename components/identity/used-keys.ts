import type { NatsConnection } from "nats";
import { z } from "zod";
import { directGet } from "../../jetstream/direct-get";
import { connects } from "../../topology/journal";
import { HUB_DOMAIN, JOURNAL } from "../../topology/names";
import { adminApi } from "../../topology/permissions";

const BATCH = 1_000;
const ANSWER_MS = 5_000;

/** What the server says of who connected; the user is verified, for it signed the server's nonce. */
const connected = z.object({ client: z.object({ user: z.string() }) });

/**
 * Public keys of users who connected to an account, as far as the hub's journal goes back (30 days, and the last 1,000
 * logins of the account). nats-server 2.15.2 tells the key of a leaf connection in that event and nowhere else.
 * @param hub connection as the administrator
 * @param account its public key
 * @throws Error when the journal cannot be read
 */
export async function usedKeys(hub: NatsConnection, account: string): Promise<ReadonlySet<string>> {
	const users = new Set<string>();
	const subject = `${adminApi(HUB_DOMAIN)}.DIRECT.GET.${JOURNAL}`;
	let pending = 1;
	for (let seq = 1; pending > 0; ) {
		pending = 0;
		const body = { seq, next_by_subj: connects(account), batch: BATCH };
		for await (const message of directGet(hub, subject, body, ANSWER_MS)) {
			pending = Number(message.headers?.get("Nats-Num-Pending")) || 0;
			const at = Number(message.headers?.get("Nats-Sequence"));
			if (!Number.isSafeInteger(at)) continue;
			seq = at + 1;
			const user = userOf(message.data);
			if (user !== undefined) users.add(user);
		}
	}
	return users;
}

function userOf(data: Uint8Array): string | undefined {
	try {
		return connected.safeParse(JSON.parse(Buffer.from(data).toString())).data?.client.user;
	} catch {
		return undefined;
	}
}
