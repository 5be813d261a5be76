/**
 * The process `links`: one link a device, as `spec.json` in the current folder says. Reads it again on SIGHUP, without
 * touching the links that stay as they are. Listens on a Unix socket in the same folder:
 *
 *     GET /links             LinkState by device
 *     PUT /links/DEVICE      a LinkChange; answers with the LinkState
 *     GET /ready?spec=HASH   200 once the spec with this SHA-256 is in force
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import { CONTROL_SOCKET, LINK_MODES, type LinkChange, type LinkShape, type LinkState, SPEC_FILE } from "./model";
import { createSwitchboard } from "./switchboard";

const MODES_FILE = "modes.json";
const SHAPE_FIELDS: readonly string[] = [
	"upBytesPerSecond",
	"downBytesPerSecond",
	"rttMs",
] satisfies (keyof LinkShape)[];

async function main(): Promise<void> {
	const board = createSwitchboard(MODES_FILE);
	let inForce = "";
	const load = async () => {
		const text = fs.readFileSync(SPEC_FILE, "utf8");
		await board.apply(JSON.parse(text));
		inForce = createHash("sha256").update(text).digest("hex");
	};
	// One after the other: a second SIGHUP must not overtake the first.
	let loading = load();
	process.on("SIGHUP", () => {
		loading = loading.then(load).catch((error: unknown) => console.error(error));
	});
	await loading;

	const server = http.createServer(async (request, response) => {
		const url = new URL(request.url ?? "/", "http://links");
		const [, collection, device] = url.pathname.split("/");
		try {
			if (collection === "ready") {
				respond(response, url.searchParams.get("spec") === inForce ? 200 : 503, {});
			} else if (collection !== "links") {
				respond(response, 404, { error: `nothing at ${url.pathname}` });
			} else if (device === undefined) {
				respond(response, 200, board.states());
			} else if (request.method === "PUT") {
				respond(response, 200, board.set(decodeURIComponent(device), parseChange(await readBody(request))));
			} else {
				respond(response, 405, { error: "PUT a change" });
			}
		} catch (error) {
			respond(response, 400, { error: error instanceof Error ? error.message : String(error) });
		}
	});
	fs.rmSync(CONTROL_SOCKET, { force: true });
	process.umask(0o077);
	server.listen(CONTROL_SOCKET, () => console.log("links are open"));
}

function respond(
	response: http.ServerResponse,
	status: number,
	body: Record<string, LinkState> | LinkState | { error?: string },
): void {
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readBody(request: http.IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString("utf8");
}

function parseChange(text: string): LinkChange {
	const { mode, shape } = JSON.parse(text) as LinkChange;
	if (mode !== undefined && !LINK_MODES.includes(mode)) throw new Error(`mode must be one of ${LINK_MODES.join(", ")}`);
	for (const [name, value] of Object.entries(shape ?? {})) {
		if (!SHAPE_FIELDS.includes(name)) throw new Error(`a link has no ${name}; it has ${SHAPE_FIELDS.join(", ")}`);
		const least = name === "rttMs" ? 0 : 1;
		if (typeof value !== "number" || !(value >= least))
			throw new Error(`${name} must be a number of at least ${least}`);
	}
	return { ...(mode && { mode }), ...(shape && { shape }) };
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
