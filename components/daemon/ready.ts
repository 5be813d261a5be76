import * as http from "node:http";
import * as net from "node:net";
import type { Readiness } from "./document";
import { withSocketPath } from "./socket-path";

/** One look at whether a daemon answers. Never throws. */
export function isReady(dir: string, ready: Readiness): Promise<boolean> {
	if ("tcp" in ready) return connects(ready.tcp);
	if ("http" in ready) return answers(ready.http, {});
	if ("monitor" in ready) return isMemberReady(ready);
	return withSocketPath(dir, ready.socket, (socketPath) => answers(`http://daemon${ready.path}`, { socketPath }));
}

/** Without a majority no cluster is healthy: the first node that starts would wait for the next ones for ever. */
async function isMemberReady({ monitor, others }: Extract<Readiness, { monitor: string }>): Promise<boolean> {
	if (await answers(`${monitor}/healthz`, {})) return true;
	const running = (url: string) => answers(`${url}/healthz?js-enabled-only=true`, {});
	const [own, ...rest] = await Promise.all([monitor, ...others].map(running));
	const majority = Math.floor((others.length + 1) / 2) + 1;
	return own === true && 1 + rest.filter(Boolean).length < majority;
}

function connects(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = net.connect({ host: "127.0.0.1", port, timeout: 1_000 });
		const finish = (result: boolean) => {
			socket.destroy();
			resolve(result);
		};
		socket.once("connect", () => finish(true));
		socket.once("error", () => finish(false));
		socket.once("timeout", () => finish(false));
	});
}

function answers(url: string, options: http.RequestOptions): Promise<boolean> {
	return new Promise((resolve) => {
		const request = http.get(url, { ...options, agent: false, timeout: 2_000 }, (response) => {
			response.resume();
			resolve(response.statusCode === 200);
		});
		request.once("timeout", () => request.destroy());
		request.once("error", () => resolve(false));
	});
}
