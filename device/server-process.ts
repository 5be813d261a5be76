import * as fs from "node:fs";
import * as path from "node:path";
import { isRunning, type ProcessId, startTime } from "../system/process";

/** The device's server as the machine sees it. */
export interface ServerProcess extends ProcessId {
	/** URL of its monitoring. */
	readonly monitor: string;
}

interface Ports {
	readonly nats?: readonly string[];
	readonly monitoring?: readonly string[];
}

/**
 * The server that listens on a client URL, by the file in which it writes down its ports (`ports_file_dir`), whose name
 * holds its process. One that was killed leaves its file behind.
 * @param folder where it writes it
 * @returns undefined when none runs, or it has no monitoring
 */
export function findServer(folder: string, url: string): ServerProcess | undefined {
	for (const name of filesOf(folder)) {
		const pid = Number(/_(\d+)\.ports$/.exec(name)?.[1]);
		const started = Number.isInteger(pid) ? startTime(pid) : undefined;
		if (started === undefined) continue;
		const { nats = [], monitoring = [] } = portsIn(path.join(folder, name));
		const [monitor] = monitoring;
		if (monitor !== undefined && nats.some((each) => sameUrl(each, url))) return { pid, started, monitor };
	}
	return undefined;
}

/** The process that the first two lines of a file name, its number and its start time; undefined without such a file. */
export function processIn(file: string): ProcessId | undefined {
	try {
		const [pid, started] = fs.readFileSync(file, "utf8").split("\n");
		return Number(pid) > 0 && started ? { pid: Number(pid), started } : undefined;
	} catch {
		return undefined;
	}
}

/** Has it end in order. @throws Error when this process may not */
export function askToEnd(server: ServerProcess): void {
	if (isRunning(server)) process.kill(server.pid, "SIGTERM");
}

/** Takes a server away that does not end in order. What it has written is the kernel's, and stays. @throws as `askToEnd` */
export function takeAway(server: ServerProcess): void {
	if (isRunning(server)) process.kill(server.pid, "SIGKILL");
}

function sameUrl(a: string, b: string): boolean {
	return new URL(a).host === new URL(b).host;
}

function filesOf(folder: string): string[] {
	try {
		return fs.readdirSync(folder);
	} catch {
		return [];
	}
}

function portsIn(file: string): Ports {
	try {
		return JSON.parse(fs.readFileSync(file, "utf8")) as Ports;
	} catch {
		// Half written: with the next look.
		return {};
	}
}
