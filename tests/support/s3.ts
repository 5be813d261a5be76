import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";

/**
 * As much of S3 as a lake asks for: conditional PUT, GET, HEAD, DELETE, LIST in pages. Objects are files in a folder. A
 * PUT that was sent takes effect a moment later, whether its sender still lives or not.
 */
export interface S3 {
	readonly port: number;
	close(): Promise<void>;
}

export interface S3Options {
	/** Whether `If-None-Match` counts, as it does in AWS. @default true */
	readonly conditional?: boolean;
	/** Objects in a page. @default 3 */
	readonly page?: number;
}

export async function startS3(folder: string, { conditional = true, page = 3 }: S3Options = {}): Promise<S3> {
	const metadata = new Map<string, string>();
	const answer = async (request: IncomingMessage, response: ServerResponse) => {
		const url = new URL(request.url ?? "/", "http://s3");
		const key = decodeURIComponent(url.pathname).slice(1);
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		if (request.method === "PUT") {
			await setTimeout(Math.random() * 40);
			if (conditional && request.headers["if-none-match"] === "*" && metadata.has(key)) return fail(response, 412);
			metadata.set(key, String(request.headers["x-amz-meta-put"]));
			put(join(folder, key), Buffer.concat(chunks));
			return response.setHeader("etag", '"0"').end();
		}
		if (url.searchParams.has("list-type")) return response.end(list([...metadata.keys()].sort(), key, url, page));
		if (request.method === "DELETE") {
			metadata.delete(key);
			rmSync(join(folder, key), { force: true });
			return response.writeHead(204).end();
		}
		if (!metadata.has(key)) return fail(response, 404);
		response.setHeader("x-amz-meta-put", metadata.get(key) ?? "");
		return response.end(request.method === "HEAD" ? undefined : readFileSync(join(folder, key)));
	};
	const server: Server = createServer((request, response) => void answer(request, response));
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return {
		port: (server.address() as AddressInfo).port,
		close: async () => {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}

function put(path: string, content: Buffer): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(`${path}.part`, content);
	renameSync(`${path}.part`, path);
}

const CODES: Readonly<Record<number, string>> = { 404: "NoSuchKey", 412: "PreconditionFailed" };

function fail(response: ServerResponse, status: number): ServerResponse {
	return response.writeHead(status).end(`<Error><Code>${CODES[status]}</Code></Error>`);
}

function list(keys: readonly string[], bucket: string, { searchParams }: URL, page: number): string {
	const prefix = `${bucket.replace(/\/$/, "")}/${searchParams.get("prefix")}`;
	const after = searchParams.get("continuation-token") ?? "";
	const found = keys.filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes("/") && key > after);
	const shown = found
		.slice(0, page)
		.map((key) => `<Contents><Key>${key.split("/").slice(1).join("/")}</Key></Contents>`);
	const more = found.length > page;
	const token = more ? `<NextContinuationToken>${found[page - 1]}</NextContinuationToken>` : "";
	return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${shown.join("")}</ListBucketResult>`;
}

/** Object files of a folder, without what a server keeps beside them. */
export function objects(folder: string): string[] {
	return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(parquet|json)$/.test(name));
}
