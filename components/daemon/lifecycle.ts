import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { isRunning, terminate, until } from "../../system/process";
import { type DaemonDocument, DaemonError, restartHash } from "./document";
import { removeStale, replaceFile, writeFiles } from "./files";
import { awaitReady, launchReady, resolveCommand, scriptCommand } from "./launch";
import { withLock } from "./lock";
import { daemonsOn, isFree, portHolder } from "./ports";
import {
	type DaemonRecord,
	generation,
	LOG_FILE,
	RECORD_FILE,
	type RecordFacts,
	readRecord,
	readRecords,
} from "./record";

/**
 * Makes the daemon run as the document says, and waits until it is ready: started, restarted, reloaded, or left alone
 * when it runs like this already. Throws a DaemonError for a busy port and for a daemon that ends or never gets ready.
 */
export async function start(document: DaemonDocument, wanted: number): Promise<void> {
	const dir = path.resolve(document.dir);
	await withLock(dir, () => startIn(dir, document, wanted));
}

async function startIn(dir: string, document: DaemonDocument, wanted: number): Promise<void> {
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
		keep(before, document, { ...facts, ...(before.again && { again: before.again }) });
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
	await launchReady(dir, command, { ...facts, ...howAgain(command, document) }, document);
}

/** Not one with an environment: what stands there may be secret, and a record holds nothing that is. */
function howAgain(
	command: readonly string[],
	{ env, ready, readyTimeoutMs }: DaemonDocument,
): Pick<RecordFacts, "again"> {
	return env === undefined ? { again: { command, ready, ...(readyTimeoutMs && { readyTimeoutMs }) } } : {};
}

/**
 * Ends a running daemon in order and starts it again as it was, with the files that are there. One that does not run
 * stays as it is: whoever ended it knows why.
 * @throws DaemonError
 */
export async function again(target: string): Promise<void> {
	const dir = path.resolve(target);
	await withLock(dir, async () => {
		const record = readRecord(dir);
		if (!record || !isRunning(record)) throw new DaemonError(`no daemon of ${dir} runs`);
		const { pid, started, dir: _, ...facts } = record;
		if (!facts.again)
			throw new DaemonError(`${facts.name} was started by another leafline, or with an environment: npm run up`);
		await terminateInOrder(record);
		await awaitFree(facts, facts.ports, 5_000);
		await launchReady(dir, facts.again.command, facts, facts.again);
	});
}

/** Ends a daemon. Does nothing when it does not run. `remove` takes its folder and all data in it away as well. */
export async function stop(dir: string, options: { readonly remove?: boolean } = {}): Promise<void> {
	const record = await withLock(dir, async () => {
		const found = readRecord(dir);
		if (found) await terminateInOrder(found);
		return found;
	});
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

async function awaitFree(
	document: Pick<DaemonDocument, "name">,
	ports: readonly number[],
	timeoutMs: number,
): Promise<void> {
	const busy: string[] = [];
	for (const port of ports) {
		if (!(await until(() => isFree(port), timeoutMs))) busy.push(`port ${port} is held by ${portHolder(port)}`);
	}
	if (busy.length > 0) throw new DaemonError(`${document.name} cannot start: ${busy.join("; ")}`);
}
