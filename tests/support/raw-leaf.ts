import { connect, type TLSSocket } from "node:tls";
import { sign } from "../../components/identity/nkey";

export interface RawMessage {
	readonly subject: string;
	readonly reply: string | undefined;
	/** Headers and payload as they came. */
	readonly body: string;
}

/**
 * A leaf connection that speaks the protocol itself: what somebody can do who took the credentials from a device and
 * obeys none of the rules that a nats-server keeps on its own side.
 */
export interface RawLeaf {
	/** Every message, in order. */
	readonly messages: readonly RawMessage[];
	/** Every other line of the server, such as `LS+ …` and `-ERR …`. */
	readonly lines: readonly string[];
	readonly closed: boolean;
	subscribe(subject: string): void;
	/** @param headers a whole block, `NATS/1.0…`, with the empty line at its end */
	publish(subject: string, body?: string, reply?: string, headers?: string): void;
	/** Sends bytes as they are. */
	send(bytes: string | Uint8Array): void;
	/** Resolves when the server has taken everything sent so far. @throws when it closes the connection */
	flush(): Promise<void>;
	close(): void;
}

export interface RawLeafOptions {
	readonly port: number;
	readonly ca: string;
	/** Text of a credentials file. @default none are shown */
	readonly credentials?: string;
	/** What it pretends to be called. */
	readonly name: string;
	/** What it pretends besides, as in `CONNECT`, above or in place of the usual. @default nothing */
	readonly pretends?: Readonly<Record<string, unknown>>;
	/** What it sends before its CONNECT, and in one piece with it: before the server can have judged it. */
	readonly early?: { readonly before?: string; readonly after?: string };
	/** Told of every message as it comes. */
	readonly onMessage?: (message: RawMessage) => void;
}

/** Connects, and resolves when the server accepted the credentials. @throws when it does not */
export async function openRawLeaf(options: RawLeafOptions): Promise<RawLeaf> {
	const { port, ca, credentials = "", name, pretends, early = {}, onMessage } = options;
	const [jwt = "", seed = ""] = [...credentials.matchAll(/-----BEGIN [^\n]+\n(\S+)\n/g)].map((match) => match[1]);
	const socket = connect({ port, host: "127.0.0.1", ca, minVersion: "TLSv1.3" });
	const messages: RawMessage[] = [];
	const lines: string[] = [];
	const pongs: { resolve: () => void; reject: (error: Error) => void }[] = [];
	const ended = () => new Error(`the leaf connection was closed: ${lines.at(-1) ?? "no word"}`);
	const flush = () =>
		new Promise<void>((resolve, reject) => {
			if (socket.destroyed) return reject(ended());
			pongs.push({ resolve, reject });
			socket.write("PING\r\n");
		});
	socket.on("error", (error) => lines.push(`error ${error.message}`));
	socket.on("close", () => {
		for (const { reject } of pongs.splice(0)) reject(ended());
	});
	const greeting = new Promise<string>((resolve, reject) => {
		socket.once("close", () => reject(ended()));
		read(socket, {
			info: resolve,
			message: (message) => {
				messages.push(message);
				onMessage?.(message);
			},
			line: (line) => {
				lines.push(line);
				if (line === "PING") socket.write("PONG\r\n");
				if (line === "PONG") pongs.shift()?.resolve();
			},
		});
	});
	const { nonce } = JSON.parse(await greeting) as { nonce: string };
	const hello = {
		...(credentials !== "" && { jwt, sig: sign(seed, Buffer.from(nonce)).toString("base64url") }),
		name,
		server_id: name.toUpperCase(),
		version: "2.15.2",
		headers: true,
		jetstream: true,
		domain: name,
		...pretends,
	};
	socket.write(`${early.before ?? ""}CONNECT ${JSON.stringify(hello)}\r\n${early.after ?? ""}`);
	await flush();
	return {
		messages,
		lines,
		get closed() {
			return socket.destroyed;
		},
		subscribe: (subject) => socket.write(`LS+ ${subject}\r\n`),
		publish: (...message) => socket.write(leafMessage(...message)),
		send: (bytes) => socket.write(bytes),
		flush,
		close: () => socket.destroy(),
	};
}

/** `LMSG`, or `HMSG` with headers, with its payload. */
export function leafMessage(subject: string, body = "", reply?: string, headers?: string): string {
	const to = `${subject}${reply === undefined ? "" : ` ${reply}`}`;
	const size = Buffer.byteLength(body);
	if (headers === undefined) return `LMSG ${to} ${size}\r\n${body}\r\n`;
	const before = Buffer.byteLength(headers);
	return `HMSG ${to} ${before} ${before + size}\r\n${headers}${body}\r\n`;
}

interface Listener {
	info(json: string): void;
	message(message: RawMessage): void;
	line(line: string): void;
}

/** Splits what the server sends into lines, and messages with their payload. */
function read(socket: TLSSocket, listener: Listener): void {
	let buffer = Buffer.alloc(0);
	socket.on("data", (data) => {
		buffer = Buffer.concat([buffer, data]);
		for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
			const line = buffer.subarray(0, end).toString();
			if (!/^(LMSG|HMSG) /.test(line)) {
				buffer = buffer.subarray(end + 2);
				if (line.startsWith("INFO ")) listener.info(line.slice(5));
				else listener.line(line);
				continue;
			}
			const { size, ...message } = header(line);
			const start = end + 2;
			if (buffer.length < start + size + 2) return;
			listener.message({ ...message, body: buffer.subarray(start, start + size).toString() });
			buffer = buffer.subarray(start + size + 2);
		}
	});
}

/** `LMSG <subject> [reply] <size>`, and `HMSG` with the size of the headers before the size of all. */
function header(line: string): { subject: string; reply: string | undefined; size: number } {
	const [verb, subject = "", ...rest] = line.split(" ");
	const sizes = verb === "HMSG" ? 2 : 1;
	// With queues, `|` and their names stand between.
	const [reply] = rest.slice(0, -sizes).filter((token) => token !== "|" && token !== "+");
	return { subject, reply, size: Number(rest.at(-1)) };
}
