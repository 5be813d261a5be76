/**
 * The process `trimmer`: keeps room in the streams of the devices on this machine, as `spec.json` in the current folder
 * says, also while their links are cut. Reads it again on SIGHUP. On a Unix socket in the same folder:
 *
 *     GET /ready?spec=HASH   200 once the spec with this SHA-256 is in force
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import { connect, type NatsConnection } from "nats";
import { CONTROL_SOCKET, SPEC_FILE } from "../links/model";
import type { TrimSpec, TrimSpecDevice } from "./model";
import { trimStream } from "./trim";

/** A tenth of a buffer lasts for minutes at least, or the fleet file would have been refused. */
const EVERY_MS = 2_000;

const REQUEST_TIMEOUT_MS = 5_000;

let inForce = "";
let devices: Readonly<Record<string, TrimSpecDevice>> = {};
const connections = new Map<string, NatsConnection>();
const complaints = new Map<string, string>();

function load(): void {
	const text = fs.readFileSync(SPEC_FILE, "utf8");
	devices = (JSON.parse(text) as TrimSpec).devices;
	for (const [url, connection] of connections) {
		if (Object.values(devices).some((device) => device.url === url)) continue;
		connections.delete(url);
		void connection.close();
	}
	inForce = createHash("sha256").update(text).digest("hex");
}

async function trimDevice(name: string, { url, streams }: TrimSpecDevice): Promise<void> {
	try {
		const connection =
			connections.get(url) ?? (await connect({ servers: url, maxReconnectAttempts: -1, name: "trimmer" }));
		connections.set(url, connection);
		for (const stream of streams) {
			const { purged } = await trimStream(async (request, body) => {
				const payload = body === undefined ? "" : JSON.stringify(body);
				return (await connection.request(`$JS.API.${request}`, payload, { timeout: REQUEST_TIMEOUT_MS })).json();
			}, stream);
			if (purged > 0)
				console.log(`${new Date().toISOString()} ${stream}: ${purged} messages that the hub has made room`);
		}
		complaints.delete(name);
	} catch (error) {
		// A device that is being restarted, or has no streams yet, is no news every two seconds.
		const complaint = error instanceof Error ? error.message : String(error);
		if (complaints.get(name) !== complaint) console.error(`${new Date().toISOString()} ${name}: ${complaint}`);
		complaints.set(name, complaint);
	}
}

async function keepTrimming(): Promise<never> {
	for (;;) {
		await Promise.all(Object.entries(devices).map(([name, device]) => trimDevice(name, device)));
		await new Promise((done) => setTimeout(done, EVERY_MS));
	}
}

load();
process.on("SIGHUP", () => {
	try {
		load();
	} catch (error) {
		console.error(error);
	}
});
fs.rmSync(CONTROL_SOCKET, { force: true });
process.umask(0o077);
http
	.createServer((request, response) => {
		const url = new URL(request.url ?? "/", "http://trimmer");
		response.writeHead(url.pathname === "/ready" && url.searchParams.get("spec") === inForce ? 200 : 503).end();
	})
	.listen(CONTROL_SOCKET);
void keepTrimming();
