import * as http from "node:http";
import { withSocketPath } from "../daemon/socket-path";
import { CONTROL_SOCKET, type LinkChange, type LinkState } from "./model";

/** Changes the link of one device. Throws when the process `links` does not run in `dir` or knows no such device. */
export function setLink(dir: string, device: string, change: LinkChange): Promise<LinkState> {
	return call<LinkState>(dir, "PUT", `/links/${encodeURIComponent(device)}`, change);
}

/** States of all links by device. Throws when the process `links` does not run in `dir`. */
export function linkStates(dir: string): Promise<Record<string, LinkState>> {
	return call<Record<string, LinkState>>(dir, "GET", "/links");
}

function call<T>(dir: string, method: string, path: string, body?: LinkChange): Promise<T> {
	return withSocketPath(
		dir,
		CONTROL_SOCKET,
		(socketPath) =>
			new Promise<T>((resolve, reject) => {
				const request = http.request({ socketPath, method, path, agent: false, timeout: 5_000 }, (response) => {
					const chunks: Buffer[] = [];
					response.on("data", (chunk: Buffer) => chunks.push(chunk));
					response.on("error", reject);
					response.on("end", () => {
						const answer = JSON.parse(Buffer.concat(chunks).toString("utf8")) as T & { error?: string };
						if (response.statusCode === 200) resolve(answer);
						else reject(new Error(answer.error ?? `the links answered ${response.statusCode}`));
					});
				});
				request.once("timeout", () => request.destroy(new Error("the links do not answer")));
				request.once("error", (error: NodeJS.ErrnoException) => {
					const gone = ["ENOENT", "ECONNREFUSED", "ECONNRESET"].includes(error.code ?? "");
					reject(gone ? new Error(`no links run in ${dir}: is the local stack up?`) : error);
				});
				request.end(body && JSON.stringify(body));
			}),
	);
}
