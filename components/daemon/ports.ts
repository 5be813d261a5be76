import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { isRunning } from "../../system/process";
import { type DaemonRecord, readRecords } from "./record";

export interface BusyPort {
	readonly port: number;
	/** For people: `nats-server (pid 4711)`, or `another process`. */
	readonly holder: string;
}

/** Those of the ports that are neither free on loopback nor held by a daemon under `root`. All of them, not the first. */
export async function busyPorts(root: string, ports: readonly number[]): Promise<BusyPort[]> {
	const own = new Set(
		Object.values(readRecords(root))
			.filter(isRunning)
			.flatMap((record) => record.ports),
	);
	const busy: BusyPort[] = [];
	for (const port of ports) {
		if (!own.has(port) && !(await isFree(port))) busy.push({ port, holder: portHolder(port) });
	}
	return busy;
}

/** Running daemons under `root` that hold one of the ports. */
export function daemonsOn(root: string, ports: readonly number[]): DaemonRecord[] {
	return Object.values(readRecords(root)).filter(
		(record) => record.ports.some((port) => ports.includes(port)) && isRunning(record),
	);
}

/** Whether a server could listen on the port, on loopback. */
export function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = net.createServer();
		server.once("error", () => resolve(false));
		server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
	});
}

/** Who listens on a port, for people. */
export function portHolder(port: number): string {
	const pid = fs.existsSync("/proc/net/tcp") ? holderFromProc(port) : holderFromLsof(port);
	if (pid === undefined) return "another process";
	return `${commandOf(pid) ?? "a process"} (pid ${pid})`;
}

function holderFromProc(port: number): number | undefined {
	const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
	if (inodes.size === 0) return undefined;
	for (const entry of fs.readdirSync("/proc")) {
		if (!/^\d+$/.test(entry)) continue;
		try {
			for (const fd of fs.readdirSync(`/proc/${entry}/fd`)) {
				const target = readLink(`/proc/${entry}/fd/${fd}`);
				if (target?.startsWith("socket:[") && inodes.has(target.slice(8, -1))) return Number(entry);
			}
		} catch {
			// Processes of other users do not show their files, and any process may end meanwhile.
		}
	}
	return undefined;
}

/** Inodes of the listening sockets on a port. Columns: number, local address, remote address, state, …, inode. */
function listeningInodes(table: string, port: number): string[] {
	let text: string;
	try {
		text = fs.readFileSync(table, "utf8");
	} catch {
		return [];
	}
	const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	return text
		.split("\n")
		.map((line) => line.trim().split(/\s+/))
		.filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === "0A")
		.flatMap((columns) => columns[9] ?? []);
}

function readLink(file: string): string | undefined {
	try {
		return fs.readlinkSync(file);
	} catch {
		return undefined;
	}
}

function holderFromLsof(port: number): number | undefined {
	const args = ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fp"];
	const found = /^p(\d+)/m.exec(spawnSync("lsof", args, { encoding: "utf8", timeout: 5_000 }).stdout ?? "");
	return found ? Number(found[1]) : undefined;
}

/** Program and, of an interpreter, its script. Not the other arguments: they may hold somebody's password. */
function commandOf(pid: number): string | undefined {
	try {
		const [program = "", first] = fs.existsSync("/proc/self/cmdline")
			? fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
			: [spawnSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8", timeout: 5_000 }).stdout.trim()];
		const name = path.basename(program);
		const script = /^(node|python[\d.]*|java|ruby|sh|bash)$/.test(name) && first && !first.startsWith("-") ? first : "";
		return [name, script && path.basename(script)].filter(Boolean).join(" ") || undefined;
	} catch {
		return undefined;
	}
}
