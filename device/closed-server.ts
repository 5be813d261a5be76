import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { connect } from "nats";
import { localApi, request } from "../jetstream/api";
import { readStored } from "../jetstream/read-answer";
import { DEVICE_BOUNDS } from "../jetstream/read-json";
import { messageOf } from "../system/message";
import { isRunning, startTime, until } from "../system/process";
import { EDGE_ACCOUNT } from "../topology/names";
import type { Ask } from "./ask";
import { ownFile } from "./own-file";
import { DeviceError, type DeviceSpec } from "./spec";

/** A store of many gigabytes whose index was lost is read from end to end before the server answers. */
const START_MS = 10 * 60_000;
const END_MS = 60_000;
/** What its folder in the temporary folder is called, with some letters behind. */
const FOLDER = "leafline-gate-";
/** Some thousand messages take a second; a server whose disk is full never answers. */
const STORED_MS = 30_000;

/**
 * Runs `work` against the device's server while nobody else can reach it, and ends the server again; first of all one
 * that an earlier gate has left behind, for two servers at one store ruin it.
 * @param conf text of its configuration, without port and authorization
 * @param cwd folder that the paths in it are relative to
 * @param record file that names the server's process
 * @throws DeviceError when the server does not start or does not end
 */
export async function behindClosedDoors<T>(
	conf: string,
	cwd: string,
	record: string,
	work: (ask: Ask) => Promise<T>,
): Promise<T> {
	await endEarlier(record);
	const folder = fs.mkdtempSync(path.join(tmpdir(), FOLDER));
	const user = { user: "gate", pass: randomBytes(24).toString("base64url") };
	const file = path.join(folder, "gate.conf");
	const users = `[{ user: "${user.user}", password: "${user.pass}" }]`;
	const account = `accounts: { "${EDGE_ACCOUNT}": { jetstream: enabled, users: ${users} } }`;
	const own = `${account}\nports_file_dir: ${JSON.stringify(folder)}\n`;
	fs.writeFileSync(file, conf + own, { mode: 0o600 });
	const server = spawn("nats-server", ["-c", file], { cwd, stdio: ["ignore", "pipe", "pipe"] });
	let log = "";
	for (const stream of [server.stdout, server.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			log = (log + text).slice(-4_000);
		});
	}
	let failure: Error | undefined;
	server.once("error", (error) => {
		failure = error;
	});
	const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
	const running = () => failure === undefined && server.exitCode === null && server.signalCode === null;
	let forced = false;
	const end = async () => {
		if (running()) server.kill("SIGTERM");
		const timer = setTimeout(() => {
			forced = server.kill("SIGKILL");
		}, END_MS);
		await ended;
		clearTimeout(timer);
	};
	try {
		// Within reach of the end: a disk that takes no record must not leave a server behind, which would hold this program.
		if (server.pid !== undefined) fs.writeFileSync(record, `${server.pid}\n${startTime(server.pid)}\n${folder}\n`);
		const url = await listening(folder, running);
		if (!url) throw new DeviceError(`the server does not start: ${failure?.message ?? lastLine(log)}`);
		const result = await withConnection(url, user, work);
		await end();
		// What such a server has purged may be there again, and nothing that follows may rely on it.
		if (forced) throw new DeviceError(`the server does not end within ${END_MS / 1000} s`);
		return result;
	} catch (error) {
		if (error instanceof DeviceError) throw error;
		const why = messageOf(error);
		throw new DeviceError(`the server does not do what it must before its start (${why}); it says: ${lastLine(log)}`);
	} finally {
		await end();
		fs.rmSync(folder, { recursive: true, force: true });
		fs.rmSync(record, { force: true });
	}
}

/** The same for whatever is to be done with a device's store. @param dir folder of its spec */
export function closedStore(dir: string, spec: Pick<DeviceSpec, "gateConf" | "storeDir">) {
	const conf = fs.readFileSync(path.resolve(dir, spec.gateConf), "utf8");
	const record = ownFile(path.resolve(dir, spec.storeDir), "closed-server");
	return <T>(work: (ask: Ask) => Promise<T>): Promise<T> => behindClosedDoors(conf, dir, record, work);
}

/** A gate that is killed leaves its server and its folder behind. */
async function endEarlier(record: string): Promise<void> {
	if (!fs.existsSync(record)) return;
	const [pid, started = "", folder = ""] = fs.readFileSync(record, "utf8").split("\n");
	// The path comes from a file on the store: nothing but such a folder is removed.
	if (path.basename(folder).startsWith(FOLDER)) fs.rmSync(folder, { recursive: true, force: true });
	const earlier = { pid: Number(pid), started };
	if (!isRunning(earlier)) return;
	process.kill(earlier.pid, "SIGKILL");
	if (await until(() => !isRunning(earlier), END_MS)) return;
	throw new DeviceError(`the server of an earlier gate, process ${earlier.pid}, does not end`);
}

async function withConnection<T>(
	url: string,
	user: { readonly user: string; readonly pass: string },
	work: (ask: Ask) => Promise<T>,
): Promise<T> {
	const connection = await connect({ servers: url, ...user, name: "leafline gate", reconnect: false });
	try {
		return await work({
			api: localApi(connection, "the server"),
			publish: (subject) => connection.publish(subject),
			store: async (subject) => {
				const asked = { who: "the server", call: subject, bounds: DEVICE_BOUNDS };
				return readStored(await request(connection, subject, undefined, STORED_MS, asked), asked).seq;
			},
		});
	} finally {
		await connection.close();
	}
}

/** The client URL, once the server is ready; undefined when it ended before. */
async function listening(folder: string, running: () => boolean): Promise<string | undefined> {
	const deadline = Date.now() + START_MS;
	while (running() && Date.now() < deadline) {
		try {
			const file = fs.readdirSync(folder).find((name) => name.endsWith(".ports"));
			const text = file && fs.readFileSync(path.join(folder, file), "utf8");
			const url = text && (JSON.parse(text) as { nats?: string[] }).nats?.[0];
			if (url) return url;
		} catch {
			// Half written: look again.
		}
		await new Promise((done) => setTimeout(done, 20));
	}
	return undefined;
}

/** Its last complaint; without one its last line, which a server that cannot read its configuration ends with. */
function lastLine(log: string): string {
	const lines = log.trim().split("\n").reverse();
	return lines.find((line) => /\[(ERR|FTL)\]/.test(line)) || lines[0] || "nothing";
}
