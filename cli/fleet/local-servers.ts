import * as fs from "node:fs";
import * as path from "node:path";
import { hubDir, LOCAL_ROOT, leafDir } from "../../components/daemon/layout";
import { type DaemonRecord, LOG_FILE, missingFiles, readRecord } from "../../components/daemon/record";
import { foreign } from "../../config/printable";
import type { LeaflineOutput } from "../../contract/outputs";
import { linkTrouble } from "../../control/explain";
import { askMonitor, healthz } from "../../jetstream/monitoring";
import { isRunning } from "../../system/process";
import { deviceServerTrouble } from "../../topology/server-floors";
import { projectDir } from "../project";
import type { Cause } from "./seen";

/** Servers of a local stack, seen from outside: processes, files, logs, and what their monitoring says. */

const HEALTH_MS = 1_000;
/** Of the newest lines, and of a log that is read in whole: it is rotated at a start alone. */
const LOG_BYTES = 64 << 10;
const WHOLE_LOG = 16 << 20;
/** Characters of a line of the gate, which may name two paths. */
const GATE_LINE = 1_000;

function root(outputs: LeaflineOutput): string {
	return path.resolve(projectDir(), outputs.local?.root ?? LOCAL_ROOT);
}

export interface LocalCause extends Cause {
	/** Only its log says so: it holds as long as there is no link. */
	readonly link?: true;
}

/** What is wrong with the server of a local device; undefined if nothing can be seen. */
export function localCause(outputs: LeaflineOutput, device: string): LocalCause | undefined {
	if (outputs.local?.links[device] === undefined) return undefined;
	const dir = leafDir(root(outputs), device);
	const record = readRecord(dir);
	if (!record) return { text: "no server of it is on record: .leafline was changed by hand? npm run up starts one" };
	const said = gateWord(record);
	if (said !== undefined) return shutCause(said, isRunning(record));
	const gone = missingFiles(record);
	if (!isRunning(record)) return { text: `its nats-server does not run${lastWord(record)}: npm run up starts it` };
	if (gone.length > 0) {
		const verb = gone.length > 1 ? "are" : "is";
		return { text: `${gone.join(", ")} ${verb} gone from its folder, without which it cannot connect: npm run up` };
	}
	const log = logOf(record, WHOLE_LOG);
	const old = deviceServerTrouble(/^.*\[INF\] +Version: .*$/m.exec(log)?.[0] ?? "");
	if (old !== undefined) return { text: `its ${old}`, link: true };
	const trouble = linkTrouble(log);
	const file = path.relative(process.cwd(), path.join(dir, LOG_FILE));
	return { text: `its nats-server runs but has no link to the hub: ${trouble ?? `see ${file}`}`, link: true };
}

/** How the gate ends a line when it looks again and again by itself. */
const WAITS = /; waits for it$/;

/** @param said by the gate; @param runs whether it is still at work */
function shutCause(said: string, runs: boolean): Cause {
	const code = "port-shut";
	const text = `its client port stays shut: ${said}`;
	if (runs && WAITS.test(said)) return { code, text };
	if (runs) return { code, text: `its client port is shut while its streams are made safe: ${said}`, mends: true };
	return { code, text: `${text.replace(WAITS, "")}. When that is mended, npm run up starts its server` };
}

/** What the gate before a device's server said last; undefined once the server was started behind it. */
function gateWord({ dir }: DaemonRecord): string | undefined {
	const last = newestLines(dir, LOG_BYTES).filter((line) => line !== "");
	const said = /^leafline: (.*)$/.exec(last.at(-1) ?? "")?.[1];
	return said === undefined ? undefined : foreign(said, GATE_LINE);
}

/**
 * Why a device cannot write, or its JetStream does not run; undefined if it is well, or nobody can tell. Its log first:
 * one failed write ends all writing to that stream until the server is restarted, so a line of this process holds.
 */
export async function localHealth(outputs: LeaflineOutput, device: string): Promise<string | undefined> {
	const record = readRecord(leafDir(root(outputs), device));
	if (!record || !isRunning(record)) return undefined;
	const failed = WRITE_FAILED.exec(logOf(record, WHOLE_LOG))?.[1];
	if (failed !== undefined) return foreign(failed);
	const url = monitoring(record);
	const error = url === undefined ? undefined : (await health(url)).error;
	return error === undefined || MISTAKEN.test(error) ? undefined : error;
}

const WRITE_FAILED = /\[ERR\] (.*Critical write error: .*)$/m;

/**
 * The check looks for the streams of the account that a folder of the store is named after. The account of a device
 * whose store was there before accounts were, `$G/`, keeps it in the folder of `$G`, which has no streams.
 */
const MISTAKEN = /^JetStream stream '\$G > \S+' could not be recovered$/;

/** Why a node of a hub on this machine does not answer. */
export function nodeCause(outputs: LeaflineOutput, name: string): string {
	const record = readRecord(hubDir(root(outputs), name));
	if (record && isRunning(record)) return "runs but does not answer; see its log";
	return `does not run${record ? lastWord(record) : ""}: npm run up starts it`;
}

export interface Health {
	readonly answers: boolean;
	readonly error?: string;
}

/** @param url of a server's monitoring */
export async function health(url: string): Promise<Health> {
	try {
		const { ok, answer } = await askMonitor(url, "healthz", healthz, HEALTH_MS);
		return ok ? { answers: true } : { answers: true, error: answer.error ?? answer.status };
	} catch {
		return { answers: false };
	}
}

/** A server chooses the port of its monitoring itself, and writes it down. */
function monitoring({ dir, pid }: DaemonRecord): string | undefined {
	try {
		const text = fs.readFileSync(path.join(dir, `nats-server_${pid}.ports`), "utf8");
		return (JSON.parse(text) as { monitoring?: string[] }).monitoring?.[0];
	} catch {
		return undefined;
	}
}

/** The end of what this process wrote, none of an earlier one. */
function logOf({ dir, pid }: DaemonRecord, bytes = LOG_BYTES): string {
	const own = (line: string) => line.startsWith(`[${pid}]`) || line.startsWith("nats-server:");
	return newestLines(dir, bytes).filter(own).join("\n");
}

/** None where there is no log. */
function newestLines(dir: string, bytes: number): string[] {
	try {
		const file = fs.openSync(path.join(dir, LOG_FILE), "r");
		try {
			const { size } = fs.fstatSync(file);
			const buffer = Buffer.alloc(Math.min(size, bytes));
			fs.readSync(file, buffer, 0, buffer.length, size - buffer.length);
			return buffer.toString("utf8").split("\n");
		} finally {
			fs.closeSync(file);
		}
	} catch {
		return [];
	}
}

/** What a server said when it ended by itself. */
function lastWord(record: DaemonRecord): string {
	const fatal = /(?:\[FTL\]|^nats-server:) (.*)$/m.exec(logOf(record))?.[1];
	return fatal ? ` (it ended with: ${foreign(fatal)})` : "";
}
