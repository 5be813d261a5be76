import { createServer } from "node:net";

/**
 * Ports below the range from which the system takes ports for outgoing connections, or a connection could take one
 * before its server listens; at random, for other test runs on this machine choose at the same time.
 */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** Never twice in one process: a server that is down for a while must find its port free again. */
const given = new Set<number>();

/** Free ports on loopback. */
export async function freePorts(count: number): Promise<number[]> {
	const ports: number[] = [];
	while (ports.length < count) ports.push(await freeRange(1));
	return ports;
}

/** First of `count` free ports in a row. */
export async function freeRange(count: number): Promise<number> {
	for (let attempt = 0; attempt < 1000; attempt++) {
		const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count));
		const range = Array.from({ length: count }, (_, index) => first + index);
		if (range.some((port) => given.has(port))) continue;
		if (!(await Promise.all(range.map(isFree))).every(Boolean)) continue;
		for (const port of range) given.add(port);
		return first;
	}
	throw new Error(`no ${count} free ports in a row`);
}

function isFree(port: number): Promise<boolean> {
	return new Promise((done) => {
		const server = createServer();
		server.once("error", () => done(false));
		server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
	});
}
