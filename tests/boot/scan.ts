import { connect } from "node:net";

export interface Scan {
	/** Ports that took the connection, in order. */
	readonly open: readonly number[];
	/** How many said that they are closed; the others kept silent. */
	readonly refused: number;
	readonly seconds: number;
}

export const EVERY_PORT = Array.from({ length: 65_535 }, (_, index) => index + 1);

const AT_ONCE = 2_000;
/** Time for two more packets to a port that says nothing, should the first be lost. */
const SILENCE_MS = 4_000;

/** Tries to connect to every port of a host. */
export async function scanTcp(host: string, ports: readonly number[] = EVERY_PORT): Promise<Scan> {
	const started = Date.now();
	const open: number[] = [];
	let refused = 0;
	let next = 0;
	const worker = async () => {
		for (let port = ports[next++]; port !== undefined; port = ports[next++]) {
			const answer = await knock(host, port);
			if (answer === "open") open.push(port);
			if (answer === "refused") refused++;
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
	return { open: open.sort((a, b) => a - b), refused, seconds: Math.round((Date.now() - started) / 1000) };
}

function knock(host: string, port: number): Promise<"open" | "refused" | "silent"> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host, port });
		const settle = (answer: "open" | "refused" | "silent") => {
			socket.destroy();
			resolve(answer);
		};
		socket.setTimeout(SILENCE_MS, () => settle("silent"));
		socket.once("connect", () => settle("open"));
		socket.once("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "ECONNREFUSED" || error.code === "ECONNRESET") return settle("refused");
			if (error.code === "ETIMEDOUT" || error.code === "EHOSTUNREACH") return settle("silent");
			// Anything else is a fault of this side, and a port that was not asked is not a closed one.
			reject(error);
		});
	});
}
