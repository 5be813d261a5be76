import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach } from "vitest";

export const root = path.resolve(__dirname, "../..");

/** The toolchain is plain CommonJS, loaded by Node itself as it is for users. */
export const load = createRequire(__filename);

const folders: string[] = [];
const processes: ChildProcess[] = [];

afterEach(() => {
	for (const child of processes.splice(0)) child.kill("SIGKILL");
	for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A folder that is removed after the test. */
export function temporary(name = "leafline-toolchain-"): string {
	const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), name));
	folders.push(folder);
	return folder;
}

export function write(file: string, text: string, mode = 0o644): string {
	fs.mkdirSync(path.dirname(file), { recursive: true });
	fs.writeFileSync(file, text, { mode });
	return file;
}

/** A shell script that can be run by its name. */
export function script(file: string, body: string): string {
	return write(file, `#!/bin/sh\n${body}\n`, 0o755);
}

/** An environment in which only the basic commands of the system can be found. */
export function bareEnvironment(home: string, folders: readonly string[] = []): NodeJS.ProcessEnv {
	return { PATH: [...folders, "/usr/bin", "/bin"].join(":"), HOME: home, XDG_CACHE_HOME: path.join(home, "cache") };
}

export interface Finished {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
	/** Both streams, as a person would see them. */
	readonly text: string;
}

export interface Started {
	readonly child: ChildProcess;
	readonly finished: Promise<Finished>;
	/** What it has printed so far. */
	output(): string;
}

/** Starts a command; it is killed after the test. */
export function start(
	program: string,
	args: readonly string[],
	options: { cwd: string; env: NodeJS.ProcessEnv },
): Started {
	const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
	processes.push(child);
	let stdout = "";
	let stderr = "";
	let text = "";
	child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
		stdout += chunk;
		text += chunk;
	});
	child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
		stderr += chunk;
		text += chunk;
	});
	const finished = new Promise<Finished>((resolve) => {
		child.on("close", (code) => resolve({ code, stdout, stderr, text }));
	});
	return { child, finished, output: () => text };
}

/** Waits for a condition; fails when it does not come true in time. */
export async function eventually(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!condition()) {
		if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
