import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { foreign } from "../config/printable";
import { COLLECT_EVERY_MS, KEEP_V8_FLAGS } from "../topology/program-memory";
import { LOOK_EVERY_MS } from "../topology/reserve";
import { HubWatch } from "./hub-watch";
import { KeptDevice as Keeper } from "./kept-device";
import { KEEP_SOCKET, KEEP_SPEC_FILE, type KeepSpec } from "./spec";
import { Watchdog } from "./watchdog";

/**
 * Runs beside the servers: writes their sequences down ahead of use, makes room of what the hub has, and the
 * streams in memory that a server lost. Reads its spec
 * anew on SIGHUP. If it dies the data path goes on, and a start after a power cut still has the margin of a block. On a
 * Unix socket in its folder:
 *
 *     GET /ready?spec=HASH   200 once the spec with this SHA-256 is in force
 */
export function keep(dir: string): void {
	takeLittleMemory();
	let inForce = "";
	let keepers = new Map<string, Keeper>();
	let hubs = new Map<string, HubWatch>();
	const load = () => {
		const text = fs.readFileSync(path.join(dir, KEEP_SPEC_FILE), "utf8");
		const { devices, hubs: watched = {} } = JSON.parse(text) as KeepSpec;
		const next = new Map<string, Keeper>();
		for (const [name, device] of Object.entries(devices)) {
			const known = keepers.get(name);
			next.set(name, known?.isFor(device) ? known : new Keeper(dir, device, say));
		}
		for (const [name, keeper] of keepers) {
			if (next.get(name) !== keeper) void keeper.close();
		}
		keepers = next;
		const nextHubs = Object.entries(watched).map(([name, hub]): [string, HubWatch] => {
			const known = hubs.get(name);
			return [name, known?.isFor(hub) ? known : new HubWatch(dir, name, hub, say)];
		});
		hubs = new Map(nextHubs);
		inForce = createHash("sha256").update(text).digest("hex");
	};
	load();
	process.on("SIGHUP", () => {
		try {
			load();
		} catch (error) {
			console.error(error);
		}
	});
	answerOn(path.join(dir, KEEP_SOCKET), (spec) => spec === inForce);
	const watchdog = new Watchdog(process.env, say);
	void forever(async () => {
		await Promise.all([...keepers.values(), ...hubs.values()].map((each) => each.look()));
		watchdog.wentRound();
	});
}

function takeLittleMemory(): void {
	for (const flag of KEEP_V8_FLAGS) setFlagsFromString(flag);
	// A context that is made now has what the flags have brought.
	setInterval(runInNewContext("gc") as () => void, COLLECT_EVERY_MS);
}

const LONGEST_LINE = 2_000;

function say(line: string): void {
	// One line in the journal, whatever a server or another program has put into it.
	console.log(`${new Date().toISOString()} ${foreign(line, LONGEST_LINE)}`);
}

async function forever(work: () => Promise<void>): Promise<never> {
	for (;;) {
		const began = Date.now();
		await work();
		await new Promise((done) => setTimeout(done, Math.max(0, began + LOOK_EVERY_MS - Date.now())));
	}
}

function answerOn(socket: string, isInForce: (spec: string | null) => boolean): void {
	fs.rmSync(socket, { force: true });
	process.umask(0o077);
	http
		.createServer((request, response) => {
			const url = new URL(request.url ?? "/", "http://device");
			response.writeHead(url.pathname === "/ready" && isInForce(url.searchParams.get("spec")) ? 200 : 503).end();
		})
		.listen(socket);
}
