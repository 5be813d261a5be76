import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { isRunning, terminate, until } from "../../system/process";
import { type DaemonDocument, DaemonError } from "./document";
import { isReady } from "./ready";
import { type DaemonRecord, LOG_FILE, RECORD_FILE, type RecordFacts, readRecord } from "./record";

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

/** Starts a daemon and waits until it is ready. @throws DaemonError for one that ends or never gets ready */
export async function launchReady(
	dir: string,
	command: readonly string[],
	facts: RecordFacts,
	{ env, ready, readyTimeoutMs }: Pick<DaemonDocument, "env" | "ready" | "readyTimeoutMs">,
): Promise<void> {
	const logStart = rotateLog(dir);
	const record = await launch(dir, command, facts, env);
	const document = { name: facts.name, ready, ...(readyTimeoutMs && { readyTimeoutMs }) };
	try {
		await awaitReady(record, document, logStart);
	} catch (error) {
		await terminate(record);
		throw error;
	}
}

/** Absolute, with the step before it. @throws DaemonError when there is no such program */
export function resolveCommand(document: DaemonDocument): string[] {
	const { before } = document;
	if (before === undefined) return programCommand(document);
	const first = scriptCommand(before.script, []);
	return ["/bin/sh", "-c", FIRST, "sh", ...first, before.args.join(" "), ...programCommand(document)];
}

export function scriptCommand(script: string, args: readonly string[]): string[] {
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
	dir: string,
	command: readonly string[],
	facts: RecordFacts,
	env: DaemonDocument["env"],
): Promise<DaemonRecord> {
	const log = fs.openSync(path.join(dir, LOG_FILE), "a", 0o600);
	// A session of its own and no stream of ours: the command that starts it can end, and a Ctrl-C does not reach it.
	// No environment of ours either: it holds the passphrase of the stack.
	const child = spawn("/bin/sh", ["-c", LAUNCHER, "sh", RECORD_FILE, JSON.stringify(facts), ...command], {
		cwd: dir,
		detached: true,
		env: { PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin", ...env },
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
		throw new DaemonError(`${facts.name} cannot start: ${failure?.message ?? "its launcher ended"}`);
	}
	return record;
}

/** @throws DaemonError for a daemon that ends or does not get ready in time */
export async function awaitReady(
	record: DaemonRecord,
	document: Pick<DaemonDocument, "name" | "ready" | "readyTimeoutMs">,
	logStart: number,
): Promise<void> {
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
