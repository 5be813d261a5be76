import { spawn } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Interrupted } from "./errors";
import { remedy } from "./outputs";

/** How the engine ended, and what it said. */
export interface EngineRun {
	readonly good: boolean;
	/** What it said of why not, without its progress; empty where all is well. */
	readonly why: string;
}

const INTERRUPTIONS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const LOOK_EVERY_MS = 100;

/**
 * Runs an update of a stack with the engine on PATH, as a person would who says yes. Interrupted, it has the engine end
 * what it is at, and waits for that; a second time, the engine stops at once. Killed, it leaves an engine that goes on to
 * its end: one that died in the middle would leave its lock.
 * @param root folder of the project
 * @param targets URNs, with `**` for any part; the update then leaves everything else alone. @default everything
 * @throws Interrupted when it was, and the engine has ended
 */
export function runUpdate(root: string, stack: string, targets: readonly string[] = []): Promise<EngineRun> {
	const only = targets.flatMap((target) => ["--target", target]);
	const plain = ["--non-interactive", "--color", "never", "--suppress-outputs"];
	const args = ["up", "--yes", "--skip-preview", ...plain, "--stack", stack, ...only];
	return new Promise((resolve, reject) => {
		// What it writes into a pipe that nobody reads any more would end it.
		const output = nameless();
		// In a group of its own, or a terminal's ^C would reach it twice: by itself, and handed on.
		const child = spawn("pulumi", args, { cwd: root, stdio: ["ignore", output, output], detached: true });
		let interrupted: NodeJS.Timeout | undefined;
		const handOn = () => {
			if (interrupted === undefined) interrupted = onceItSpeaks(output, () => child.kill("SIGINT"));
			else child.kill("SIGINT");
		};
		for (const signal of INTERRUPTIONS) process.on(signal, handOn);
		const end = (code: number | null, failed?: string) => {
			for (const signal of INTERRUPTIONS) process.off(signal, handOn);
			clearInterval(interrupted);
			const said = contentOf(output);
			closeSync(output);
			if (interrupted) reject(new Interrupted("interrupted, with the update stopped where it was: run the same again"));
			else resolve(code === 0 ? { good: true, why: "" } : { good: false, why: failed ?? reason(said) });
		};
		child.on("error", () => end(null, "pulumi is not on PATH; npm start sets it up"));
		child.on("exit", (code) => end(code));
	});
}

/** Before its first line the engine would die of an interruption at once, and may have its lock already. */
function onceItSpeaks(output: number, act: () => void): NodeJS.Timeout {
	let spoken = false;
	const timer = setInterval(() => {
		if (spoken) {
			clearInterval(timer);
			act();
		}
		spoken = fstatSync(output).size > 0;
	}, LOOK_EVERY_MS);
	return timer;
}

/** A file that is gone when the last one closes it. */
function nameless(): number {
	const dir = mkdtempSync(join(tmpdir(), "leafline-"));
	try {
		return openSync(join(dir, "output"), "w+", 0o600);
	} finally {
		rmSync(dir, { recursive: true });
	}
}

function contentOf(file: number): string {
	const content = Buffer.alloc(fstatSync(file).size);
	return content.subarray(0, readSync(file, content, 0, content.length, 0)).toString();
}

/** Whatever comes behind the last heading that the engine gives to what went wrong. */
function reason(said: string): string {
	const lines = said.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("@ "));
	const start = lines.findLastIndex((line) => /^(Diagnostics:|error:|Policy Violations:)/.test(line));
	const end = lines.findIndex((line, index) => index > start && /^(Outputs|Resources):/.test(line));
	const part = lines.slice(start < 0 ? -20 : start, end < 0 ? undefined : end).join("\n");
	return remedy(part) ?? part;
}
