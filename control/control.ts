import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { type Api, domainApi } from "../jetstream/api";
import { NoAnswer } from "../jetstream/errors";
import { askServers, type LeafzReply, leafzReply } from "../jetstream/monitoring";
import { UserError } from "../system/user-error";
import { sleep } from "../system/wait";
import { HUB_SERVER_FLOOR, isOlder } from "../topology/server-floors";
import { type Connection, fingerprint, whereabouts } from "./connection";
import { type ControlLeaf, startControlLeaf } from "./control-leaf";
import { explain } from "./explain";

/** A way to the hub: its own JetStream API, those of the devices behind it, and its system account. */
export interface Control {
	readonly connection: Connection;
	/** As the administrator, in the account ADMIN. */
	readonly hub: NatsConnection;
	/** As a user of the system account. */
	readonly system: NatsConnection;
	/** JetStream API of one domain: `hub`, or a device's. */
	api(domain: string): Api;
	/** Sends JSON as the administrator and gives the reply's JSON. @throws NatsError */
	request(subject: string, body?: unknown, options?: { timeoutMs?: number }): Promise<unknown>;
	/** Waits until the hub's JetStream answers. @throws UserError that tells why it does not */
	ready(timeoutMs?: number): Promise<void>;
	/** Names of the leaves that are connected to the hub now; undefined if the hub does not tell. */
	leaves(): Promise<ReadonlySet<string> | undefined>;
	close(): Promise<void>;
}

const DEFAULT_WAIT_MS = 30_000;
const LEAVES_FRESH_MS = 400;
const open = new Map<string, Promise<Control>>();

/**
 * The way to the hub of `connection`, shared by all who ask with the same one in this process. Waits until the hub's
 * system account answers, not for its JetStream: call `ready()` before using that.
 * @throws UserError when the hub cannot be reached, refuses the credentials, or is too old
 */
export async function control(connection: Connection, options: { timeoutMs?: number } = {}): Promise<Control> {
	const key = fingerprint(connection);
	let opened = open.get(key);
	if (!opened) {
		const forget = () => {
			if (open.get(key) === opened) open.delete(key);
		};
		opened = openControl(connection, options.timeoutMs ?? DEFAULT_WAIT_MS, forget);
		open.set(key, opened);
		opened.catch(forget);
	}
	return opened;
}

/** Ends every control leaf of this process. Without it they end with the process. */
export async function closeAll(): Promise<void> {
	const all = [...open.values()];
	open.clear();
	for (const opened of all) await opened.then((way) => way.close()).catch(() => {});
}

async function openControl(connection: Connection, timeoutMs: number, gone: () => void): Promise<Control> {
	const deadline = Date.now() + timeoutMs;
	const way = connection.directUrls?.length ? await direct(connection) : await throughLeaf(connection);
	const close = async () => {
		gone();
		await Promise.all([way.hub.close(), way.system.close()]);
		await way.leaf?.stop();
	};
	// Requests that wait on it must fail, not wait for a server that nobody starts again.
	way.leaf?.exited.then(close);
	try {
		checkVersions(await systemAnswers(way, connection, deadline));
	} catch (error) {
		await close();
		throw error;
	}
	let seen: { at: number; leaves: Promise<ReadonlySet<string> | undefined> } | undefined;
	return {
		connection,
		hub: way.hub,
		system: way.system,
		api: (domain) => domainApi(way.hub, domain, connection.adminCreds),
		request: async (subject, body, { timeoutMs: timeout = 5_000 } = {}) =>
			(await way.hub.request(subject, body === undefined ? "" : JSON.stringify(body), { timeout })).json(),
		ready: (wait = DEFAULT_WAIT_MS) => jetStreamAnswers(way, connection, Date.now() + wait),
		leaves: () => {
			if (!seen || Date.now() - seen.at > LEAVES_FRESH_MS) {
				seen = { at: Date.now(), leaves: askLeafz(way.system, 2_000).then(leafNames) };
			}
			return seen.leaves;
		},
		close,
	};
}

interface Way {
	hub: NatsConnection;
	system: NatsConnection;
	leaf?: ControlLeaf;
}

async function throughLeaf(connection: Connection): Promise<Way> {
	const leaf = await startControlLeaf(connection);
	const dial = (user: { user: string; pass: string }) =>
		connect({ servers: leaf.url, ...user, maxReconnectAttempts: -1, reconnectTimeWait: 250 });
	try {
		return { leaf, hub: await dial(leaf.hub), system: await dial(leaf.system) };
	} catch (error) {
		await leaf.stop();
		throw error;
	}
}

async function direct(connection: Connection): Promise<Way> {
	const servers = [...(connection.directUrls ?? [])];
	const dial = (creds: string) =>
		connect({
			servers,
			authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
			...(connection.ca !== "" && servers.some((url) => url.startsWith("tls:")) ? { tls: { ca: connection.ca } } : {}),
			maxReconnectAttempts: -1,
			reconnectTimeWait: 250,
			timeout: 10_000,
		});
	try {
		return { hub: await dial(connection.adminCreds), system: await dial(connection.systemCreds) };
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new UserError(`cannot reach the hub at ${whereabouts(connection)}: ${reason}`);
	}
}

function askLeafz(system: NatsConnection, withinMs: number): Promise<LeafzReply[]> {
	return askServers(system, "LEAFZ", leafzReply, withinMs);
}

function leafNames(replies: readonly LeafzReply[]): ReadonlySet<string> | undefined {
	if (replies.length === 0) return undefined;
	return new Set(replies.flatMap(({ data }) => (data.leafs ?? []).map(({ name }) => name)));
}

async function systemAnswers(way: Way, connection: Connection, deadline: number): Promise<LeafzReply[]> {
	for (;;) {
		const replies = await askLeafz(way.system, 1_000);
		if (replies.length > 0) return replies;
		if (Date.now() >= deadline) throw new UserError(explain(connection, "SYSTEM", way.leaf?.log()));
		await sleep(100);
	}
}

async function jetStreamAnswers(way: Way, connection: Connection, deadline: number): Promise<void> {
	const api = domainApi(way.hub, "hub");
	for (;;) {
		try {
			await api.ask("INFO", undefined, 1_000);
			return;
		} catch (error) {
			if (Date.now() >= deadline) {
				if (!(error instanceof NoAnswer)) throw error;
				throw new UserError(explain(connection, "ADMIN", way.leaf?.log()));
			}
			await sleep(100);
		}
	}
}

/** @throws UserError that names every node which is older than the hub may be, also beside others that are not */
export function checkVersions(replies: readonly Pick<LeafzReply, "server">[]): void {
	const tooOld = replies.filter(({ server }) => server.ver && isOlder(server.ver, HUB_SERVER_FLOOR));
	if (tooOld.length === 0) return;
	const names = tooOld.map(({ server }) => `${server.name} runs ${server.ver}`).join(", ");
	throw new UserError(
		`the hub's nats-server is too old: ${names}, and ${HUB_SERVER_FLOOR} or later is needed on every node; raise it, and run it again`,
	);
}
