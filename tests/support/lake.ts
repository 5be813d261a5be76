import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { madeOnce, runToMake } from "./made-once";

/** `examples/lake`, compiled, with what its own lock file says beside it. */
export interface LakeProgram {
	start(args: readonly string[], env?: NodeJS.ProcessEnv): LakeRun;
	/** A module of the program, for what processes cannot show. */
	module<Module>(name: string): Promise<Module>;
	/** One of its libraries. */
	library<Module>(name: string): Promise<Module>;
	/** Asks DuckDB. */
	query(sql: string): Promise<Record<string, unknown>[]>;
	/** Ends what was started and runs still. */
	killAll(): Promise<void>;
	close(): void;
}

export interface LakeRun {
	readonly log: () => string;
	readonly ended: Promise<number | null>;
	/** Resolves when it has ended. */
	kill(signal?: NodeJS.Signals): Promise<number | null>;
}

const SOURCE = resolve("examples/lake");

export function lakeProgram(): LakeProgram {
	const installed = installLake();
	const folder = mkdtempSync(join(tmpdir(), "leafline-lake-"));
	for (const name of ["package.json", "tsconfig.json"]) copyFileSync(join(SOURCE, name), join(folder, name));
	symlinkSync(join(installed, "node_modules"), join(folder, "node_modules"));
	symlinkSync(join(SOURCE, "src"), join(folder, "src"));
	const tsc = [join(installed, "node_modules/typescript/bin/tsc"), "-p", folder, "--preserveSymlinks"];
	runToMake(process.execPath, tsc, folder);
	const running: LakeRun[] = [];
	return {
		start: (args, env = process.env) => {
			const run = startLake(join(folder, "dist/main.js"), args, env);
			running.push(run);
			return run;
		},
		module: (name) => import(join(folder, "dist", `${name}.js`)),
		library: async (name) => import(pathToFileURL(createRequire(join(installed, "package.json")).resolve(name)).href),
		query: (sql) => ask(join(installed, "package.json"), sql),
		killAll: async () => {
			await Promise.all(running.splice(0).map((each) => each.kill()));
		},
		close: () => {
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

function startLake(main: string, args: readonly string[], env: NodeJS.ProcessEnv): LakeRun {
	const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
	let log = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (text) => {
			log += text;
		});
	}
	const ended = new Promise<number | null>((done) => child.once("exit", done));
	return {
		log: () => log,
		ended,
		kill: (signal = "SIGKILL") => {
			child.kill(signal);
			return ended;
		},
	};
}

interface DuckDb {
	readonly DuckDBInstance: {
		create(): Promise<{
			connect(): Promise<{
				runAndReadAll(sql: string): Promise<{ getRowObjectsJson(): Record<string, unknown>[] }>;
				closeSync(): void;
			}>;
		}>;
	};
}

async function ask(beside: string, sql: string): Promise<Record<string, unknown>[]> {
	const { DuckDBInstance } = createRequire(beside)("@duckdb/node-api") as DuckDb;
	const connection = await (await DuckDBInstance.create()).connect();
	try {
		return (await connection.runAndReadAll(sql)).getRowObjectsJson();
	} finally {
		connection.closeSync();
	}
}

/** Once for each lock file, into the cache of the user. */
function installLake(): string {
	const hash = createHash("sha256")
		.update(readFileSync(join(SOURCE, "package-lock.json")))
		.digest("hex")
		.slice(0, 16);
	return madeOnce("lake", `${hash}-${process.platform}-${process.arch}`, (work) => {
		for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(SOURCE, name), join(work, name));
		runToMake("npm", ["ci", "--no-audit", "--no-fund", "--loglevel", "error"], work);
	});
}
