import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { foreign } from "../../config/printable";
import type { StackOutputs } from "../../contract/outputs";
import { type Control, control } from "../../control/control";
import { type Api, domainApi } from "../../jetstream/api";
import { askMonitor, leafz, serverVersion } from "../../jetstream/monitoring";
import { messageOf, UserError } from "../errors";
import { versionsByMonitor, versionsByRequest } from "./versions";

/** The hub, as its administrator, over its loopback port or through a control leaf on 7422. */
export interface Hub {
	/** Connection as the administrator. */
	readonly connection: NatsConnection;
	/** JetStream API of the hub's domain, or a device's. */
	api(domain: string): Api;
	/** Devices with a leaf connection; undefined if the hub does not say. */
	connected(): Promise<readonly string[] | undefined>;
	/** Version of the server that was asked. */
	readonly version: string;
	/** Version of each node's server, by its name; a node that does not answer is absent. */
	versions(): Promise<Readonly<Record<string, string>>>;
	close(): Promise<void>;
}

/** How long the hub has for its answer. */
export const HUB_ANSWER_MS = 5_000;

/** Throws a `UserError` if the hub does not answer. */
export async function openHub({ leafline, access }: StackOutputs): Promise<Hub> {
	const { clientUrl, monitorUrl } = leafline.hub;
	const { adminCreds } = secret(access);
	const api = (connection: NatsConnection) => (domain: string) =>
		domainApi(connection, domain, adminCreds, leafline.hub.apiPrefix);
	if (clientUrl) return openDirect(clientUrl, adminCreds, monitorUrl, api);
	return openThroughLeaf({ leafline, access }, api);
}

/** What a stack keeps secret. @throws UserError when the outputs were written without it */
export function secret<T>(part: T | undefined): T {
	if (part !== undefined) return part;
	throw new UserError("these outputs hold no credentials; write them with: pulumi stack output --json --show-secrets");
}

/**
 * The way to a stack's hub for which 7422 alone has to be open: a short-lived leaf node of our own goes in between. It ends
 * with this process.
 * @throws UserError when the outputs hold no credentials, or the hub does not answer
 */
export async function throughLeaf({ leafline, access }: Reached): Promise<Control> {
	const connection = { ...secret(access), urls: leafline.hub.urls, ca: leafline.ca };
	return control(connection).catch((error) => {
		throw new UserError(messageOf(error));
	});
}

type Reached = Pick<StackOutputs, "leafline" | "access">;

type ApiOf = (connection: NatsConnection) => Hub["api"];

async function openThroughLeaf(outputs: Reached, api: ApiOf): Promise<Hub> {
	const way = await throughLeaf(outputs);
	return {
		connection: way.hub,
		version: await serverVersion(way.system),
		versions: () => versionsByRequest(way.system),
		api: api(way.hub),
		connected: async () => {
			const names = await way.leaves();
			return names && [...names];
		},
		close: () => way.close(),
	};
}

async function openDirect(url: string, creds: string, monitorUrl: string | undefined, api: ApiOf): Promise<Hub> {
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
		version: foreign(connection.info?.version ?? "", 40),
		versions: () => versionsByMonitor(monitors),
		api: api(connection),
		connected: () => leafNames(monitors),
		close: () => connection.close(),
	};
}

/** Those of all nodes that answer; a device whose node is down is on its way to another. */
async function leafNames(monitorUrls: readonly string[]): Promise<readonly string[] | undefined> {
	const told = (await Promise.all(monitorUrls.map(leafNamesOf))).filter((names) => names !== undefined);
	return told.length > 0 ? told.flat() : undefined;
}

async function leafNamesOf(monitorUrl: string): Promise<readonly string[] | undefined> {
	try {
		const { answer } = await askMonitor(monitorUrl, "leafz", leafz, 1000);
		return (answer.leafs ?? []).map(({ name }) => name);
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
