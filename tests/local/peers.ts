import * as net from "node:net";
import type { LinkShape } from "../../components/links/model";
import { createLink, type Link } from "../../components/links/shaper";
import { eventually } from "./scripts";

const closers: (() => void | Promise<void>)[] = [];

/** Closes everything that a test has opened. */
export async function closeAll(): Promise<void> {
	for (const close of closers.splice(0).reverse()) await close();
}

/** One end of a connection through a link. */
export interface Peer {
	readonly socket: net.Socket;
	readonly write: (data: Buffer) => boolean;
	readonly end: (data: Buffer) => void;
	readonly pause: () => void;
	readonly received: () => Buffer;
	readonly ended: () => boolean;
	readonly reset: () => boolean;
}

function peer(socket: net.Socket): Peer {
	const chunks: Buffer[] = [];
	let ended = false;
	let reset = false;
	socket.on("data", (chunk) => chunks.push(chunk));
	socket.on("end", () => {
		ended = true;
	});
	socket.on("error", (error: NodeJS.ErrnoException) => {
		reset = error.code === "ECONNRESET" || error.code === "EPIPE";
	});
	closers.push(() => {
		socket.destroy();
	});
	return {
		socket,
		write: (data) => socket.write(data),
		end: (data) => socket.end(data),
		pause: () => socket.pause(),
		received: () => Buffer.concat(chunks),
		ended: () => ended,
		reset: () => reset,
	};
}

export async function open(options: Partial<Parameters<typeof createLink>[0]>): Promise<Link> {
	const link = await createLink({ listen: 0, target: { host: "127.0.0.1", port: 1 }, ...options });
	closers.push(() => link.close());
	return link;
}

export function connect(port: number): Promise<Peer> {
	return new Promise((resolve, reject) => {
		const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
		socket.once("error", reject);
		socket.once("connect", () => {
			socket.off("error", reject);
			resolve(peer(socket));
		});
	});
}

/** Whether a new connection is reset, at once or right after it was accepted. */
export function isReset(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = net.connect({ port, host: "127.0.0.1", timeout: 5_000 });
		socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNRESET"));
		socket.once("end", () => resolve(false));
		socket.once("timeout", () => resolve(false));
		closers.push(() => void socket.destroy());
	});
}

/** A device, a link and a hub, connected; `firstIsDead`: by the link's second way, for behind the first is nobody. */
export async function bench(
	shape: LinkShape,
	{ firstIsDead = false } = {},
): Promise<{ device: Peer; hub: Peer; link: Link }> {
	const accepted: Peer[] = [];
	const server = net.createServer({ allowHalfOpen: true }, (socket) => accepted.push(peer(socket)));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	closers.push(() => void server.close());
	const { port } = server.address() as net.AddressInfo;
	const target = { host: "127.0.0.1", port };
	const link = await open(firstIsDead ? { others: [{ listen: 0, target }], shape } : { target, shape });
	const device = await connect(link.ports.at(-1) ?? 0);
	await eventually(() => accepted.length === 1, "the connection at the hub");
	return { device, hub: accepted[0] as Peer, link };
}

export function randomBytes(length: number): Buffer {
	return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 2_654_435_761) >>> 13));
}

/** True when the socket takes no more for half a second. */
export function drained(socket: net.Socket): Promise<boolean> {
	return new Promise((resolve) => {
		const timer = setTimeout(() => resolve(true), 500);
		socket.once("drain", () => {
			clearTimeout(timer);
			resolve(false);
		});
	});
}

/** Waits until a figure has not changed for a while. */
export async function settled(figure: () => number): Promise<void> {
	let last = Number.NaN;
	await eventually(async () => {
		const now = figure();
		await new Promise((resolve) => setTimeout(resolve, 100));
		const same = now === last;
		last = now;
		return same;
	}, "a figure that stays");
}
