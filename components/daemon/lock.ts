import * as fs from "node:fs";
import * as path from "node:path";
import { isRunning, startTime, until } from "../../system/process";
import { DaemonError } from "./document";

const LOCK_FILE = "daemon.lock";
/** A start may wait for a server that reads its store. */
const WAIT_MS = 180_000;

/**
 * Runs `work` while nobody else starts or ends the daemon of a folder: an update and a restart at the same moment would
 * start it twice. Where there is no folder yet there is no daemon that anybody else could restart.
 * @throws DaemonError when the other one does not come to its end
 */
export async function withLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
	const file = path.join(dir, LOCK_FILE);
	if (!fs.existsSync(dir)) return work();
	if (!(await until(() => take(file), WAIT_MS))) {
		throw new DaemonError(`${file} is held by process ${holder(file)?.pid}, which does not come to its end`);
	}
	try {
		return await work();
	} finally {
		fs.rmSync(file, { force: true });
	}
}

/** In one step, with its holder in it: a draft that is linked, for a file that is made first and written then may be read between. */
function take(file: string): boolean {
	const own = `${file}.${process.pid}`;
	fs.writeFileSync(own, `${process.pid}\n${startTime(process.pid)}\n`, { mode: 0o600 });
	try {
		fs.linkSync(own, file);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		const held = holder(file);
		if (held && !isRunning(held)) fs.rmSync(file, { force: true });
		return false;
	} finally {
		fs.rmSync(own, { force: true });
	}
}

function holder(file: string): { readonly pid: number; readonly started: string } | undefined {
	try {
		const [pid, started = ""] = fs.readFileSync(file, "utf8").split("\n");
		return { pid: Number(pid), started };
	} catch {
		return undefined;
	}
}
