import * as net from "node:net";
import { carry, createDirection, type Direction } from "./lane";
import type { LinkChange, LinkEnds, LinkMode, LinkShape, LinkState, Target } from "./model";

export interface LinkOptions {
	/** Port on 127.0.0.1, 0 for any free one. */
	readonly listen: number;
	readonly target: Target;
	/** Ways to the other nodes of the hub, which share the link's bandwidth and its fate. @default none */
	readonly others?: readonly LinkEnds[];
	/** @default unlimited */
	readonly shape?: LinkShape;
	/** @default "up" */
	readonly mode?: LinkMode;
	/** @default now */
	readonly since?: number;
}

/** A TCP proxy that behaves like a bad link. */
export interface Link {
	readonly port: number;
	/** Ports of all ways, that of `port` first. */
	readonly ports: readonly number[];
	readonly state: () => LinkState;
	readonly set: (change: LinkChange) => LinkState;
	/** Resets every connection and stops listening. */
	readonly close: () => Promise<void>;
}

interface Connection {
	readonly device: net.Socket;
	/** Absent on a connection that was accepted by a half-open link. */
	readonly hub?: net.Socket;
}

/** Opens a link. Rejects when the port is busy. */
export async function createLink(options: LinkOptions): Promise<Link> {
	const up = createDirection();
	const down = createDirection();
	const connections = new Set<Connection>();
	let mode: LinkMode = "up";
	let since = options.since ?? Date.now();
	let shape: LinkShape = {};
	let accepted = 0;

	const applyShape = (next: LinkShape) => {
		shape = next;
		setRate(up, next.upBytesPerSecond);
		setRate(down, next.downBytesPerSecond);
		up.delayMs = down.delayMs = (next.rttMs ?? 0) / 2;
	};
	const applyMode = (next: LinkMode) => {
		const halfOpen = mode === "half-open";
		mode = next;
		up.swallow = down.swallow = next === "half-open";
		if (next === "cut" || (halfOpen && next === "up")) resetAll(connections);
	};
	const accept = (target: Target) => (device: net.Socket) => {
		accepted++;
		device.on("error", () => {});
		if (mode === "cut") {
			device.resetAndDestroy();
		} else if (mode === "half-open") {
			const connection = { device };
			connections.add(connection);
			device.resume();
			device.once("close", () => connections.delete(connection));
		} else {
			connect(device, target);
		}
	};
	const connect = (device: net.Socket, target: Target) => {
		device.pause();
		const hub = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
		const connection = { device, hub };
		connections.add(connection);
		hub.on("error", () => {});
		const close = (other: net.Socket) => (hadError: boolean) => {
			if (mode === "half-open") return;
			// A reset is passed on as one; after an orderly end the rest may still be on its way.
			if (hadError) other.resetAndDestroy();
			if (device.destroyed && hub.destroyed) connections.delete(connection);
		};
		device.once("close", close(hub));
		hub.once("close", close(device));
		hub.once("connect", () => {
			carry(device, hub, up);
			carry(hub, device, down);
			device.resume();
		});
	};

	applyShape(options.shape ?? {});
	applyMode(options.mode ?? "up");
	const ways = await Promise.allSettled(
		[options, ...(options.others ?? [])].map(({ listen, target }) => open(listen, accept(target))),
	);
	const servers = ways.flatMap((way) => (way.status === "fulfilled" ? [way.value] : []));
	const close = () => {
		const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
		resetAll(connections);
		return Promise.all(closed);
	};
	const failed = ways.find((way) => way.status === "rejected");
	if (failed) {
		await close();
		throw failed.reason;
	}
	const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
	const state = (): LinkState => ({
		mode,
		since,
		shape,
		upBytes: up.bytes,
		downBytes: down.bytes,
		connections: [...connections].filter(({ device }) => !device.destroyed).length,
		accepted,
	});
	return {
		port: ports[0] ?? 0,
		ports,
		state,
		set: (change) => {
			if (change.shape) applyShape(change.shape);
			if (change.mode && change.mode !== mode) {
				since = Date.now();
				applyMode(change.mode);
			}
			return state();
		},
		close: async () => {
			await close();
		},
	};
}

function open(port: number, accept: (device: net.Socket) => void): Promise<net.Server> {
	const server = net.createServer({ allowHalfOpen: true, noDelay: true }, accept);
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen({ port, host: "127.0.0.1" }, () => {
			server.off("error", reject);
			// From here on an error is one connection that could not be accepted, and no reason to end all links.
			server.on("error", (error) => console.error(error.message));
			resolve(server);
		});
	});
}

function setRate(direction: Direction, bytesPerSecond: number | undefined): void {
	direction.rate = bytesPerSecond ?? Number.POSITIVE_INFINITY;
	direction.busyUntil = 0;
}

function resetAll(connections: Set<Connection>): void {
	for (const { device, hub } of connections) {
		device.resetAndDestroy();
		hub?.resetAndDestroy();
	}
	connections.clear();
}
