import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { isRunning, terminate, until } from "../../system/process";
import { type DaemonDocument, DaemonError, restartHash } from "./document";
import { removeStale, replaceFile, writeFiles } from "./files";
import { daemonsOn, isFree, portHolder } from "./ports";
import { isReady } from "./ready";
import {
	type DaemonRecord,
	generation,
	LOG_FILE,
	RECORD_FILE,
	type RecordFacts,
	readRecord,
	readRecords,
} from "./record";

const LOG_LIMIT = 1024 * 1024;

/** Records itself, then becomes the daemon; in shell, because Node cannot replace itself by another program. */
const LAUNCHER = `umask 077
if [ -r /proc/self/stat ]; then started=$(sed 's/.*) //' "/proc/$$/stat" | cut -d' ' -f20)
else started=$(echo $(ps -o lstart= -p $$)); fi
printf '%s\\n%s\\n%s\\n' "$$" "$started" "$2" >"$1.$$" && mv "$1.$$" "$1" || exit 1
shift 2
exec "$@"`;

/** A step that must succeed, then the program, in one process: its number is on record already. */
const FIRST = `"$1" "$2" $3 || exit 1
shift 3
exec "$@"`;

/**
 * Makes the daemon run as the document says, and waits until it is ready: started, restarted, reloaded, or left alone
 * when it runs like this already. Throws a DaemonError for a busy port and for a daemon that ends or never gets ready.
 */
export async function start(document: DaemonDocument, wanted: number): Promise<void> {
	const dir = path.resolve(document.dir);
	const before = readRecord(dir);
	const facts: RecordFacts = {
		name: document.name,
		generation: wanted,
		hash: restartHash(document),
		ports: document.ports,
		files: Object.keys(document.files),
		...(document.after && { after: scriptCommand(document.after.script, document.after.args) }),
	};
	if (before && isRunning(before) && before.hash === facts.hash) {
		await claimPorts(document, dir, before.ports);
		keep(before, document, facts);
		await awaitReady(before, document, 0);
		return;
	}
	await claimPorts(document, dir, before && isRunning(before) ? before.ports : []);
	const command = resolveCommand(document);
	if (before) await end(before, document);
	// A process that was killed counts as ended some milliseconds before the system has closed all it had open.
	await awaitFree(document, document.ports, 5_000);
	fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
	removeStale(dir, before?.files ?? [], document.files);
	writeFiles(dir, document.files);
	const logStart = rotateLog(dir);
	const record = await launch(document, dir, command, facts);
	try {
		await awaitReady(record, document, logStart);
	} catch (error) {
		await terminate(record);
		throw error;
	}
}

/** Ends a daemon. Does nothing when it does not run. `remove` takes its folder and all data in it away as well. */
export async function stop(dir: string, options: { readonly remove?: boolean } = {}): Promise<void> {
	const record = readRecord(dir);
	if (record) await terminateInOrder(record);
	// Only a folder that a daemon was started in: a wrong path must not cost anybody's files.
	if (options.remove && record) fs.rmSync(dir, { recursive: true, force: true });
}

/** Ends every daemon in the folders of `root`, also those that a crash left behind. */
export async function stopAll(root: string, options: { readonly remove?: boolean } = {}): Promise<void> {
	await Promise.all(Object.values(readRecords(root)).map((record) => stop(record.dir, options)));
}

/** Generations of all daemons in the folders of `root`, by the name of the folder. */
export function generations(root: string): Record<string, number> {
	return Object.fromEntries(Object.values(readRecords(root)).map(({ dir }) => [path.basename(dir), generation(dir)]));
}

/** Ends a daemon that is started anew right afterwards. */
async function end(running: DaemonRecord, { leave }: DaemonDocument): Promise<void> {
	if (leave && isRunning(running)) {
		process.kill(running.pid, leave.signal);
		await until(() => !isRunning(running), leave.withinMs);
	}
	await terminateInOrder(running);
}

/** Ends a daemon and does what is to be done afterwards; not after one that had ended before, or had to be killed. */
async function terminateInOrder(running: DaemonRecord): Promise<void> {
	if (!(await terminate(running))) return;
	const [program, ...args] = running.after ?? [];
	if (program === undefined) return;
	const env = { PATH: process.env.PATH ?? "" };
	const { status, stderr, error } = spawnSync(program, args, { cwd: running.dir, env, encoding: "utf8" });
	// The next start finds out what this means.
	if (status !== 0) fs.appendFileSync(path.join(running.dir, LOG_FILE), `${error?.message ?? stderr}\n`);
}

/** Gives a running daemon its new files, and a SIGHUP where it must read them. */
function keep(running: DaemonRecord, document: DaemonDocument, facts: RecordFacts): void {
	removeStale(running.dir, running.files, document.files);
	const changed = writeFiles(running.dir, document.files);
	const record = `${running.pid}\n${running.started}\n${JSON.stringify(facts)}\n`;
	replaceFile(path.join(running.dir, RECORD_FILE), record);
	if (changed.some((file) => document.reload?.includes(file))) process.kill(running.pid, "SIGHUP");
}

/**
 * Makes sure that the daemon can have its ports. One that a sibling holds is a port that moved to this daemon in this
 * very update (ports are unique in a stack): the sibling is about to be moved or deleted, so it is stopped.
 */
async function claimPorts(document: DaemonDocument, dir: string, held: readonly number[]): Promise<void> {
	const wanted = document.ports.filter((port) => !held.includes(port));
	for (const sibling of daemonsOn(path.dirname(dir), wanted)) {
		if (sibling.dir !== dir) await terminate(sibling);
	}
	await awaitFree(document, wanted, 500);
}

async function awaitFree(document: DaemonDocument, ports: readonly number[], timeoutMs: number): Promise<void> {
	const busy: string[] = [];
	for (const port of ports) {
		if (!(await until(() => isFree(port), timeoutMs))) busy.push(`port ${port} is held by ${portHolder(port)}`);
	}
	if (busy.length > 0) throw new DaemonError(`${document.name} cannot start: ${busy.join("; ")}`);
}

function resolveCommand(document: DaemonDocument): string[] {
	const { before } = document;
	if (before === undefined) return programCommand(document);
	const first = scriptCommand(before.script, []);
	return ["/bin/sh", "-c", FIRST, "sh", ...first, before.args.join(" "), ...programCommand(document)];
}

function scriptCommand(script: string, args: readonly string[]): string[] {
	return [process.execPath, path.resolve(__dirname, "..", script), ...args];
}

function programCommand(document: DaemonDocument): string[] {
	const args = document.args ?? [];
	if (document.script !== undefined) return scriptCommand(document.script, args);
	const program = document.program ?? "";
	const folders = program.includes("/") ? [""] : (process.env.PATH ?? "").split(path.delimiter);
	for (const folder of folders) {
		const candidate = path.resolve(folder, program);
		try {
			fs.accessSync(candidate, fs.constants.X_OK);
			if (fs.statSync(candidate).isFile()) return [candidate, ...args];
		} catch {
			// Not here.
		}
	}
	throw new DaemonError(`${document.name} cannot start: there is no program ${program} on PATH`);
}

async function launch(
	document: DaemonDocument,
	dir: string,
	command: readonly string[],
	facts: RecordFacts,
): Promise<DaemonRecord> {
	const log = fs.openSync(path.join(dir, LOG_FILE), "a", 0o600);
	// A session of its own and no stream of ours: the command that starts it can end, and a Ctrl-C does not reach it.
	// No environment of ours either: it holds the passphrase of the stack.
	const child = spawn("/bin/sh", ["-c", LAUNCHER, "sh", RECORD_FILE, JSON.stringify(facts), ...command], {
		cwd: dir,
		detached: true,
		env: { PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin", ...document.env },
		stdio: ["ignore", log, log],
	});
	fs.closeSync(log);
	let failure: Error | undefined;
	child.once("error", (error) => {
		failure = error;
	});
	child.unref();
	let record: DaemonRecord | undefined;
	await until(() => {
		record = readRecord(dir);
		return failure !== undefined || record?.pid === child.pid || child.exitCode !== null;
	}, 10_000);
	if (failure || record === undefined || record.pid !== child.pid) {
		throw new DaemonError(`${document.name} cannot start: ${failure?.message ?? "its launcher ended"}`);
	}
	return record;
}

async function awaitReady(record: DaemonRecord, document: DaemonDocument, logStart: number): Promise<void> {
	const timeoutMs = document.readyTimeoutMs ?? 60_000;
	let ended = false;
	const ready = await until(async () => {
		ended = !isRunning(record);
		return ended || (await isReady(record.dir, document.ready));
	}, timeoutMs);
	if (ready && !ended) return;
	const what = ended ? "ended right after its start" : `was not ready after ${Math.round(timeoutMs / 1000)} s`;
	throw new DaemonError(`${document.name} ${what}; the end of its log:\n${logTail(record.dir, logStart)}`);
}

/** Bounds the log over many starts, and gives the offset at which this start's lines begin. */
function rotateLog(dir: string): number {
	const file = path.join(dir, LOG_FILE);
	const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
	if (size <= LOG_LIMIT) return size;
	fs.renameSync(file, `${file}.1`);
	return 0;
}

function logTail(dir: string, from: number): string {
	const text = fs.readFileSync(path.join(dir, LOG_FILE)).subarray(from).toString("utf8").trimEnd();
	return text === "" ? "(nothing)" : text.split("\n").slice(-12).join("\n");
}
