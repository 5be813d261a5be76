import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import ts from "typescript";

/** The daemon and links scripts, compiled into a folder of the test's own: they are run as separate processes. */
export function compileScripts(dir: string): { readonly daemon: string; readonly links: string } {
	for (const folder of ["components/daemon", "components/links", "system"]) {
		const source = path.join(__dirname, "../..", folder);
		fs.mkdirSync(path.join(dir, folder), { recursive: true });
		for (const file of fs.readdirSync(source)) {
			const { outputText } = ts.transpileModule(fs.readFileSync(path.join(source, file), "utf8"), {
				compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
			});
			fs.writeFileSync(path.join(dir, folder, file.replace(/\.ts$/, ".js")), outputText);
		}
	}
	return { daemon: path.join(dir, "components/daemon/daemon.js"), links: path.join(dir, "components/links/links.js") };
}

export function temporaryFolder(name: string): string {
	return fs.mkdtempSync(path.join(os.tmpdir(), `leafline-${name}-`));
}

export interface Result {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs a command to its end, that is until its streams are closed. Rejects after `timeoutMs`. */
export function run(
	command: readonly string[],
	options: {
		readonly stdin?: string;
		readonly env?: NodeJS.ProcessEnv;
		readonly cwd?: string;
		readonly timeoutMs?: number;
	},
): Promise<Result> {
	return new Promise((resolve, reject) => {
		const [program = "", ...args] = command;
		const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env });
		const timer = setTimeout(() => {
			child.kill("SIGKILL");
			reject(new Error(`${command.join(" ")} did not end`));
		}, options.timeoutMs ?? 30_000);
		let stdout = "";
		let stderr = "";
		child.stdout.on("data", (chunk) => {
			stdout += chunk;
		});
		child.stderr.on("data", (chunk) => {
			stderr += chunk;
		});
		child.once("error", reject);
		child.once("close", (code) => {
			clearTimeout(timer);
			resolve({ code, stdout, stderr });
		});
		child.stdin.on("error", () => {});
		child.stdin.end(options.stdin ?? "");
	});
}

/** Waits for a condition; fails when it does not come true in time. */
export async function eventually(
	condition: () => boolean | Promise<boolean>,
	what: string,
	timeoutMs = 10_000,
): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await condition())) {
		if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
