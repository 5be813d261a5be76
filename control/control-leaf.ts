import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderControlConf } from "../render/control";
import { UserError } from "../system/user-error";
import { sleep } from "../system/wait";
import { DEVICE_SERVER_FLOOR } from "../topology/server-floors";
import type { Connection } from "./connection";

/** A running `nats-server` on a loopback port of this machine, linked to the hub's leaf port as administrator. */
export interface ControlLeaf {
	readonly url: string;
	/** User of the hub's account ADMIN. */
	readonly hub: LocalUser;
	/** User of the hub's system account. */
	readonly system: LocalUser;
	/** What the server wrote so far, to tell why the hub does not answer. */
	log(): string;
	readonly exited: Promise<void>;
	stop(): Promise<void>;
}

interface LocalUser {
	readonly user: string;
	readonly pass: string;
}

const START_MS = 10_000;

/*
 * The server must not outlive its parent, not even one that is killed with -9: the shell's descriptor 3 is a pipe
 * whose other end only the parent holds. When it closes, the server is stopped and its folder, which holds
 * credentials, is removed. It keeps nothing, so it needs no time to end in order.
 */
const LIFELINE = `
exec 3<&0 </dev/null
nats-server -c "$1/control.conf" 3<&- >>"$1/control.log" 2>&1 & server=$!
( read -r _ <&3; kill -9 "$server" 2>/dev/null ) & watch=$!
wait "$server"
kill "$watch" 2>/dev/null
cat "$1/control.log"
rm -rf "$1"
`;

/** Starts a control leaf. @throws UserError when there is no nats-server to start */
export async function startControlLeaf(connection: Connection): Promise<ControlLeaf> {
	const folder = mkdtempSync(join(tmpdir(), "leafline-control-"));
	chmodSync(folder, 0o700);
	const user = (name: string): LocalUser => ({ user: name, pass: randomBytes(18).toString("base64url") });
	const hub = user("hub");
	const system = user("system");
	const write = (name: string, text: string) => {
		const path = join(folder, name);
		writeFileSync(path, text, { mode: 0o600 });
		return path;
	};
	const ca = connection.ca === "" ? undefined : write("ca.pem", connection.ca);
	const remotes = [
		{ account: "ADMIN", credentials: write("admin.creds", connection.adminCreds) },
		{ account: "SYSTEM", credentials: write("system.creds", connection.systemCreds) },
	];
	const conf = renderControlConf({
		port: -1,
		serverName: `control-${randomBytes(6).toString("hex")}`,
		users: [
			{ name: hub.user, password: hub.pass, account: "ADMIN" },
			{ name: system.user, password: system.pass, account: "SYSTEM" },
		],
		remotes: remotes.map((remote) => ({ ...remote, urls: connection.urls, ...(ca !== undefined && { ca }) })),
		portsFileDir: folder,
		logFile: join(folder, "control.log"),
	});
	write("control.conf", conf);

	// Detached: a Ctrl-C in the terminal is for the engine, which still needs the hub to end in good order.
	const child = spawn("sh", ["-c", LIFELINE, "leafline-control", folder], {
		stdio: ["pipe", "pipe", "ignore"],
		detached: true,
	});
	const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
	let log = "";
	child.stdout.setEncoding("utf8").once("data", (text: string) => {
		log = text;
	});
	const readLog = () => {
		try {
			log = readFileSync(join(folder, "control.log"), "utf8");
		} catch {
			// Not written yet, or removed already: what was read last stands.
		}
		return log;
	};
	const stop = async () => {
		readLog();
		child.stdin?.destroy();
		await exited;
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		const url = await listening(child, folder);
		return { url, hub, system, log: readLog, exited, stop };
	} catch (error) {
		await stop();
		if (log === "") throw error;
		if (/not found/.test(log)) {
			throw new UserError(
				`there is no \`nats-server\` on the PATH; it is needed to reach the hub: install ${DEVICE_SERVER_FLOOR} or later`,
			);
		}
		throw new UserError(`the control leaf did not start: ${lastLine(log)}`);
	}
}

async function listening(child: ChildProcess, folder: string): Promise<string> {
	const deadline = Date.now() + START_MS;
	while (Date.now() < deadline) {
		if (child.exitCode !== null) {
			throw new UserError("the control leaf did not start");
		}
		try {
			const file = readdirSync(folder).find((name) => name.endsWith(".ports"));
			const url = file && (JSON.parse(readFileSync(join(folder, file), "utf8")) as { nats?: string[] }).nats?.[0];
			if (url) return url;
		} catch {
			// Half written: look again.
		}
		await sleep(20);
	}
	throw new UserError(`the control leaf did not start within ${START_MS / 1000} s`);
}

function lastLine(log: string): string {
	return log.trim().split("\n").pop() ?? "";
}
