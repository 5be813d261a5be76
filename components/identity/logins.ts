import type { NatsConnection } from "nats";
import { z } from "zod";
import { directGet } from "../../jetstream/direct-get";
import { connects } from "../../topology/journal";
import { HUB_DOMAIN, JOURNAL } from "../../topology/names";
import { adminApi } from "../../topology/permissions";
import { userOf } from "./jwt";

const BATCH = 1_000;
const ANSWER_MS = 5_000;

/** Who came in, as the hub's server says; it has verified all of it: the signature of the token, and the user's of a nonce. */
export interface Login {
	/** Public key of the user. */
	readonly user: string;
	/** Public key of the account's key that signed its credentials. */
	readonly issuer?: string;
	/** Name in its credentials: a device's. */
	readonly name?: string;
	/** Marks in its credentials. */
	readonly tags?: readonly string[];
}

/** What the server says of who connected. */
const connected = z.object({
	client: z.object({ user: z.string(), issuer_key: z.string().optional(), jwt: z.string().optional() }),
});

/**
 * Who connected to an account, oldest first, as far as the hub's journal goes back (30 days, and the last 1,000 logins of
 * the account). nats-server 2.15.2 tells the key of a leaf connection, and who signed it, in that event and nowhere else.
 * @param hub connection as the administrator
 * @param account its public key
 * @throws Error when the journal cannot be read
 */
export async function logins(hub: NatsConnection, account: string): Promise<readonly Login[]> {
	const all: Login[] = [];
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
			const login = loginOf(message.data);
			if (login !== undefined) all.push(login);
		}
	}
	return all;
}

/** Public keys of the users who connected to an account. @throws Error when the journal cannot be read */
export async function usedKeys(hub: NatsConnection, account: string): Promise<ReadonlySet<string>> {
	return new Set((await logins(hub, account)).map(({ user }) => user));
}

function loginOf(data: Uint8Array): Login | undefined {
	try {
		const { client } = connected.parse(JSON.parse(Buffer.from(data).toString()));
		const { user, issuer_key: issuer, jwt } = client;
		return { user, ...(issuer && { issuer }), ...(jwt && userOf(jwt)) };
	} catch {
		return undefined;
	}
}
