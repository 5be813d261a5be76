import { randomBytes } from "node:crypto";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { sign } from "../../components/identity/nkey";
import { foreign } from "../../config/printable";
import { leafMessage, type Message, splitter } from "./protocol";

/** A device's link to the account RELEASES, besides the one of its server. */
export interface Link {
	/** One question and the first answer. @throws Error when none comes, or the link ends */
	ask(subject: string, body?: string): Promise<Message>;
	close(): void;
}

export interface LinkOptions {
	/** As in `leaf.conf`, `tls://host:port`. */
	readonly url: string;
	/** PEM of the authority that signed the hub's certificate; empty for a hub without TLS. */
	readonly ca: string;
	/** The token of RELEASES. */
	readonly token: string;
	/** Seed of the device's key, as its credentials have it. */
	readonly seed: string;
	/** What it calls itself. */
	readonly name: string;
	/** Prefix of subjects that it may hear. */
	readonly inbox: string;
	/** For the way to the hub, and for each answer. @default 15 s */
	readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;

/**
 * Logs in at one node of the hub, as a leaf node: nothing but its leaf port is open. The server of the device is not asked,
 * so that neither its configuration nor its own link has to do with releases.
 * @throws Error with one line
 */
export async function openLink(options: LinkOptions): Promise<Link> {
	const { token, seed, name, inbox, timeoutMs = TIMEOUT_MS } = options;
	const socket = await dial(options);
	const waiting = new Map<string, Waiting>();
	const prefix = `${inbox}.${randomBytes(9).toString("hex")}`;
	let asked = 0;
	let said = "the hub closed the connection";
	const end = (error: Error) => {
		socket.destroy();
		for (const { reject } of waiting.values()) reject(error);
		waiting.clear();
	};
	const wait = (key: string) =>
		new Promise<Message>((resolve, reject) => {
			if (socket.destroyed) return reject(new Error(said));
			const timer = setTimeout(() => {
				waiting.delete(key);
				reject(new Error(`no answer of the hub within ${timeoutMs / 1000} s`));
			}, timeoutMs);
			const settle =
				<T>(act: (value: T) => void) =>
				(value: T) => {
					clearTimeout(timer);
					act(value);
				};
			waiting.set(key, { resolve: settle(resolve), reject: settle(reject) });
		});
	const settle = (key: string, message: Message) => {
		waiting.get(key)?.resolve(message);
		waiting.delete(key);
	};
	const split = splitter({
		message: (message) => settle(message.subject, message),
		line(line) {
			if (line === "PING") socket.write("PONG\r\n");
			else if (line === "PONG") settle(PONG, NOTHING);
			else if (line.startsWith("INFO ")) settle(INFO, { ...NOTHING, data: Buffer.from(line.slice(5)) });
			else if (line.startsWith("-ERR")) said = `the hub says ${foreign(line.slice(4), 100)}`;
		},
	});
	socket.on("data", (data) => {
		try {
			split(data);
		} catch (error) {
			end(new Error(`what the hub sends cannot be read: ${(error as Error).message}`));
		}
	});
	socket.on("error", (error) => end(new Error(`no way to the hub: ${foreign(error.message, 200)}`)));
	socket.on("close", () => end(new Error(said)));

	try {
		const { nonce } = greetingOf((await wait(INFO)).data);
		const sig = sign(seed, Buffer.from(nonce)).toString("base64url");
		const hello = { jwt: token, sig, name, server_id: prefix, version: VERSION, headers: true };
		const pong = wait(PONG);
		socket.write(`CONNECT ${JSON.stringify(hello)}\r\nLS+ ${prefix}.*\r\nPING\r\n`);
		await pong;
	} catch (error) {
		socket.destroy();
		throw error;
	}
	return {
		ask(subject, body = "") {
			const reply = `${prefix}.${++asked}`;
			const answer = wait(reply);
			socket.write(leafMessage(subject, reply, body));
			return answer;
		},
		close: () => socket.destroy(),
	};
}

interface Waiting {
	resolve(message: Message): void;
	reject(error: Error): void;
}

/** Keys of what is waited for besides answers; no subject has a blank. */
const INFO = " info";
const PONG = " pong";
const NOTHING: Message = { subject: "", status: 200, description: "", data: Buffer.alloc(0) };
/** The hub may take leaf nodes of a least version only (`min_version`). */
const VERSION = "2.15.2";

async function dial({ url, ca }: LinkOptions): Promise<Socket> {
	const { protocol, hostname, port: stated } = new URL(url.replace(/^(\w[\w-]*):/, "http:"));
	const [host, port] = [hostname.replace(/^\[|\]$/g, ""), Number(stated || 7422)];
	if (protocol !== "http:" || host === "") throw new Error(`${foreign(url, 100)} is no URL of a hub`);
	if (ca === "") return connectTcp({ host, port });
	// Loaded here: `keep`, of the same file, does without it (`without-tls.ts`).
	const tls = await import("node:tls");
	return tls.connect({ host, port, ca, minVersion: "TLSv1.3", ...(isIP(host) === 0 && { servername: host }) });
}

function greetingOf(data: Buffer): { readonly nonce: string } {
	try {
		const { nonce } = JSON.parse(data.toString()) as { nonce?: unknown };
		if (typeof nonce === "string") return { nonce };
	} catch {
		// As below.
	}
	throw new Error("who answers there greets like no hub");
}
