import { createServer, type IncomingMessage, type Server } from "node:http";

export interface Answer {
	/** @default 200 */
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Buffer;
}

/** Serves on one address until it is closed. What `answer` throws is an answer of 500, and is told by `complain`. */
export async function serve(
	host: string,
	port: number,
	answer: (request: IncomingMessage, body: Buffer) => Answer,
	complain: (text: string) => void,
): Promise<Server> {
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			let reply: Answer;
			try {
				reply = answer(request, Buffer.concat(chunks));
			} catch (error) {
				complain(`${request.method} ${request.url}: ${error}`);
				reply = { status: 500, body: String(error) };
			}
			const { status = 200, headers = {}, body = "" } = reply;
			// What HEAD would answer is known by its length alone.
			response.writeHead(status, { "content-length": String(Buffer.byteLength(body)), ...headers });
			response.end(request.method === "HEAD" ? "" : body);
		});
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, host, resolve);
	});
	return server;
}
