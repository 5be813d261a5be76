import { spawn } from "node:child_process";
import * as path from "node:path";
import type { RestartCommand } from "./spec";

/**
 * Ends a server in order and starts it again, by a script of whoever runs it.
 * @param dir folder of the server
 * @throws Error with what the script said
 */
export function runRestart(dir: string, { script, args }: RestartCommand): Promise<void> {
	const command = [path.resolve(dir, script), ...args];
	const child = spawn(process.execPath, command, { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
	let log = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		log = (log + text).slice(-2_000);
	});
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(log.trim()))));
	});
}
