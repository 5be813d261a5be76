import { createHash } from "node:crypto";
import * as path from "node:path";

/** What `daemon start` reads from stdin. It may hold keys, so it never travels as an argument. */
export interface DaemonDocument {
	/** Folder of the daemon, from the current folder. Its files, its log and its record live there. */
	readonly dir: string;
	/** What people call it, for example `hub` or `edge1`. */
	readonly name: string;
	/** Program, looked up on PATH. Either this or `script`. */
	readonly program?: string;
	/** One of leafline's own scripts, from the folder `components`, run by the Node that runs the command. */
	readonly script?: string;
	/** Never secret: every user of the machine can read them. The program runs in `dir`. @default none */
	readonly args?: readonly string[];
	/** Runs in its folder before each start; when it fails, the program is not started. @default nothing */
	readonly before?: Step;
	/** Runs in its folder when the program has ended because it was told to. @default nothing */
	readonly after?: Step;
	/** All that the program finds in its environment, besides PATH. @default none */
	readonly env?: Readonly<Record<string, string>>;
	/** Files by path within `dir`. Files of an earlier start that are not named any more are removed. */
	readonly files: Readonly<Record<string, DaemonFile>>;
	/** Ports on loopback that it listens on. A busy one is refused before anything is stopped or started. */
	readonly ports: readonly number[];
	/** Paths of files that a running daemon takes over on SIGHUP; a change of any other restarts it. @default none */
	readonly reload?: readonly string[];
	/** When the daemon counts as started. */
	readonly ready: Readiness;
	/** Milliseconds that it may take to become ready. @default 60 s */
	readonly readyTimeoutMs?: number;
	/** Another value restarts it, for example the version of the program. @default none */
	readonly version?: string;
	/** How it is asked to end when it is to be started anew; a daemon that is stopped for good gets SIGTERM. @default SIGTERM */
	readonly leave?: Leave;
}

/** A script of leafline's own, from the folder `components`, with its arguments. */
export interface Step {
	readonly script: string;
	readonly args: readonly string[];
}

/** A gentler end than SIGTERM, for which others are needed that take over. */
export interface Leave {
	readonly signal: "SIGUSR2";
	/** Milliseconds until SIGTERM. */
	readonly withinMs: number;
}

export interface DaemonFile {
	readonly content: string;
	/** @default 0o600 */
	readonly mode?: number;
}

export type Readiness =
	/** A port on 127.0.0.1 that accepts connections. */
	| { readonly tcp: number }
	/** A URL that answers 200. */
	| { readonly http: string }
	/** A path on an HTTP server that listens on a Unix socket in `dir`, and answers 200. */
	| { readonly socket: string; readonly path: string }
	/**
	 * A nats-server of a cluster, by the URLs of its own and the others' monitoring: everything on it is current. As
	 * long as too few of the others run for a majority, which it might be waiting for, it is enough that it runs.
	 */
	| { readonly monitor: string; readonly others: readonly string[] };

/** A mistake of the user or of the machine: shown as it is, without a stack trace. */
export class DaemonError extends Error {}

/** Reads what came on stdin. Throws a DaemonError that never repeats the text, for it holds keys. */
export function parseDocument(text: string): DaemonDocument {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new DaemonError("the document on stdin is not JSON");
	}
	const document = value as DaemonDocument;
	if (typeof document?.dir !== "string" || typeof document.name !== "string" || !document.files || !document.ready) {
		throw new DaemonError("the document on stdin needs dir, name, files and ready");
	}
	if ((document.program === undefined) === (document.script === undefined)) {
		throw new DaemonError(`daemon ${document.name}: give either program or script`);
	}
	for (const file of Object.keys(document.files)) {
		const relative = path.relative(".", file);
		if (path.isAbsolute(file) || relative.startsWith("..") || relative === "") {
			throw new DaemonError(`daemon ${document.name}: the file ${file} lies outside of its folder`);
		}
	}
	return { ...document, ports: document.ports ?? [] };
}

/** Hash of everything that a running daemon takes over only by a restart. */
export function restartHash(document: DaemonDocument): string {
	const reload = document.reload ?? [];
	const files = Object.entries(document.files)
		.filter(([file]) => !reload.includes(file))
		.sort(([a], [b]) => (a < b ? -1 : 1));
	const { program, script, args, before, after, env, version } = document;
	// A daemon that reloads opens and closes ports by itself, any other one only at its start.
	const ports = reload.length > 0 ? [] : document.ports;
	const parts = [program, script, args, before, after, Object.entries(env ?? {}).sort(), version, ports, files];
	return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
