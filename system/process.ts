import { spawnSync } from "node:child_process";
import * as fs from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
	readonly pid: number;
	/** When it was started, as the system tells it: ticks since boot on Linux, else a date. */
	readonly started: string;
}

const HAS_PROC = fs.existsSync("/proc/self/stat");

/** Start time of a process, or undefined when there is none with this number (a zombie is none). */
export function startTime(pid: number): string | undefined {
	try {
		if (!HAS_PROC) return startTimeFromPs(pid);
		const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
		// The second field is the program's name in brackets, and may hold spaces and brackets itself.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
	} catch {
		return undefined;
	}
}

/** For systems without /proc. A date in the language and time zone of nobody's environment, as the launcher writes it. */
export function startTimeFromPs(pid: number): string | undefined {
	const result = spawnSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
		encoding: "utf8",
		env: { PATH: process.env.PATH },
	});
	const [state = "Z", ...date] = result.stdout.trim().split(/\s+/);
	return state.startsWith("Z") || date.length === 0 ? undefined : date.join(" ");
}

export function isRunning(process: ProcessId): boolean {
	return startTime(process.pid) === process.started;
}

/**
 * Ends a daemon and what it started (it leads a session of its own): SIGTERM, and SIGKILL after `graceMs`. Does nothing
 * when it is gone or its number belongs to another process by now. Tells whether it ended by itself when it was told to.
 */
export async function terminate(process: ProcessId, graceMs = 10_000): Promise<boolean> {
	if (!isRunning(process)) return false;
	signalGroup(process, "SIGTERM");
	if (await until(() => !isRunning(process), graceMs)) return true;
	signalGroup(process, "SIGKILL");
	if (!(await until(() => !isRunning(process), 10_000))) throw new Error(`process ${process.pid} does not end`);
	return false;
}

function signalGroup(target: ProcessId, signal: NodeJS.Signals): void {
	try {
		process.kill(-target.pid, signal);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

/** Waits for a condition; false when it did not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
	const deadline = Date.now() + timeoutMs;
	for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
		if (await condition()) return true;
		if (Date.now() >= deadline) return false;
		await new Promise((resolve) => setTimeout(resolve, pause));
	}
}
