import { type Msg, type NatsConnection, RequestStrategy } from "nats";
import { UserError } from "../../system/user-error";
import { sleep } from "../../system/wait";

const REPLIES_MS = 1_500;
const NO_RESPONDERS = 503;

interface Reply {
	readonly server?: { readonly name?: string };
	readonly data?: { readonly code?: number };
	readonly error?: { readonly description?: string };
}

/**
 * Gives an account's JWT to every server of the hub, and returns their names. A server that is down would let a revoked
 * device in for minutes after it came back, so all of them must say that they took it.
 * @param system connection of the system account's user
 * @param servers how many the hub has
 * @throws UserError when one refuses, or not all answer within `withinMs`
 */
export async function pushAccount(
	system: NatsConnection,
	jwt: string,
	servers: number,
	withinMs = 30_000,
): Promise<readonly string[]> {
	const deadline = Date.now() + withinMs;
	const taken = new Set<string>();
	for (;;) {
		for (const reply of await askAll(system, "$SYS.REQ.CLAIMS.UPDATE", jwt, servers)) {
			const { server, data, error } = reply.json<Reply>();
			const name = server?.name ?? "a server";
			if (error) throw new UserError(`${name} refused an account: ${error.description ?? "no reason given"}`);
			if (data?.code === 200) taken.add(name);
		}
		if (taken.size >= servers) return [...taken].sort();
		if (Date.now() >= deadline) {
			const who = taken.size > 0 ? `only ${[...taken].sort().join(", ")}` : "none";
			throw new UserError(`of the hub's ${servers} servers ${who} took the new accounts; are all of them running?`);
		}
		await sleep(250);
	}
}

/**
 * The JWT that every server of the hub holds of an account; undefined if one of them holds none, or another one.
 * @throws UserError when not all servers answer
 */
export async function lookUpAccount(
	system: NatsConnection,
	account: string,
	servers: number,
): Promise<string | undefined> {
	const jwts = await lookUps(system, account, servers);
	if (jwts.length < servers) throw new UserError(`${jwts.length} of the hub's ${servers} servers tell their accounts`);
	const [first, ...others] = jwts;
	return first !== "" && others.every((other) => other === first) ? first : undefined;
}

/**
 * Every JWT that a server of the hub holds of an account, without repetitions; empty while none holds one. Insists on an
 * answer of each server: what one of them knows to be revoked must not be forgotten.
 * @throws UserError when not all servers answer within `withinMs`
 */
export async function heldAccounts(
	system: NatsConnection,
	account: string,
	servers: number,
	withinMs = 30_000,
): Promise<readonly string[]> {
	const deadline = Date.now() + withinMs;
	for (;;) {
		const jwts = await lookUps(system, account, servers);
		if (jwts.length >= servers) return [...new Set(jwts)].filter((jwt) => jwt !== "");
		if (Date.now() >= deadline) {
			const why = "what is revoked there must be kept; are all of them running?";
			throw new UserError(`of the hub's ${servers} servers ${jwts.length} told which accounts they have: ${why}`);
		}
		await sleep(250);
	}
}

/** What each server that answers holds of an account; an empty text for nothing. */
async function lookUps(system: NatsConnection, account: string, servers: number): Promise<string[]> {
	const replies = await askAll(system, `$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`, "", servers);
	return replies.map((reply) => reply.string());
}

async function askAll(system: NatsConnection, subject: string, body: string, servers: number): Promise<Msg[]> {
	const replies: Msg[] = [];
	try {
		const options = { strategy: RequestStrategy.Count, maxMessages: servers, maxWait: REPLIES_MS };
		for await (const message of await system.requestMany(subject, body, options)) {
			if (message.headers?.code !== NO_RESPONDERS) replies.push(message);
		}
	} catch {
		// Nobody there, or not all of them in time.
	}
	return replies;
}
