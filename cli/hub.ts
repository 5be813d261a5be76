import { connect, credsAuthenticator, ErrorCode, type NatsConnection, NatsError } from "nats";
import type { Connection } from "../components/streams/provider/connection";
import { control } from "../components/streams/provider/control";
import type { StackOutputs } from "../contract/outputs";
import * as answers from "./answers";
import { messageOf, UserError } from "./errors";

/** The hub, as its administrator, over its loopback port or through a control leaf on 7422. */
export interface Hub {
	/** Connection in the account that holds the streams. */
	readonly connection: NatsConnection;
	/** One request of the JSON API; throws on a time-out, an error in the answer is returned as it is. */
	request(subject: string, body?: unknown, timeoutMs?: number): Promise<ApiReply>;
	/** Devices with a leaf connection; undefined if the hub does not say. */
	connected(): Promise<readonly string[] | undefined>;
	/** Version of the server that was asked. */
	readonly version: string;
	close(): Promise<void>;
}

export type ApiReply = Readonly<Record<string, unknown>> & {
	readonly error?: { readonly code: number; readonly err_code?: number; readonly description: string };
};

/** Throws a `UserError` if the hub does not answer. */
export async function openHub({ leafline, access }: StackOutputs): Promise<Hub> {
	if (!access)
		throw new UserError(
			"these outputs hold no credentials; write them with: pulumi stack output --json --show-secrets",
		);
	const { clientUrl, monitorUrl } = leafline.hub;
	if (clientUrl) return openDirect(clientUrl, access.adminCreds, monitorUrl);
	return openThroughLeaf({ ...access, urls: leafline.hub.urls, ca: leafline.ca });
}

/** Only 7422 is open: a short-lived leaf node of our own goes in between. It ends with this process. */
async function openThroughLeaf(connection: Connection): Promise<Hub> {
	const way = await control(connection).catch((error) => {
		throw new UserError(messageOf(error));
	});
	return {
		connection: way.hub,
		version: await serverVersion(way.system),
		request: (subject, body, timeoutMs = 5000) => ask(way.hub, subject, body, timeoutMs),
		connected: async () => {
			const names = await way.leaves();
			return names && [...names];
		},
		close: () => way.close(),
	};
}

/** The hub's, not that of the leaf in between. */
async function serverVersion(system: NatsConnection): Promise<string> {
	try {
		const reply = await ask(system, "$SYS.REQ.SERVER.PING.VARZ", {}, 2000);
		return (reply.server as { ver?: string } | undefined)?.ver ?? "";
	} catch {
		return "";
	}
}

async function openDirect(url: string, creds: string, monitorUrl: string | undefined): Promise<Hub> {
	const monitors = monitorUrl?.split(",") ?? [];
	let connection: NatsConnection;
	try {
		connection = await connect({
			servers: url.split(","),
			authenticator: credsAuthenticator(Buffer.from(creds)),
			name: "leafline",
			timeout: 2000,
			maxReconnectAttempts: -1,
			reconnectTimeWait: 250,
		});
	} catch (error) {
		throw new UserError(`the hub does not answer on ${url}: ${reason(error)}`);
	}
	return {
		connection,
		version: connection.info?.version ?? "",
		request: (subject, body, timeoutMs = 3000) => ask(connection, subject, body, timeoutMs),
		connected: () => leafNames(monitors),
		close: () => connection.close(),
	};
}

/** One request on any connection; the answer parsed. Throws with a readable reason if there is none. */
export async function ask(
	connection: NatsConnection,
	subject: string,
	body: unknown,
	timeoutMs: number,
): Promise<ApiReply> {
	const payload = body === undefined ? "" : JSON.stringify(body);
	try {
		return object((await connection.request(subject, payload, { timeout: timeoutMs })).string());
	} catch (error) {
		const code = error instanceof NatsError ? error.code : undefined;
		if (code === ErrorCode.Timeout) throw new Error(`no answer within ${timeoutMs / 1000} s`);
		if (code === ErrorCode.NoResponders) throw new Error("its JetStream does not run");
		throw error;
	}
}

/** Whatever came: an object, or an error that does not repeat it. */
function object(text: string): ApiReply {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new Error("its answer is no JSON");
	}
	if (typeof value !== "object" || value === null) throw new Error("its answer is no JSON object");
	return value as ApiReply;
}

/** Those of all nodes that answer; a device whose node is down is on its way to another. */
async function leafNames(monitorUrls: readonly string[]): Promise<readonly string[] | undefined> {
	const told = (await Promise.all(monitorUrls.map(leafNamesOf))).filter((names) => names !== undefined);
	return told.length > 0 ? told.flat() : undefined;
}

async function leafNamesOf(monitorUrl: string): Promise<readonly string[] | undefined> {
	try {
		const response = await fetch(`${monitorUrl}/leafz`, { signal: AbortSignal.timeout(1000) });
		const { leafs } = answers.read(answers.leafz, await response.json(), "leafz");
		return (leafs ?? []).map(({ name }) => name);
	} catch {
		return undefined;
	}
}

function reason(error: unknown): string {
	const text = messageOf(error);
	if (/CONNECTION_REFUSED|ECONNREFUSED/.test(text)) return "nothing listens there; npm run up starts it";
	if (/TIMEOUT/.test(text)) return "no answer within 2 s";
	if (/Authorization|AUTHORIZATION|authentication/i.test(text)) return "it refuses the stack's credentials";
	return text;
}
